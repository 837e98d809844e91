// SPDX-License-Identifier: Apache-2.0

package answer_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// hostile controls a terminal and a build log unless it is escaped.
const hostile = "\x1b[2J\n::error::x"

// size returns an answer with every part that the table shows.
func size(t *testing.T) answer.Size {
	t.Helper()
	lookup := func(name string) capacity.SKU {
		sku, ok := capacity.LookupSKU(name)
		if !ok {
			t.Fatalf("the catalogue lacks %s", name)
		}
		return sku
	}
	sku := lookup("Standard_NC24ads_A100_v4")
	option := func(nodes int, usd float64) capacity.Option {
		return capacity.Option{
			SKU:              sku,
			Nodes:            nodes,
			GPUsPerNode:      1,
			GPUs:             nodes,
			TensorParallel:   1,
			PipelineParallel: nodes,
			Memory: capacity.Memory{
				WeightsGiB:  7.2,
				KVCacheGiB:  16,
				MarginGiB:   1,
				UsableGiB:   72,
				GPUGiB:      80,
				Utilization: 0.9,
				Context:     131072,
				Sequences:   1,
				BatchTokens: 2048,
			}.Sum(),
			HourlyCost: capacity.Cost{USD: usd, Known: usd > 0},
		}
	}
	s := answer.Size{Workspace: "default/phi", Preset: "phi-4-mini-instruct", Alternatives: []answer.Alternative{}}
	s.Use(capacity.Demand{
		Options: []capacity.Option{option(1, 3.67305), option(2, 7.34), option(3, 11), option(4, 15), option(5, 0)},
		Shares:  []capacity.Option{option(1, 0.5)},
		Notes:   []string{"a note " + hostile},
	})
	s.Reject([]sizing.Candidate{
		{SKU: sku, Eligible: true},
		{SKU: lookup("Standard_NC40ads_H100_v5"), Reason: "Standard_NC40ads_H100_v5 is not in capacity.limits"},
		{SKU: lookup("Standard_NC48ads_A100_v4"), Reason: "Standard_NC48ads_A100_v4 is not in capacity.limits"},
		{SKU: lookup("Standard_NC80adis_H100_v5"), Reason: "the price is unknown " + hostile},
		{SKU: lookup("Standard_NC6s_v3"), Reason: "Azure retired it"},
	})
	return s
}

func refused() answer.Size {
	s := answer.Size{Workspace: "team/big", Preset: "big"}
	s.Refuse(sizing.Refused(diag.NoSizeFits, "resource.instanceType", "no size fits", "allow more sizes"))
	return s
}

func print(t *testing.T, f func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSizes(t *testing.T) {
	one := answer.Sizes{Items: []answer.Size{size(t)}, Date: "2026-01-02"}
	two := answer.Sizes{Items: []answer.Size{size(t), refused()}, Date: "2026-01-02"}
	all := two
	all.All = true
	stated := size(t)
	stated.Memory = capacity.Memory{Stated: true, RequiredGiB: 20, UsableGiB: 80}
	tuning := size(t)
	tuning.Tuning, tuning.TensorParallel, tuning.NotTaken = true, 2, nil
	for name, a := range map[string]answer.Sizes{
		"one":    one,
		"two":    two,
		"all":    all,
		"stated": {Items: []answer.Size{stated}, Date: "2026-01-02"},
		"tuning": {Items: []answer.Size{tuning}, Date: "2026-01-02"},
		"none":   {Date: "2026-01-02"},
	} {
		golden.Equal(t, "testdata/size-"+name+".txt", print(t, func(b *bytes.Buffer) error { return a.Print(b) }))
	}
	for name, a := range map[string]answer.Sizes{"one": one, "two": two, "all": all} {
		text := print(t, func(b *bytes.Buffer) error { return answer.PrintJSON(b, a.Document()) })
		golden.Equal(t, "testdata/size-"+name+".json", text)
	}
	if n := two.Refused(); n != 1 {
		t.Errorf("%d are refused, want 1", n)
	}
	other := answer.Size{}
	if other.Refuse(errors.New("no")); other.Error != "no" || other.Hint != "" {
		t.Errorf("another error: %+v", other)
	}
}

func TestPrices(t *testing.T) {
	skus := slices.Collect(capacity.SKUs())
	usable := answer.PricesOf(skus, capacity.Prices{}, "eastus", false)
	if !slices.IsSortedFunc(usable.Items, func(a, b answer.PriceItem) int {
		return int(1e4 * (*a.OnDemand - *b.OnDemand))
	}) {
		t.Errorf("not the cheapest first: %+v", usable.Items)
	}
	all := answer.PricesOf(skus, capacity.Prices{}, "eastus", true)
	unknown := slices.IndexFunc(all.Items, func(i answer.PriceItem) bool { return i.OnDemand == nil })
	if len(all.Items) != len(skus) || len(all.Items) <= len(usable.Items) || unknown < 1 ||
		slices.ContainsFunc(all.Items[unknown:], func(i answer.PriceItem) bool { return i.OnDemand != nil }) {
		t.Errorf("of %d sizes %d are listed, those without a price from %d", len(skus), len(all.Items), unknown)
	}
	some := usable
	usd := 1.5
	some.Region = hostile
	some.Items = []answer.PriceItem{
		{
			InstanceType: "Standard_A",
			GPUs:         1,
			GPU:          "NVIDIA A100",
			GPUMemoryGiB: 80,
			OnDemand:     &usd,
			Unverified:   "not verified",
		},
		{
			InstanceType: "Standard_B",
			GPUs:         2,
			GPU:          "NVIDIA V100",
			GPUMemoryGiB: 16,
			Unusable:     "retired",
			Successor:    "Standard_A",
		},
	}
	some.Date = "2026-01-02"
	golden.Equal(t, "testdata/prices.txt", print(t, func(b *bytes.Buffer) error { return some.Print(b) }))
}

func TestPresets(t *testing.T) {
	const dir = "../testdata/repository/presets"
	catalog, problems, err := preset.LoadLayers(preset.Layer{FS: os.DirFS(dir), Path: dir})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	list := answer.PresetsOf(catalog)
	if len(list.Items) != 1 || list.Items[0].Name != "ours" || list.Items[0].From == "" {
		t.Errorf("got %+v", list)
	}
	p, _ := catalog.Lookup("ours")
	document, err := answer.PresetOf(catalog, p)
	if err != nil || document.Name != "ours" || document.Kind != "Preset" || document.Spec == nil {
		t.Errorf("got %+v, %v", document, err)
	}
	for name, f := range map[string]func(*bytes.Buffer) error{
		"ours ": func(b *bytes.Buffer) error {
			_, err := answer.PrintPresets(b, catalog, false)
			return err
		},
		"ours, from ": func(b *bytes.Buffer) error { return answer.PrintFacts(b, catalog, p) },
		"name: ours":  func(b *bytes.Buffer) error { return answer.PrintYAML(b, document) },
	} {
		if got := print(t, f); !strings.Contains(got, name) {
			t.Errorf("no %q in %s", name, got)
		}
	}
}

func TestPrintJSON(t *testing.T) {
	got := print(t, func(b *bytes.Buffer) error { return answer.PrintJSON(b, map[string]string{"a": hostile + "<&>"}) })
	if strings.Contains(got, "\x1b") || !strings.Contains(got, "<&>") {
		t.Errorf("got %q", got)
	}
	for name, f := range map[string]func(*bytes.Buffer, any) error{
		"JSON": func(b *bytes.Buffer, v any) error { return answer.PrintJSON(b, v) },
		"YAML": func(b *bytes.Buffer, v any) error { return answer.PrintYAML(b, v) },
	} {
		if err := f(&bytes.Buffer{}, func() {}); err == nil {
			t.Errorf("%s: a function is printed", name)
		}
	}
}

func TestPlural(t *testing.T) {
	got := []string{answer.Plural(0, "file"), answer.Plural(1, "file"), answer.Plural(2, "file")}
	if diff := cmp.Diff([]string{"0 files", "1 file", "2 files"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestPrintPresets: the table leaves deprecated models out unless it is asked for all, and says what is not certain.
func TestPrintPresets(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	for all, lines := range map[bool]int{false: 63, true: 71} {
		var b bytes.Buffer
		deprecated, err := answer.PrintPresets(&b, catalog, all)
		if got := strings.Count(b.String(), "\n") - 1; err != nil || got != lines || deprecated != 8 {
			t.Errorf("all %v: %d models, %d deprecated, %v", all, got, deprecated, err)
		}
		fields := map[string][]string{}
		for line := range strings.Lines(b.String()) {
			if f := strings.Fields(line); len(f) > 7 {
				fields[f[0]] = f[5:7] // GATED, REVISION
			}
		}
		for name, want := range map[string][]string{
			"phi-4":                       {"no", "187ef0342fff"},
			"mistral-7b-v0.3":             {"maybe", "d8cadc02ac76"},
			"gemma-3-4b-it":               {"yes", "093f9f388b31"},
			"qwen3.5-397b-a17b-gptq-int4": {"no", "unpinned"},
		} {
			if diff := cmp.Diff(want, fields[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	p, _ := catalog.Lookup("mistral-7b-v0.3")
	var b bytes.Buffer
	err = answer.PrintFacts(&b, catalog, p)
	if err != nil || !strings.Contains(b.String(), "not certain: a public script") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestSayFailed: the reason of a failure stands below a table, with the command that explains it; a hostile one too.
func TestSayFailed(t *testing.T) {
	broken := func(name string) *status.Report {
		return &status.Report{
			Key: workspace.Key{Namespace: "default", Name: name}, State: status.Failed,
			Conditions: []status.Condition{
				{Type: status.ResourceReady, Status: "True", Reason: "PoolReady"},
				{Type: status.WorkspaceSucceeded, Status: "False", Reason: "UnknownPreset", Message: "a.yaml:1:2: " + hostile},
			},
		}
	}
	var b bytes.Buffer
	answer.SayFailed(&b, []*status.Report{{State: status.Ready}, broken("phi")})
	got := b.String()
	if !strings.HasPrefix(got, "default/phi: a.yaml:1:2: ") || strings.Contains(got, "\x1b") ||
		!strings.HasSuffix(got, "\nto learn more: syncer explain UnknownPreset\n") {
		t.Errorf("got %q", got)
	}
	b.Reset()
	answer.SayFailed(&b, []*status.Report{
		broken("a"), broken("b"), broken("c"), broken("d"), broken("e"), broken("f"), broken("g"),
	})
	if got := b.String(); strings.Contains(got, "default/f") || !strings.Contains(got, "\nand 2 more have failed\n") {
		t.Errorf("got %q", got)
	}
	b.Reset()
	if answer.SayFailed(&b, []*status.Report{{State: status.Ready}}); b.Len() > 0 {
		t.Errorf("got %q", b.String())
	}
}

// TestSayWhy: of a Workspace that was named, each condition that does not hold stands below the table, once.
func TestSayWhy(t *testing.T) {
	const ended = "pod phi-0: it ended\n  " + hostile
	held := &status.Report{
		Key: workspace.Key{Namespace: "default", Name: "phi"}, State: status.Pending,
		Conditions: []status.Condition{
			{Type: status.ResourceReady, Status: "True", Reason: status.Moving, Message: "moves to pool b"},
			{Type: status.InferenceReady, Status: "False", Reason: "ContainerFailed", Message: ended},
			{Type: status.WorkspaceSucceeded, Status: "False", Reason: "workspacePending", Message: ended},
			{Type: status.Applied, Status: "False", Reason: "RolloutStopped", Message: "the roll-out stopped at default/chat"},
			{Type: status.Reviewed, Status: "True", Reason: "AsReviewed", Message: "as reviewed"},
		},
	}
	var b bytes.Buffer
	answer.SayWhy(&b, []*status.Report{held})
	if diff := cmp.Diff([]string{
		"default/phi: ResourceReady=True Moving: moves to pool b",
		"default/phi: InferenceReady=False ContainerFailed: pod phi-0: it ended",
		`    \x1b[2J`,
		`  \::error::x`,
		"default/phi: Applied=False RolloutStopped: the roll-out stopped at default/chat",
		"to learn more: syncer explain Moving RolloutStopped",
		"",
	}, strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	b.Reset()
	ready := status.Condition{Type: status.ResourceReady, Status: "True", Reason: "PoolReady", Message: "pool wphi"}
	if answer.SayWhy(&b, []*status.Report{{Conditions: []status.Condition{ready}}}); b.Len() > 0 {
		t.Errorf("of one that is as desired: %q", b.String())
	}
}
