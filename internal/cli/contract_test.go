// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/explaining"
	"syncer.dev/syncer/internal/cli/sizes"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preflight"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/workspace"
)

// The keys of the documents that -o json promises. A name that ends with "?" may be absent.
var (
	sizeKeys = words(`workspace preset instanceType gpusPerNode nodes gpus tensorParallel pipelineParallel memory
		hourlyCost monthlyCost dataParallel? diskGiB? shares? notTaken? notes? error? reason? hint? quota?`)
	alternativeKeys = words("instanceType gpusPerNode nodes gpus hourlyCost monthlyCost")
	verdictKeys     = words(`workspace preset instanceType result nodes gpus shared? hourlyCost dearerBy? cheapest?
		obstacles unknown?`)
	problemKeys = words("reason path line column field message hint severity workspace")
	priceKeys   = words(`instanceType gpus gpu gpuMemoryGiB
		onDemand spot onDemandMonthly spotMonthly unusable? unverified? successor?`)
	presetKeys = words(`name aliases? repo? revision? license? licenseURL? remoteCode task? weightsGiB
		contextLength runtimes? tuning gated deprecated? from?`)
)

func words(text string) []string { return strings.Fields(text) }

// contract describes one document.
type contract struct {
	name  string
	make  func(std Stdio) command
	out   string   // instead of make, for a command that asks servers
	kind  string   // with the API version of syncer; "" for documents of other standards
	keys  []string // beside apiVersion and kind
	lists map[string][]string
}

// TestJSONContract decodes the answer of every command that prints JSON, and compares its keys with the contract.
func TestJSONContract(t *testing.T) {
	one := append(slices.Clone(sizeKeys), "alternatives")
	single := append(slices.Clone(one), "pricesDate")
	tests := []contract{
		{
			name: "size of one Workspace",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: after, Output: "json"},
				}
			},
			kind: "Size", keys: single, lists: map[string][]string{"alternatives": alternativeKeys},
		},
		{
			name: "size of a preset",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Preset: "phi-4-mini-instruct", Output: "json"},
				}
			},
			kind: "Size", keys: single, lists: map[string][]string{"alternatives": alternativeKeys},
		},
		{
			name: "size with KAITO's arithmetic",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: after, Output: "json", Compat: "kaito"},
				}
			},
			kind: "Size", keys: single,
		},
		{
			name: "size of a file with an error",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: broken, Output: "json"},
				}
			},
			kind: "Size", keys: single,
		},
		{
			name: "size of a folder",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: repository, Output: "json"},
				}
			},
			kind: "SizeList", keys: words("items pricesDate"), lists: map[string][]string{"items": sizeKeys},
		},
		{
			name: "size of a folder with --all",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: repository, Output: "json", All: true},
				}
			},
			kind: "SizeList", keys: words("items pricesDate"), lists: map[string][]string{"items": one},
		},
		{
			name: "size --why of one Workspace",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Preset: "phi-4", Output: "json", Why: "Standard_NC24ads_A100_v4"},
				}
			},
			kind: "SizeVerdict", keys: verdictKeys,
		},
		{
			name: "size --why of a folder",
			make: func(s Stdio) command {
				return sizeOptions{
					Stdio: s, settings: settingsOf(s),
					question: sizes.Question{Path: repository, Output: "json", Why: "Standard_NC24ads_A100_v4"},
				}
			},
			kind: "SizeVerdictList", keys: words("items"), lists: map[string][]string{"items": verdictKeys},
		},
		{
			name: "validate with problems",
			make: func(s Stdio) command {
				return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{broken}, format: "json"}
			},
			kind: "ProblemList", keys: words("problems"), lists: map[string][]string{"problems": problemKeys},
		},
		{
			name: "validate without problems",
			make: func(s Stdio) command {
				return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{after}, format: "json"}
			},
			kind: "ProblemList", keys: words("problems"),
		},
		{
			name: "validate as SARIF",
			make: func(s Stdio) command {
				return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{broken}, format: "sarif"}
			},
			keys:  words("$schema version runs"),
			lists: map[string][]string{"runs": words("tool columnKind results")},
		},
		{
			name: "prices",
			make: func(s Stdio) command {
				return pricesOptions{Stdio: s, settings: settingsOf(s), output: "json", all: true}
			},
			kind: "PriceList", keys: words("region date source currency items"),
			lists: map[string][]string{"items": priceKeys},
		},
		{
			name: "presets list",
			make: func(s Stdio) command {
				return presetsListOptions{Stdio: s, output: "json", repository: repository}
			},
			kind: "PresetList", keys: words("items"), lists: map[string][]string{"items": presetKeys},
		},
		{
			name: "presets images",
			make: func(s Stdio) command {
				return presetsImagesOptions{Stdio: s, output: "json", repository: repository}
			},
			kind: "ImageList", keys: words("items"), lists: map[string][]string{"items": words("image")},
		},
		{
			name: "presets show",
			make: func(s Stdio) command {
				return presetsShowOptions{Stdio: s, name: "ours", output: "json", repository: repository}
			},
			kind: "Preset", keys: words("name spec from?"),
		},
		{
			name: "render",
			make: func(s Stdio) command {
				return renderOptions{Stdio: s, settings: settingsOf(s), paths: []string{after}, output: "json"}
			},
			keys:  words("apiVersion kind items"),
			lists: map[string][]string{"items": words("apiVersion kind metadata spec? data?")},
		},
	}
	tests = append(tests, served(t)...)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.check(t) })
	}
	for _, kind := range documented(t) {
		plan := kind == "Plan" // TestPlanIsDocumented has its fields
		if !plan && !slices.ContainsFunc(tests, func(c contract) bool { return c.kind == kind }) {
			t.Errorf("there is no contract for %s", kind)
		}
	}
}

// served are the documents of commands that ask servers, or read the status branch.
func served(t *testing.T) []contract {
	t.Helper()
	render := func(write func(w io.Writer) error) string {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	one := answer.Check{
		Cluster: "demo", User: "ann",
		Items: []preflight.Line{
			{Area: preflight.Git, Check: "read", State: preflight.OK},
			{
				Area: preflight.Kubernetes, Check: "role", State: preflight.Missing, Detail: "2 rights",
				Rights: []string{"patch jobs.batch"}, Fix: "syncer install --rights",
			},
		},
	}
	steps := []adoption.Step{
		{
			Ref:    cluster.Ref{Kind: "StatefulSet", Namespace: "default", Name: "phi"},
			Action: adoption.Detach, Owners: []metav1.OwnerReference{{Kind: "Workspace", Name: "phi"}},
		},
		{Ref: cluster.Ref{Kind: "NodeClaim", Name: "ws1"}, Action: adoption.Leave, Note: "its node goes with it"},
	}
	event := events.Event{
		Workspace: workspace.Key{Namespace: "default", Name: "phi"}, Change: "Ready", Source: "5c0ffee", Commit: "0123456",
	}
	pass := ondemand.Result{
		APIVersion: answer.APIVersion, Kind: "Pass",
		Cluster: "demo", Commit: "5c0ffee", States: map[string]int{"Ready": 1}, Settled: true,
	}
	checkKeys := words("cluster user? items")
	passKeys := words("cluster commit? recorded? states settled error? leader?")
	report := &status.Report{Key: event.Workspace, State: status.Ready}
	reportKeys := words("apiVersion kind metadata status")
	origin := answer.Origin{Object: "Service/phi", Path: "phi.yaml", Head: "5c0ffee", Changed: &answer.Change{}}
	reviewed := review.Result{State: review.Success}
	return []contract{
		{
			name: "review", kind: "Review", keys: words("pullRequest state? verdict? comment? url? skipped? error? plan?"),
			out: render(func(w io.Writer) error { return answer.PrintJSON(w, answer.Review(reviewed)) }),
		},
		{
			name: "status of one Workspace", kind: "WorkspaceStatus", keys: words("metadata status"),
			out: render(func(w io.Writer) error { return answer.PrintReport(w, report, "json") }),
		},
		{
			name: "status", kind: "WorkspaceStatusList", keys: words("items"),
			out:   render(func(w io.Writer) error { return answer.PrintReports(w, []*status.Report{report}, "json") }),
			lists: map[string][]string{"items": reportKeys},
		},
		{
			name: "trace", kind: "OriginList", keys: words("items"),
			out: render(func(w io.Writer) error { return answer.PrintOrigins(w, []answer.Origin{origin}, "json") }),
			lists: map[string][]string{
				"items": words("object namespace? workspace? preset? path line? head changed? state? observedCommit?"),
			},
		},
		{
			name: "reconcile of one cluster", kind: "Pass", keys: passKeys,
			out: render(func(w io.Writer) error { return answer.PrintPasses(w, []ondemand.Result{pass}, "json") }),
		},
		{
			name: "explain", kind: "ReasonList", keys: words("items"),
			out:   render(func(w io.Writer) error { return explaining.Print(w, []string{"UnknownField"}, "json") }),
			lists: map[string][]string{"items": words("reason meaning page")},
		},
		{
			name: "check", kind: "Check", keys: checkKeys,
			out: render(func(w io.Writer) error { return answer.PrintChecks(w, []answer.Check{one}, "json") }),
			lists: map[string][]string{
				"items": words("area check state detail? missingRights? fix?"),
			},
		},
		{
			name: "check of several clusters", kind: "CheckList", keys: words("items"),
			out:   render(func(w io.Writer) error { return answer.PrintChecks(w, []answer.Check{one, one}, "json") }),
			lists: map[string][]string{"items": checkKeys},
		},
		{
			name: "adopt", kind: "Adoption", keys: words("cluster done items"),
			out:   render(func(w io.Writer) error { return answer.AdoptionOf("demo", steps, true).Print(w, "json") }),
			lists: map[string][]string{"items": words("object namespace? action owners? note?")},
		},
		{
			name: "events", kind: "EventList", keys: words("items"),
			out:   render(func(w io.Writer) error { return answer.PrintEvents(w, []events.Event{event}, "json") }),
			lists: map[string][]string{"items": words("time namespace name change commit statusCommit")},
		},
		{
			name: "reconcile", kind: "PassList", keys: words("items"),
			out: render(func(w io.Writer) error {
				return answer.PrintPasses(w, []ondemand.Result{pass, pass}, "json")
			}),
			lists: map[string][]string{"items": append(words("apiVersion kind"), passKeys...)},
		},
	}
}

func (c contract) check(t *testing.T) {
	t.Helper()
	out := c.out
	if c.make != nil {
		out = execute(t, "", c.make).out
	}
	dec := json.NewDecoder(strings.NewReader(out))
	var document map[string]any
	if err := dec.Decode(&document); err != nil || dec.More() {
		t.Fatalf("not one JSON document: %v\n%s", err, out)
	}
	keys := c.keys
	if c.kind != "" {
		keys = append(words("apiVersion kind"), keys...)
		if document["apiVersion"] != "syncer.dev/v1" || document["kind"] != c.kind {
			t.Errorf("got %v %v, want syncer.dev/v1 %s", document["apiVersion"], document["kind"], c.kind)
		}
	}
	checkKeys(t, "the document", document, keys)
	for _, at := range nulls("", document) {
		t.Errorf("%s is null: where there is nothing, a list is [], and a key that may be absent is absent", at)
	}
	for name, keys := range c.lists {
		items, _ := document[name].([]any)
		if len(items) == 0 {
			t.Errorf("%s is empty", name)
		}
		for i, item := range items {
			object, _ := item.(map[string]any)
			checkKeys(t, fmt.Sprintf("%s[%d]", name, i), object, keys)
		}
	}
}

// priceNames are keys whose value is null when a price is unknown.
var priceNames = words("hourlyCost monthlyCost onDemand spot onDemandMonthly spotMonthly")

// nulls returns the paths of what is null in a value, unknown prices aside.
func nulls(path string, value any) []string {
	var found []string
	switch v := value.(type) {
	case nil:
		return []string{path}
	case map[string]any:
		for key, item := range v {
			if item != nil || !slices.Contains(priceNames, key) {
				found = append(found, nulls(path+"."+key, item)...)
			}
		}
	case []any:
		for i, item := range v {
			found = append(found, nulls(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	}
	return found
}

// checkKeys compares the keys of an object with those of the contract.
func checkKeys(t *testing.T, what string, object map[string]any, keys []string) {
	t.Helper()
	var want []string
	for _, key := range keys {
		name, optional := strings.CutSuffix(key, "?")
		if _, has := object[name]; has || !optional {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(object))); diff != "" {
		t.Errorf("keys of %s (-want +got):\n%s", what, diff)
	}
}
