// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/resultsdir"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// nasty is text that means something to a shell, to YAML, to Kustomize or to Kubernetes.
var nasty = []string{
	`'; touch /tmp/owned; '`, "$(touch /tmp/owned)", "`touch /tmp/owned`", `"; exit 0; "`, "a\nb: c", "--flag",
	"${HF_TOKEN}", "$(HF_TOKEN)",
	"*", "~", "{}", "[]", "&a", "*a", "!!binary x", "|", "# x", "null", "true", "1e3", "\u2028", "a b", "$$", "$", "%s",
	`\`, "日本",
}

// TestNothingIsInterpolated renders the same Workspaces with harmless and with nasty values. Commands and scripts must
// be the same byte for byte: what a user writes can be the value of a variable, an argument or the name of something,
// and nothing else.
func TestNothingIsInterpolated(t *testing.T) {
	serve := func(v string) *workspace.Workspace {
		return serving(
			"phi-4",
			annotate(wellknown.AnnotationPerformance, v),
			annotate("kaito.sh/runtime", v),
			func(w *workspace.Workspace) {
				w.Inference.Preset.Options.ModelAccessSecret = v
				w.Inference.Preset.Options.ImagePullSecrets = []string{v}
				w.Inference.Config = v
				w.Labels = map[string]string{"inferenceset.kaito.sh/created-by": v}
				w.Inference.Adapters = []workspace.Adapter{
					{Source: &workspace.DataSource{Name: "a", Image: v, ImagePullSecrets: []string{v}}},
					{Source: &workspace.DataSource{Name: "b", Volume: memo.Object{"hostPath": memo.Object{"path": v}, "name": v}}},
				}
			},
		)
	}
	train := func(v string) *workspace.Workspace {
		return training("phi-4", func(w *workspace.Workspace) {
			w.Tuning.Config = v
			w.Tuning.Input.URLs = []string{
				"https://example.com/" + strings.ReplaceAll(v, "%", ""),
				"https://example.com/?" + strings.ReplaceAll(v, "\n", ""),
			}
			w.Tuning.Output = &workspace.DataDestination{Image: v, ImagePushSecret: v}
		})
	}
	pull := func(v string) *workspace.Workspace {
		return training("phi-4", func(w *workspace.Workspace) {
			w.Tuning.Input = &workspace.DataSource{Name: v, Image: v, ImagePullSecrets: []string{v}}
		})
	}
	nodes := func(v string) *workspace.Workspace {
		return serving("phi-4", func(w *workspace.Workspace) { w.Name, w.Namespace = "x"+strings.TrimSpace(v), "y"+v })
	}
	makers := map[string]func(string) *workspace.Workspace{"serve": serve, "train": train, "pull": pull, "nodes": nodes}
	for name, build := range makers {
		at := Placement{Pool: "p", NodeLabels: map[string]string{"a": "b"}}
		if name == "nodes" {
			at.Nodes = 2
		}
		want := commands(mustRender(t, build("harmless"), at, privileged))
		for _, v := range nasty {
			at.Pool, at.NodeLabels["a"] = v, v
			b, err := render(t, build(v), at, privileged)
			if err != nil {
				// Refusing is fine, as long as it is the value that is refused and nothing panicked.
				if strings.Contains(err.Error(), "panicked") {
					t.Errorf("%s with %q: %v", name, v, err)
				}
				continue
			}
			if got := commands(b); got != want {
				t.Errorf("%s: %q changed a command:\n%s\nwithout it:\n%s", name, v, got, want)
			}
			if got := string(text(t, b)); strings.Contains(got, "\nb: c") {
				t.Errorf("%s: %q became YAML:\n%s", name, v, got)
			}
		}
	}
}

// hostileJobs are Workspaces of which the text is nasty, or looks like something that is written in the catalogue.
func hostileJobs(c *preset.Catalog) []job {
	var out []job
	phi, _ := c.Lookup("phi-4")
	words := []string{
		"model", "1", "model-headless", "kaito-base", "skopeo", "pusher", "default", "StatefulSet", "qlora-params-template",
		"puller", "dshm",
		"config-volume", "data-volume", "w", "w-headless", "http", memo.TokenPrefix + "0-zz", "x" + memo.TokenPrefix + "1-zz",
	}
	for _, v := range append(slices.Clone(nasty), words...) {
		w := serving("phi-4", func(w *workspace.Workspace) {
			w.Name, w.Namespace = "w", strings.TrimSpace(v)
			w.Inference.Preset.Options.ModelAccessSecret = v
			w.Inference.Preset.Options.ImagePullSecrets = []string{v, "w", v}
			w.Inference.Config = v
			w.Labels = map[string]string{"inferenceset.kaito.sh/created-by": v}
			for i, name := range []string{"a", strings.Trim(v, "-"), "model-weights-volume"} {
				w.Inference.Adapters = append(
					w.Inference.Adapters,
					workspace.Adapter{Source: &workspace.DataSource{Name: name, Image: v, ImagePullSecrets: []string{v}}},
					workspace.Adapter{
						Source: &workspace.DataSource{
							Name:   fmt.Sprintf("v%d", i),
							Volume: memo.Object{"hostPath": memo.Object{"path": v, "extra": nil}, "name": v},
						},
					},
					workspace.Adapter{
						Source: &workspace.DataSource{
							Name:   fmt.Sprintf("p%d", i),
							Volume: memo.Object{"$patch": "delete", "emptyDir": memo.Object{}},
						},
					},
				)
				if v == "1" {
					w.Inference.Adapters[0].Source.Name = "v0" // twice the same
				}
			}
		})
		out = append(
			out,
			job{w, phi, Placement{Pool: v, NodeLabels: map[string]string{v: v}}, Options{Cluster: v, Source: v}},
		)
		out = append(out, job{training("phi-4", func(w *workspace.Workspace) {
			w.Name = "w" + strings.Trim(v, "-")
			w.Tuning.Config = v
			w.Tuning.Input = &workspace.DataSource{Volume: memo.Object{"name": v, "configMap": memo.Object{"name": v}}}
			w.Tuning.Output = &workspace.DataDestination{Image: v, ImagePushSecret: v}
			w.Tuning.Preset.Options.ModelAccessSecret = v
		}), phi, Placement{}, options})
		out = append(
			out,
			job{
				&workspace.Workspace{
					Key: workspace.Key{Namespace: "default", Name: "own"},
					Inference: &workspace.Inference{Template: memo.Object{
						"metadata": memo.Object{"labels": memo.Object{"a": v}, "annotations": memo.Object{"b": v}},
						"spec": memo.Object{
							"containers": memo.List{memo.Object{"name": v, "image": v, "args": memo.List{v, nil, 1.5, int64(3)}}},
							v:            memo.Object{},
						},
					}},
				},
				preset.Preset{},
				Placement{},
				options,
			},
		)
	}
	return out
}

// commands are the commands of all containers and of all their probes.
func commands(b Bundle) string {
	var out strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case memo.Object:
			if c, ok := v["command"].(memo.List); ok {
				for _, line := range c {
					out.WriteString(line.(string) + "\n")
				}
			}
			for _, key := range []string{
				"spec", "template", "initContainers", "containers",
				"startupProbe", "livenessProbe", "readinessProbe", "exec",
			} {
				walk(v[key])
			}
		case memo.List:
			for _, item := range v {
				walk(item)
			}
		}
	}
	for _, o := range b.Objects {
		walk(o.Object)
	}
	return out.String()
}

// TestLiteral: Kubernetes replaces $(NAME) in values of variables and in arguments. Text of users must come out as it
// went in.
func TestLiteral(t *testing.T) {
	b := mustRender(
		t,
		training("phi-4", func(w *workspace.Workspace) { w.Tuning.Output.Image = "r.io/$(HF_TOKEN)/$x:1" }),
		Placement{},
		options,
	)
	job := b.Objects[len(b.Objects)-1]
	init, _, _ := unstructured.NestedSlice(job.Object, "spec", "template", "spec", "initContainers")
	for _, c := range init {
		for _, e := range c.(memo.Object)["env"].(memo.List) {
			if e := e.(memo.Object); e["name"] == "OUTPUT_IMAGE" {
				if e["value"] != "r.io/$$(HF_TOKEN)/$$x:1" {
					t.Errorf("OUTPUT_IMAGE is %q", e["value"])
				}
				return
			}
		}
	}
	t.Error("no variable OUTPUT_IMAGE")
}

func TestResultsDir(t *testing.T) {
	for dir, want := range map[string]string{ // "": refused
		"/mnt/results": "/mnt/results", "/mnt/a/../b/": "/mnt/b", "out": "/mnt/out", "/data2": "/mnt/data2",
		"/data/x": "", "../x": "", "/mnt": "", "/mnt/../etc": "", "/mnt/config": "",
	} {
		got, err := resultsdir.Of(
			map[string]string{"training_config.yaml": "training_config: {TrainingArguments: {output_dir: \"" + dir + "\"}}"},
			configDir, dataDir,
		)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("output_dir %q became %q, %v; want %q", dir, got, err, want)
		}
	}
	noDir := map[string]string{"training_config.yaml": "training_config: {}"}
	if got, err := resultsdir.Of(noDir, configDir, dataDir); err != nil ||
		got != "/mnt/output" {
		t.Errorf("without output_dir: %q, %v", got, err)
	}
	if got, err := resultsdir.Of(nil, configDir, dataDir); err != nil || got != "/mnt/results" {
		t.Errorf("without a configuration: %q, %v", got, err)
	}
	if _, err := resultsdir.Of(map[string]string{"training_config.yaml": "[1"}, configDir, dataDir); err == nil {
		t.Error("no error for a configuration that is not YAML")
	}
}

func TestStartupTries(t *testing.T) {
	const gib = 1 << 30
	for bytes, want := range map[int64]int{0: 180, gib: 180, 100 * gib: 270, 640 * gib: 1080} {
		if got := startupTries(bytes); got != want {
			t.Errorf("startupTries(%d GiB) = %d, want %d", bytes/gib, got, want)
		}
	}
}
