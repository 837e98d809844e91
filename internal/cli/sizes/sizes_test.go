// SPDX-License-Identifier: Apache-2.0

package sizes_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/sizes"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/presets"
)

const (
	a100 = "Standard_NC24ads_A100_v4"
	phi  = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: phi}}}
inference: {preset: {name: phi-4-mini-instruct}}
`
	// own has a pod template.
	own = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: own}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {apps: own}}}
inference: {template: {spec: {containers: [{name: own, image: nginx}]}}}
`
)

// write writes a file to a new folder, and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// reader reads files without a configuration.
func reader(t *testing.T, paths ...string) source.Reader {
	t.Helper()
	r, err := settings.Settings{Env: func(string) (string, bool) { return "", false }}.Offline(paths)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// model returns a preset that is built in.
func model(t *testing.T, name string) *preset.Preset {
	t.Helper()
	catalog, _, err := preset.LoadLayers(preset.Layer{FS: presets.FS})
	if err != nil {
		t.Fatal(err)
	}
	p, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	return &p
}

func TestAnswer(t *testing.T) {
	file := write(t, phi+"---\n"+strings.ReplaceAll(phi, "name: phi}", "name: other}"))
	const h100 = "Standard_NC40ads_H100_v5"
	got, _, err := sizes.Answer(t.Context(), reader(t, file), sizes.Request{Path: file, InstanceType: h100})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range got {
		names = append(names, got[i].Workspace+" on "+got[i].InstanceType)
	}
	const want = "default/other on Standard_NC40ads_H100_v5, default/phi on Standard_NC40ads_H100_v5"
	if strings.Join(names, ", ") != want {
		t.Errorf("got %q, want %s", names, want)
	}

	short, _, err := sizes.Answer(t.Context(), reader(t, file), sizes.Request{Path: file, Context: 1024})
	if err != nil || short[0].Memory.Context != 1024 || short[0].InstanceType != a100 {
		t.Errorf("1,024 tokens: got %+v, %v", short, err)
	}
}

// TestWarnings: a warning names a file that is not read, and the others are sized.
func TestWarnings(t *testing.T) {
	file := write(t, phi)
	folder := filepath.Dir(file)
	if err := os.WriteFile(filepath.Join(folder, "half.yml"), []byte("nav: [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, warnings, err := sizes.Answer(t.Context(), reader(t, folder), sizes.Request{Path: folder})
	if err != nil || len(got) != 1 || got[0].Error != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "half.yml") {
		t.Errorf("got %v, want a warning about half.yml", warnings)
	}
}

func TestPreset(t *testing.T) {
	r := sizes.Request{Preset: model(t, "phi-4-mini-instruct"), InstanceType: a100}
	got, _, err := sizes.Answer(t.Context(), reader(t), r)
	if err != nil || len(got) != 1 || got[0].InstanceType != a100 || got[0].Nodes != 1 ||
		got[0].Tuning || got[0].Quota == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	r.Method = preset.QLoRA
	if got, _, err := sizes.Answer(t.Context(), reader(t), r); err != nil || !got[0].Tuning {
		t.Errorf("tuning: got %+v, %v", got, err)
	}
	large := sizes.Request{Preset: model(t, "llama-3.3-70b-instruct"), InstanceType: "Standard_NV6ads_A10_v5"}
	got, _, err = sizes.Answer(t.Context(), reader(t), large)
	if err != nil || got[0].Error == "" || got[0].InstanceType != "Standard_NV6ads_A10_v5" {
		t.Errorf("a size that is too small: got %+v, %v", got, err)
	}
}

func TestWhy(t *testing.T) {
	sku, _, ok := capacity.FindSize(a100)
	if !ok {
		t.Fatal("the size is not known")
	}
	file := write(t, phi)
	got, err := sizes.Why(t.Context(), reader(t, file), sizes.Request{Path: file}, sku)
	if err != nil || len(got) != 1 || got[0].Workspace != "default/phi" || !got[0].Feasible() {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = sizes.Why(t.Context(), reader(t), sizes.Request{Preset: model(t, "llama-3.3-70b-instruct")}, sku)
	if err != nil || got.Refused() != 0 || got[0].Preset != "llama-3.3-70b-instruct" || got[0].Option.Nodes < 2 {
		t.Errorf("a preset: got %+v, %v", got, err)
	}
}

// TestNo goes through requests that have no answer.
func TestNo(t *testing.T) {
	sku, _, _ := capacity.FindSize(a100)
	for name, test := range map[string]struct{ text, want string }{
		"no Workspace": {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "no Workspace in "},
	} {
		file := write(t, test.text)
		_, err := sizes.Why(t.Context(), reader(t, file), sizes.Request{Path: file}, sku)
		var no answer.NoError
		if !errors.As(err, &no) || !strings.Contains(no.Message, test.want) {
			t.Errorf("%s: got %v, want a no with %q", name, err, test.want)
		}
	}
}

// TestWhyOfEach judges a size for all Workspaces of a file, also where some have errors.
func TestWhyOfEach(t *testing.T) {
	sku, _, _ := capacity.FindSize(a100)
	file := write(t, own+"---\n"+phi+"---\n"+
		strings.NewReplacer("phi-4-mini-instruct", "phi-5", "name: phi}", "name: wrong}").Replace(phi))
	got, err := sizes.Why(t.Context(), reader(t, file), sizes.Request{Path: file}, sku)
	if err != nil || len(got) != 3 || got.Refused() != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i, want := range []string{"brings its own pod template", "", `"phi-5"`} {
		if no := got[i].Obstacles; want == "" && len(no) > 0 ||
			want != "" && (len(no) != 1 || no[0].Check != capacity.CheckFile || !strings.Contains(no[0].Message, want)) {
			t.Errorf("%s: got %+v, want %q", got[i].Workspace, no, want)
		}
	}
}

// TestWhyBesideOthers has a limit for one of two Workspaces: size and --why say the same of each, and of a preset.
func TestWhyBesideOthers(t *testing.T) {
	sku, _, _ := capacity.FindSize(a100)
	both := phi + "---\n" + strings.ReplaceAll(phi, "name: phi}", "name: other}")
	for name, files := range map[string]string{
		"named":     both,
		"automatic": strings.ReplaceAll(both, "instanceType: "+a100+", ", ""),
	} {
		file := write(t, files)
		r := reader(t, file)
		r.Config.Capacity.Limits.HourlyCost, r.Config.Capacity.Limits.AllowedSizes = 5, []string{a100}
		if name == "automatic" { // one node has room for both
			r.Config.Capacity.Limits.HourlyCost = 3
		}
		asked := sizes.Request{Path: file}
		all, _, err := sizes.Answer(t.Context(), r, asked)
		why, wrong := sizes.Why(t.Context(), r, asked, sku)
		if err != nil || wrong != nil || len(all) != 2 || len(why) != 2 || why.Refused() == 0 {
			t.Fatalf("%s: got %+v, %+v, %v, %v", name, all, why, err, wrong)
		}
		for i := range all {
			if (all[i].Error == "") != why[i].Feasible() {
				t.Errorf("%s: %s: size says %q, and --why %+v", name, why[i].Workspace, all[i].Error, why[i].Obstacles)
			}
		}
	}
	r, asked := reader(t), sizes.Request{Preset: model(t, "phi-4-mini-instruct")}
	for limit, refused := range map[float64]int{0.1: 1, 100: 0} {
		r.Config.Capacity.Limits.HourlyCost = limit
		all, _, _ := sizes.Answer(t.Context(), r, asked)
		why, err := sizes.Why(t.Context(), r, asked, sku)
		if err != nil || why.Refused() != refused || (all[0].Error != "") != (refused > 0) {
			t.Errorf("at most %.2f USD/h: size says %q, and --why %+v, %v", limit, all[0].Error, why, err)
		}
	}
}
