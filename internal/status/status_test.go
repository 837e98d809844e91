// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/status/fields"
	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/workspace"
)

var (
	t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	t1 = t0.Add(time.Hour)
)

func served() Input {
	key := workspace.Key{Namespace: "default", Name: "phi-4"}
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	return Input{
		Key:          key,
		Workspace:    &workspace.Workspace{Key: key, Inference: &workspace.Inference{}},
		Commit:       "c1",
		Source:       "workspaces/phi.yaml",
		Inputs:       "d1",
		Model:        "microsoft/phi-4",
		Revision:     "187ef0342fff0eb3333be9f00389385e95ef0b61",
		InstanceType: sku.Name,
		Nodes:        1,
		Objects:      []string{"Service/phi-4", "StatefulSet/phi-4"},
		Pool:         &capacity.Pool{Name: "wphi", SKU: sku, Count: 1, HourlyCost: capacity.Cost{USD: 3.673, Known: true}},
		Pools:        []capacity.LivePool{{Name: "wphi", State: capacity.Succeeded, Count: 1}},
		LiveNodes: []cluster.Node{
			{Name: "aks-wphi-0", Pool: "wphi", Ready: true, GPUs: 1},
			{Name: "other", Pool: "x", Ready: true, GPUs: 1},
		},
		Workload: &cluster.Workload{Current: true, Replicas: 1, Ready: 1, Endpoints: 1, Inputs: "d1"},
	}
}

func tuned() Input {
	in := served()
	in.Workspace = &workspace.Workspace{Key: in.Key, Tuning: &workspace.Tuning{}}
	in.Workload = &cluster.Workload{
		Current: true,
		Active:  1,
		Inputs:  "d1",
		Pods:    []cluster.Pod{{Name: "p", Phase: "Running"}},
	}
	return in
}

func TestObserve(t *testing.T) {
	change := func(base func() Input, f func(*Input)) Input { in := base(); f(&in); return in }
	quota := &capacity.CloudError{
		Class:   capacity.ClassQuota,
		Code:    "ErrCode_InsufficientVCPUQuota",
		Message: "remaining 0",
	}
	for _, tt := range []struct {
		name      string
		previous  State
		in        Input
		state     State
		condition string // type=status/reason that must be there
		message   string
	}{
		{
			name:     "secret missing",
			previous: Pending,
			in: change(tuned, func(in *Input) {
				in.Workload.Pods, in.Missing = nil, []string{"Secret default/push is missing"}
			}),
			state:     Pending,
			condition: "JobStarted=False/ReferenceMissing",
			message:   "the job has not started; Secret default/push is missing",
		},
		{
			name:     "secret missing, pod fails",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Workload.Ready, in.Missing = 0, []string{"Secret default/pull is missing"}
				in.Workload.Pods = []cluster.Pod{{Name: "p", Reason: "ImagePullError", Message: "denied"}}
			}),
			state:     Pending,
			condition: "InferenceReady=False/ImagePullError",
			message:   "pod p: denied; Secret default/pull is missing",
		},
		{
			name:     "secret missing, but served",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Missing = []string{"Secret default/pull is missing"}
			}),
			state:     Ready,
			condition: "InferenceReady=True/WorkspaceInferenceStatusSuccess",
			message:   "1 of 1 replicas are ready; Secret default/pull is missing",
		},
		{
			name:      "ready",
			previous:  Pending,
			in:        served(),
			state:     Ready,
			condition: "InferenceReady=True/WorkspaceInferenceStatusSuccess",
			message:   "1 of 1",
		},
		{
			name:      "pool ready",
			previous:  Pending,
			in:        served(),
			state:     Ready,
			condition: "ResourceReady=True/PoolReady",
			message:   "pool wphi: 1 of 1 nodes",
		},
		{
			name: "no pool yet",
			in: change(served, func(in *Input) {
				in.Pools, in.LiveNodes, in.Workload = nil, nil, nil
			}),
			state:     Pending,
			condition: "ResourceReady=False/PoolPending",
		},
		{
			name:      "node without its GPUs",
			previous:  Pending,
			in:        change(served, func(in *Input) { in.LiveNodes[0].GPUs = 0 }),
			state:     Pending,
			condition: "ResourceReady=False/PoolNotReady",
			message:   "0 of 1",
		},
		{
			name:      "pods not ready",
			previous:  Pending,
			in:        change(served, func(in *Input) { in.Workload.Ready = 0 }),
			state:     Pending,
			condition: "InferenceReady=False/WorkspaceInferenceStatusPending",
			message:   "0 of 1 replicas",
		},
		{
			name:      "no longer ready",
			previous:  Ready,
			in:        change(served, func(in *Input) { in.Workload.Ready = 0 }),
			state:     NotReady,
			condition: "WorkspaceSucceeded=False/workspacePending",
		},
		{
			name:      "no endpoint",
			previous:  Pending,
			in:        change(served, func(in *Input) { in.Workload.Endpoints = 0 }),
			state:     Pending,
			condition: "InferenceReady=False/WorkspaceInferenceStatusPending",
		},
		{
			name:     "image",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Workload.Ready = 0
				in.Workload.Pods = []cluster.Pod{{Name: "phi-4-0", Reason: "ImagePullError", Message: "not found"}}
			}),
			state:     Pending,
			condition: "InferenceReady=False/ImagePullError",
			message:   "pod phi-4-0: not found",
		},
		{
			name:     "quota",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Pools, in.LiveNodes, in.PoolErr = nil, nil, quota
			}),
			state:     Pending,
			condition: "ResourceReady=False/PoolQuota",
			message:   "remaining 0",
		},
		{
			name:     "held",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Pools, in.LiveNodes, in.PoolHeld = nil, nil, "too much"
			}),
			state:     Pending,
			condition: "ResourceReady=False/PoolHeld",
			message:   "too much",
		},
		{
			name:     "pool failed",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.LiveNodes = nil
				in.Pools[0].State, in.Pools[0].ErrorCode, in.Pools[0].Error = capacity.Failed, "AllocationFailed", "none left"
			}),
			state:     Pending,
			condition: "ResourceReady=False/PoolFailed",
			message:   "AllocationFailed: none left",
		},
		{
			name:     "refused by the server",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.Workload, in.ApplyErrs = nil, []error{errors.New("no such namespace")}
			}),
			state:     Pending,
			condition: "InferenceReady=False/ApplyFailed",
			message:   "no such namespace",
		},
		{
			name:     "suspended",
			previous: Ready,
			in: change(served, func(in *Input) {
				in.Workspace.Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
				in.Pool.Count, in.Workload.Replicas, in.Workload.Ready = 0, 0, 0
			}),
			state:     NotReady,
			condition: "ResourceReady=False/Suspended",
			message:   "scaled to zero",
		},
		{
			name:      "note",
			previous:  Pending,
			in:        change(served, func(in *Input) { in.Notes = []string{"Azure retired it"} }),
			state:     Ready,
			condition: "ResourceReady=True/PoolReady",
			message:   "Azure retired it",
		},
		{
			name: "invalid",
			in: change(served, func(in *Input) {
				in.Workload, in.Pools = nil, nil
				in.Problems = []diag.Diagnostic{{
					Reason:   diag.WrongType,
					Position: diag.Position{Path: "a.yaml", Line: 3, Column: 5},
					Field:    "f",
					Message:  "wrong",
					Hint:     "correct it",
					Severity: diag.Error,
				}}
			}),
			state:     Failed,
			condition: "WorkspaceSucceeded=False/WrongType",
			message:   "a.yaml:3:5: error: f: wrong (correct it)",
		},
		{
			name:      "its file is unreadable",
			previous:  Ready,
			in:        change(served, func(in *Input) { in.Workspace = nil }),
			state:     Failed,
			condition: "WorkspaceSucceeded=False/UnreadableFile",
			message:   "its live objects stay as they are",
		},
		{
			name:     "existing",
			previous: Pending,
			in: change(served, func(in *Input) {
				in.NodeSource, in.Pool, in.Pools = ExistingNodes{}, nil, nil
			}),
			state:     Ready,
			condition: "ResourceReady=True/NodesReady",
		},
		{
			name:      "tuning runs",
			previous:  Pending,
			in:        tuned(),
			state:     Running,
			condition: "JobStarted=True/WorkspaceTuningJobStatusStarted",
		},
		{
			name:      "tuning whose pod has ended before its job",
			previous:  Running,
			in:        change(tuned, func(in *Input) { in.Workload.Pods[0].Phase = "Succeeded" }),
			state:     Running,
			condition: "JobStarted=True/WorkspaceTuningJobStatusStarted",
		},
		{
			name:      "tuning waits",
			in:        change(tuned, func(in *Input) { in.Workload.Pods = nil }),
			state:     Pending,
			condition: "JobStarted=False/WorkspaceTuningJobStatusPending",
		},
		{
			name:      "tuning failed",
			previous:  Running,
			in:        change(tuned, func(in *Input) { in.Workload.Failed = true }),
			state:     Failed,
			condition: "WorkspaceSucceeded=False/workspaceFailed",
		},
		{
			name:     "tuning is over",
			previous: Running,
			in: change(tuned, func(in *Input) {
				in.Workload.Complete, in.Finished, in.Pool.Count, in.LiveNodes = true, true, 0, nil
			}),
			state:     Succeeded,
			condition: "ResourceReady=True/PoolReleased",
			message:   "scaled to zero",
		},
		{
			name:     "a job of older inputs",
			previous: Succeeded,
			in: change(tuned, func(in *Input) {
				in.Workload.Complete, in.Workload.Inputs = true, "d0"
			}),
			state:     Pending,
			condition: "JobStarted=False/WorkspaceTuningJobStatusPending",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Observe(&Report{State: tt.previous}, tt.in, t0)
			if r.State != tt.state {
				t.Errorf("state %s, want %s", r.State, tt.state)
			}
			found := false
			for _, c := range r.Conditions {
				if c.Type+"="+c.Status+"/"+c.Reason == tt.condition {
					found = strings.Contains(c.Message, tt.message)
				}
			}
			if !found {
				t.Errorf("no condition %s with %q among %+v", tt.condition, tt.message, r.Conditions)
			}
		})
	}
}

func TestTransitionsAndCommitsStay(t *testing.T) {
	first := Observe(nil, served(), t0)
	in := served()
	in.Commit = "c2"
	second := Observe(&first, in, t1)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same input again (-first +second):\n%s", diff)
	}
	in.Inputs, in.Workload.Ready = "d2", 0
	third := Observe(&first, in, t1)
	if third.ObservedCommit != "c2" {
		t.Errorf("observed commit %s for new inputs", third.ObservedCommit)
	}
	for _, c := range third.Conditions {
		want := t1
		if c.Type == ResourceReady {
			want = t0
		}
		if !c.LastTransitionTime.Equal(want) {
			t.Errorf("%s changed at %s, want %s", c.Type, c.LastTransitionTime, want)
		}
	}
}

func summary() Summary {
	failed := Observe(nil, Input{
		Key:       workspace.Key{Namespace: "default", Name: "bad"},
		Workspace: &workspace.Workspace{},
		Commit:    "c1",
		Source:    "workspaces/bad.yaml",
		Problems: []diag.Diagnostic{
			{
				Reason:   diag.UnknownField,
				Position: diag.Position{Path: "workspaces/bad.yaml", Line: 3, Column: 1},
				Field:    "infernce",
				Message:  "unknown field \"infernce\"",
				Hint:     "did you mean \"inference\"?",
				Severity: diag.Error,
			},
		},
	}, t0)
	return Summary{
		PricesDate: "2026-06-18",
		Cluster:    "demo",
		Links:      weblink.Of("https://github.com/team/models", ""),
		Reports:    []*Report{&failed, new(Observe(nil, chosen(), t0))},
		Pools: []Pool{{
			Name:         "wphi",
			State:        "Succeeded",
			Nodes:        1,
			InstanceType: "Standard_NC24ads_A100_v4",
			Workspace:    "default/phi-4",
		}},
		Problems: []diag.Diagnostic{
			{
				Position: diag.Position{Path: "a|b`<script>.yaml", Line: 1, Column: 1},
				Message:  "a\n# heading [x](http://user:pw@host/?sig=abc)",
				Severity: diag.Error,
			},
		},
		Warnings: []string{"syncer deletes nothing"},
	}
}

// chosen is a served Workspace of a commit on a forge, whose size syncer has chosen.
func chosen() Input {
	in := served()
	in.Commit, in.Runtime, in.Why = "9be0d11aabbccddeeff00112233445566778899a", "vllm", "the cheapest size that fits"
	return in
}

func TestFiles(t *testing.T) {
	files := Files(summary())
	if diff := cmp.Diff(files, Files(summary())); diff != "" {
		t.Errorf("the same values again (-first +second):\n%s", diff)
	}
	for name, data := range files {
		path := "testdata/" + strings.ReplaceAll(name, "/", "_")
		golden.Equal(t, path, data)
		if strings.HasSuffix(name, ".yaml") {
			var v any
			if err := yaml.Unmarshal(data, &v); err != nil {
				t.Errorf("%s is not YAML: %v", name, err)
			}
		}
	}
	readme := string(files["README.md"])
	for _, bad := range []string{"user:pw", "sig=abc", "\n# heading"} {
		if strings.Contains(readme, bad) {
			t.Errorf("README holds %q:\n%s", bad, readme)
		}
	}
}

func TestParseReadsWhatYAMLWrites(t *testing.T) {
	reports := summary().Reports
	if diff := cmp.Diff(reports, FromFiles(Files(summary()), t1)); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	for _, hostile := range []string{
		"a: b", "'", "\"", "\t", "- x", "#", "{", "\u2028", "null", "yes", "1e3", "multi\nline\n", " lead", "\x00",
	} {
		r := reports[1]
		r.Source, r.Conditions = hostile, []Condition{
			{Type: ResourceReady, Status: "True", Reason: "x", Message: hostile, LastTransitionTime: t0},
		}
		got, err := Parse(r.YAML())
		if err != nil || got.Conditions[0].Message != message(hostile) || got.Source != word(hostile) {
			t.Errorf("%q: %v %+v", hostile, err, got.Conditions)
		}
	}
	others := map[string][]byte{
		"default/x.yaml": []byte("kind: Other"),
		"default/y.txt":  []byte("x"),
		"README.md":      nil,
	}
	if got := FromFiles(others, t1); len(got) != 0 {
		t.Errorf("read %+v from other files", got)
	}
}

func report(name string, s State) *Report {
	return &Report{Key: workspace.Key{Namespace: "default", Name: name}, State: s}
}

func many(n int, s State) []*Report {
	var out []*Report
	for i := range n {
		out = append(out, report(fmt.Sprintf("phi-%05d", i), s))
	}
	return out
}

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"https://user:pw@host/x", "https://[redacted]@host/x"},
		{"https://h/x?sv=1&sig=abc%3D&se=2", "https://h/x?sv=1&sig=[redacted]&se=2"},
		{"Authorization: Bearer abcdefghijkl", "Authorization: Bearer [redacted]"},
		{"token hf_abcdefghijklmnopqrstuv used", "token [redacted] used"},
		{"nothing to hide: 1 of 1 nodes", "nothing to hide: 1 of 1 nodes"},
		{"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "[redacted]"},
	} {
		if diff := cmp.Diff(tt.want, Redact(tt.in)); diff != "" {
			t.Errorf("Redact(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
	if got := Redact(strings.Repeat("x", 10_000)); len(got) > maxText+10 {
		t.Errorf("%d bytes are left", len(got))
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := Table(&b, summary().Reports, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if !strings.HasPrefix(lines[0], "NAMESPACE") || !strings.Contains(lines[2], "phi-4") ||
		!strings.HasSuffix(strings.TrimSpace(lines[2]), "Ready") {
		t.Errorf("table:\n%s", b.String())
	}
}

// TestOutput keeps what a tuning has pushed: while it runs again, and when its pod is gone; not for another image.
func TestOutput(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	inputs := strings.Repeat("0b", 32)
	image := cluster.Image{Name: "example.azurecr.io/a:1", Digest: digest}
	tuned := func(name string) Input {
		return Input{
			Key: workspace.Key{Namespace: "default", Name: "t"}, Inputs: inputs,
			Workspace: &workspace.Workspace{Tuning: &workspace.Tuning{Output: &workspace.DataDestination{Image: name}}},
		}
	}
	in := tuned(image.Name)
	in.Workload = &cluster.Workload{
		Ref: cluster.Ref{Kind: "Job"}, Complete: true, Inputs: inputs, Pods: []cluster.Pod{{Pushed: image}},
	}
	first := Observe(nil, in, time.Time{})
	want := &Output{Image: image.Name, Digest: digest, Inputs: "sha256:" + inputs}
	if d := cmp.Diff(want, first.Output); d != "" {
		t.Fatal(d)
	}
	read, err := Parse(first.YAML())
	if d := cmp.Diff(want, read.Output); d != "" || err != nil {
		t.Errorf("read back: %s%v", d, err)
	}
	if i, of := read.Pushed(); i != image || of != inputs {
		t.Errorf("%v of %s", i, of)
	}
	again := tuned(image.Name)
	again.Inputs = strings.Repeat("0c", 32)
	if d := cmp.Diff(want, Observe(&read, again, time.Time{}).Output); d != "" {
		t.Errorf("while it runs again: %s", d)
	}
	if o := Observe(&read, tuned("example.azurecr.io/b:1"), time.Time{}).Output; o != nil {
		t.Errorf("of another image: %v", o)
	}
	for _, o := range []Output{
		{Image: image.Name, Digest: "latest", Inputs: want.Inputs},
		{Image: image.Name, Digest: digest, Inputs: inputs},
		{Image: "a\x1b[0m", Digest: digest, Inputs: want.Inputs},
		{Image: strings.Repeat("a", 1000), Digest: digest, Inputs: want.Inputs},
	} {
		forged := first
		forged.Output = &o
		if got, err := Parse(fields.Encode(forged.fields())); err != nil || got.Output != nil {
			t.Errorf("%+v is read back: %v", got.Output, err)
		}
	}
}

// TestServerThatGoesAway: an apply that does not reach every object is not carried out, also if the commit is the same
// and the objects have only drifted.
func TestServerThatGoesAway(t *testing.T) {
	before := Observe(nil, served(), t0)
	in := served()
	in.Incomplete = true
	after := Observe(&before, in, t1)
	if text := after.NotApplied(); !strings.Contains(text, "went away") || after.DesiredCommit != "" {
		t.Errorf("not applied: %q, desired commit %q", text, after.DesiredCommit)
	}
	in.Commit, in.Inputs = "c2", "d2"
	after = Observe(&before, in, t1)
	if text := after.NotApplied(); !strings.Contains(text, "commit c2 is not carried out: the API server went away") {
		t.Errorf("of a new commit: %q", text)
	}
}

// TestErrorsKeepWhatRuns: a mistake in the file of a Workspace that serves changes neither what serves nor its cost.
func TestErrorsKeepWhatRuns(t *testing.T) {
	good := served()
	good.Model, good.Revision, good.Runtime, good.Why = "microsoft/phi-4", "c0ffee", "vllm", "it is the cheapest"
	good.PricesDate = "2026-06-18"
	now := time.Date(2026, 6, 18, 9, 0, 0, 0, time.UTC)
	before := Observe(nil, good, now)
	if before.Endpoint == "" || before.HourlyCost == "" || before.InstanceType == "" {
		t.Fatalf("nothing to keep: %+v", before)
	}
	bad := served()
	bad.Problems = []diag.Diagnostic{{Reason: diag.UnknownPreset, Severity: diag.Error, Message: "not known"}}
	bad.Inputs, bad.Pool, bad.InstanceType, bad.Nodes, bad.Objects = "other", nil, "", 0, nil
	after := Observe(&before, bad, now.Add(time.Minute))
	again := Observe(&after, bad, now.Add(2*time.Minute))
	for _, r := range []Report{after, again} {
		if r.State != Failed {
			t.Errorf("state %s", r.State)
		}
		want := before
		want.State, want.Conditions = r.State, r.Conditions
		want.DesiredInputs, want.DesiredCommit = r.DesiredInputs, r.DesiredCommit
		if d := cmp.Diff(want, r); d != "" {
			t.Errorf("(-before +after):\n%s", d)
		}
	}
	bad.Workload.Ready = 0
	r := Observe(&again, bad, now.Add(3*time.Minute))
	if r.is(InferenceReady) != "False" {
		t.Errorf("its only replica is gone: %+v", r.Conditions)
	}
	bad.Workload, bad.Pools, bad.LiveNodes = nil, nil, nil
	if r := Observe(&again, bad, now.Add(3*time.Minute)); r.Endpoint != "" || r.HourlyCost != "" {
		t.Errorf("what is gone neither serves nor costs: %+v", r)
	}
}
