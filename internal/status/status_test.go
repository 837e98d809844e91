package status

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	t0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	t1 = t0.Add(time.Hour)
)

func served() Input {
	key := workspace.Key{Namespace: "default", Name: "phi-4"}
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	return Input{
		Key: key, Workspace: &workspace.Workspace{Key: key, Inference: &workspace.Inference{}}, Commit: "c1", Source: "workspaces/phi.yaml", Inputs: "d1",
		InstanceType: sku.Name, Nodes: 1, Objects: []string{"Service/phi-4", "StatefulSet/phi-4"},
		Pool:      &capacity.Pool{Name: "wphi", SKU: sku, Count: 1, HourlyCost: capacity.Cost{USD: 3.673, Known: true}},
		Pools:     []capacity.LivePool{{Name: "wphi", State: capacity.Succeeded, Count: 1}},
		LiveNodes: []cluster.Node{{Name: "aks-wphi-0", Pool: "wphi", Ready: true, GPUs: 1}, {Name: "other", Pool: "x", Ready: true, GPUs: 1}},
		Workload:  &cluster.Workload{Current: true, Replicas: 1, Ready: 1, Endpoints: 1, Inputs: "d1"},
	}
}

func tuned() Input {
	in := served()
	in.Workspace = &workspace.Workspace{Key: in.Key, Tuning: &workspace.Tuning{}}
	in.Workload = &cluster.Workload{Current: true, Active: 1, Inputs: "d1", Pods: []cluster.Pod{{Name: "p", Phase: "Running"}}}
	return in
}

func TestObserve(t *testing.T) {
	change := func(base func() Input, f func(*Input)) Input { in := base(); f(&in); return in }
	quota := &capacity.CloudError{Class: capacity.ClassQuota, Code: "ErrCode_InsufficientVCPUQuota", Message: "remaining 0"}
	for _, tt := range []struct {
		name      string
		previous  State
		in        Input
		state     State
		condition string // type=status/reason that must be there
		message   string
	}{
		{"secret missing", Pending, change(tuned, func(in *Input) { in.Workload.Pods, in.Missing = nil, []string{"Secret default/push is missing"} }), Pending, "JobStarted=False/ReferenceMissing", "the job has not started; Secret default/push is missing"},
		{"secret missing, pod says so", Pending, change(served, func(in *Input) {
			in.Workload.Ready, in.Missing = 0, []string{"Secret default/pull is missing"}
			in.Workload.Pods = []cluster.Pod{{Name: "p", Reason: "ImagePullError", Message: "denied"}}
		}), Pending, "InferenceReady=False/ImagePullError", "pod p: denied; Secret default/pull is missing"},
		{"secret missing, but served", Pending, change(served, func(in *Input) { in.Missing = []string{"Secret default/pull is missing"} }), Ready, "InferenceReady=True/WorkspaceInferenceStatusSuccess", "1 of 1 replicas are ready; Secret default/pull is missing"},
		{"ready", Pending, served(), Ready, "InferenceReady=True/WorkspaceInferenceStatusSuccess", "1 of 1"},
		{"pool ready", Pending, served(), Ready, "ResourceReady=True/PoolReady", "pool wphi: 1 of 1 nodes"},
		{"no pool yet", "", change(served, func(in *Input) { in.Pools, in.LiveNodes, in.Workload = nil, nil, nil }), Pending, "ResourceReady=False/PoolPending", ""},
		{"node without its GPUs", Pending, change(served, func(in *Input) { in.LiveNodes[0].GPUs = 0 }), Pending, "ResourceReady=False/PoolNotReady", "0 of 1"},
		{"pods not ready", Pending, change(served, func(in *Input) { in.Workload.Ready = 0 }), Pending, "InferenceReady=False/WorkspaceInferenceStatusPending", "0 of 1 replicas"},
		{"no longer ready", Ready, change(served, func(in *Input) { in.Workload.Ready = 0 }), NotReady, "WorkspaceSucceeded=False/workspacePending", ""},
		{"no endpoint", Pending, change(served, func(in *Input) { in.Workload.Endpoints = 0 }), Pending, "InferenceReady=False/WorkspaceInferenceStatusPending", ""},
		{"image", Pending, change(served, func(in *Input) {
			in.Workload.Ready = 0
			in.Workload.Pods = []cluster.Pod{{Name: "phi-4-0", Reason: "ImagePullError", Message: "not found"}}
		}), Pending, "InferenceReady=False/ImagePullError", "pod phi-4-0: not found"},
		{"quota", Pending, change(served, func(in *Input) { in.Pools, in.LiveNodes, in.PoolErr = nil, nil, quota }), Pending, "ResourceReady=False/PoolQuota", "remaining 0"},
		{"held back", Pending, change(served, func(in *Input) { in.Pools, in.LiveNodes, in.PoolHeld = nil, nil, "too much" }), Pending, "ResourceReady=False/PoolHeld", "too much"},
		{"pool failed", Pending, change(served, func(in *Input) {
			in.LiveNodes = nil
			in.Pools[0].State, in.Pools[0].ErrorCode, in.Pools[0].Error = capacity.Failed, "AllocationFailed", "none left"
		}), Pending, "ResourceReady=False/PoolFailed", "AllocationFailed: none left"},
		{"refused by the server", Pending, change(served, func(in *Input) { in.Workload, in.ApplyErrs = nil, []error{errors.New("no such namespace")} }), Pending, "InferenceReady=False/ApplyFailed", "no such namespace"},
		{"suspended", Ready, change(served, func(in *Input) {
			in.Workspace.Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
			in.Pool.Count, in.Workload.Replicas, in.Workload.Ready = 0, 0, 0
		}), NotReady, "ResourceReady=False/Suspended", "scaled to zero"},
		{"note", Pending, change(served, func(in *Input) { in.Notes = []string{"Azure retired it"} }), Ready, "ResourceReady=True/PoolReady", "Azure retired it"},
		{"invalid", "", change(served, func(in *Input) {
			in.Workload, in.Pools = nil, nil
			in.Problems = []workspace.Problem{{Path: "a.yaml", Line: 3, Column: 5, Field: "f", Message: "wrong", Hint: "mend it", Severity: workspace.Error}}
		}), Failed, "WorkspaceSucceeded=False/InvalidWorkspace", "a.yaml:3:5: error: f: wrong (mend it)"},
		{"its file is broken", Ready, change(served, func(in *Input) { in.Workspace = nil }), Failed, "WorkspaceSucceeded=False/InvalidWorkspace", "what runs for it stays as it is"},
		{"brought", Pending, change(served, func(in *Input) {
			in.Brought, in.Pool, in.Pools = true, nil, nil
		}), Ready, "ResourceReady=True/NodesReady", ""},
		{"tuning runs", Pending, tuned(), Running, "JobStarted=True/WorkspaceTuningJobStatusStarted", ""},
		{"tuning waits", "", change(tuned, func(in *Input) { in.Workload.Pods = nil }), Pending, "JobStarted=False/WorkspaceTuningJobStatusPending", ""},
		{"tuning failed", Running, change(tuned, func(in *Input) { in.Workload.Failed = true }), Failed, "WorkspaceSucceeded=False/workspaceFailed", ""},
		{"tuning is over", Running, change(tuned, func(in *Input) {
			in.Workload.Complete, in.Finished, in.Pool.Count, in.LiveNodes = true, true, 0, nil
		}), Succeeded, "ResourceReady=True/PoolReleased", "scaled to zero"},
		{"a job of older inputs", Succeeded, change(tuned, func(in *Input) { in.Workload.Complete, in.Workload.Inputs = true, "d0" }), Pending, "JobStarted=False/WorkspaceTuningJobStatusPending", ""},
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
	if !reflect.DeepEqual(first, second) {
		t.Errorf("a second look at the same changed\n%+v\n%+v", first, second)
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
		Key: workspace.Key{Namespace: "default", Name: "bad"}, Workspace: &workspace.Workspace{}, Commit: "c1", Source: "workspaces/bad.yaml",
		Problems: []workspace.Problem{{Path: "workspaces/bad.yaml", Line: 3, Column: 1, Field: "infernce", Message: "unknown field \"infernce\"", Hint: "did you mean \"inference\"?", Severity: workspace.Error}},
	}, t0)
	return Summary{
		Cluster: "demo", Reports: []Report{failed, Observe(nil, served(), t0)}, Pools: []Pool{{Name: "wphi", State: "Succeeded", Nodes: 1, InstanceType: "Standard_NC24ads_A100_v4", Workspace: "default/phi-4"}},
		Problems: []workspace.Problem{{Path: "a|b`<script>.yaml", Line: 1, Column: 1, Message: "a\n# heading [x](http://user:pw@host/?sig=abc)", Severity: workspace.Error}},
		Warnings: []string{"nothing is deleted"},
	}
}

func TestFiles(t *testing.T) {
	files := Files(summary())
	if again := Files(summary()); !reflect.DeepEqual(files, again) {
		t.Error("the bytes differ from one time to the next")
	}
	for name, data := range files {
		path := "testdata/" + strings.ReplaceAll(name, "/", "_")
		if *update {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(data, want) {
			t.Errorf("%s differs (%v); run: make generate\n%s", path, err, data)
		}
		if strings.HasSuffix(name, ".yaml") {
			var v any
			if err := yaml.Unmarshal(data, &v); err != nil {
				t.Errorf("%s is not YAML: %v", name, err)
			}
		}
	}
	readme := string(files["README.md"])
	for _, bad := range []string{"<script>", "user:pw", "sig=abc", "\n# heading", "[x]("} {
		if strings.Contains(readme, bad) {
			t.Errorf("README holds %q:\n%s", bad, readme)
		}
	}
}

func TestParseReadsWhatYAMLWrites(t *testing.T) {
	reports := summary().Reports
	if got := FromFiles(Files(summary())); !reflect.DeepEqual(got, reports) {
		t.Errorf("read back\n%+v\nwrote\n%+v", got, reports)
	}
	for _, hostile := range []string{"a: b", "'", "\"", "\t", "- x", "#", "{", "\u2028", "null", "yes", "1e3", "multi\nline\n", " lead", "\x00"} {
		r := reports[1]
		r.Source, r.Conditions = hostile, []Condition{{Type: ResourceReady, Status: "True", Reason: "x", Message: hostile, LastTransitionTime: t0}}
		got, err := Parse(r.YAML())
		if err != nil || got.Conditions[0].Message != hostile && hostile != "\x00" {
			t.Errorf("%q: %v %+v", hostile, err, got.Conditions)
		}
	}
	if got := FromFiles(map[string][]byte{"default/x.yaml": []byte("kind: Other"), "default/y.txt": []byte("x"), "README.md": nil}); len(got) != 0 {
		t.Errorf("read %+v from files that are no status", got)
	}
}

func report(name string, s State) Report {
	return Report{Key: workspace.Key{Namespace: "default", Name: name}, State: s}
}

func TestMessage(t *testing.T) {
	c := Commit{Cluster: "demo", Source: strings.Repeat("a", 40), Version: "v1"}
	for _, tt := range []struct {
		before, after []Report
		subject       string
		urgent        bool
	}{
		{nil, []Report{report("phi-4", Ready), report("llama", Pending)}, "status(demo): phi-4 Ready, llama Pending", true},
		{[]Report{report("phi-4", Pending)}, []Report{report("phi-4", Pending)}, "status(demo): progress", false},
		{nil, []Report{report("phi-4", Pending)}, "status(demo): phi-4 Pending", false},
		{[]Report{report("phi-4", Ready)}, nil, "status(demo): phi-4 removed", true},
		{[]Report{report("phi-4", Ready)}, []Report{report("phi-4", NotReady)}, "status(demo): phi-4 NotReady", true},
		{nil, []Report{report("a-long-name-for-a-workspace", Failed), report("another-long-name-for-one", Failed), report("third", Failed)}, "status(demo): a-long-name-for-a-workspace Failed and 2 more", true},
	} {
		m := Message(c, tt.before, tt.after)
		subject, _, _ := strings.Cut(m, "\n")
		if subject != tt.subject || len(subject) > maxSubject {
			t.Errorf("subject %q, want %q", subject, tt.subject)
		}
		if got := Urgent(tt.before, tt.after); got != tt.urgent {
			t.Errorf("%s: urgent %t", subject, got)
		}
		cmd := exec.Command("git", "interpret-trailers", "--parse")
		cmd.Stdin = strings.NewReader(m)
		out, err := cmd.Output()
		want := "Syncer-Commit: " + c.Source + "\nSyncer-Cluster: demo\nSyncer-Version: v1\nSyncer-CI: [skip ci]\n"
		if err != nil || string(out) != want {
			t.Errorf("git reads the trailers %q, %v", out, err)
		}
	}
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
		if got := Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
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
	if !strings.HasPrefix(lines[0], "NAMESPACE") || !strings.Contains(lines[2], "phi-4") || !strings.HasSuffix(strings.TrimSpace(lines[2]), "Ready") {
		t.Errorf("table:\n%s", b.String())
	}
}
