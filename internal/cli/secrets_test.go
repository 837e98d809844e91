// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/redact/redacttest"
)

// planted returns files with every secret wherever a text may stand.
func planted() map[string]string {
	files := map[string]string{}
	annotations, config, args, env := map[string]any{}, map[string]any{}, []any{"serve"}, []any{}
	binary := map[string]any{}
	for i, s := range redacttest.Secrets() {
		name := fmt.Sprintf("a%d", i)
		annotations["example.com/"+name], config[name] = s.Form, "first\n"+s.Form+"\nlast\n"
		binary["b"+name] = base64.StdEncoding.EncodeToString([]byte("first\n" + s.Form + "\n"))
		args = append(args, s.Form, "--token", s.Bare, "--api-key="+s.Bare)
		env = append(env,
			map[string]any{"name": "HF_TOKEN_" + fmt.Sprint(i), "value": s.Bare},
			map[string]any{"name": "A" + fmt.Sprint(i), "value": s.Form})
		for where, document := range map[string]any{
			"name":   object("kaito.sh/v1beta1", "Workspace", s.Form, "inference", usingPreset("phi-4")),
			"preset": object("kaito.sh/v1beta1", "Workspace", name, "inference", usingPreset(s.Form)),
			"size": object(
				"kaito.sh/v1beta1",
				"Workspace",
				name+"s",
				"inference",
				usingPreset("phi-4"),
				"resource",
				map[string]any{"instanceType": s.Form},
			),
			"secret": object("kaito.sh/v1beta1", "Workspace", name+"t", "inference", map[string]any{
				"preset": map[string]any{
					"name":          "phi-4",
					"presetOptions": map[string]any{"modelAccessSecret": s.Bare},
				}, "config": s.Form,
			}),
			"kind":   object("v1", s.Form, name),
			"field":  object("kaito.sh/v1beta1", "Workspace", name+"f", s.Form, "x"),
			"object": object("v1", "ConfigMap", s.Form, "data", map[string]any{s.Form: s.Form}),
		} {
			files[fmt.Sprintf("broken/%d-%s.yaml", i, where)] = text(document)
		}
		if !strings.ContainsAny(s.Form, `/\"`) {
			files["broken/"+s.Form+".yaml"] = "a: ["
			files["broken/"+s.Form+".patch.yaml"] = "a: b"
		}
	}
	config["key.pem"] = "-----BEGIN PRIVATE KEY-----\nnever shown\n-----END PRIVATE KEY-----\n"
	served := object("kaito.sh/v1beta1", "Workspace", "phi", "inference", map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": annotations},
		"spec": map[string]any{
			"containers": []any{map[string]any{"name": "c", "image": "i:v1", "args": args, "env": env}},
		},
	}}, "resource", map[string]any{
		"instanceType": "Standard_NC24ads_A100_v4", "labelSelector": map[string]any{
			"matchLabels": map[string]any{"app": "phi"},
		},
	})
	served["metadata"].(map[string]any)["annotations"] = annotations
	files["good/phi.yaml"] = text(served)
	files["good/config.yaml"] = text(object("v1", "ConfigMap", "planted", "data", config, "binaryData", binary))
	files["good/secret.yaml"] = text(object("v1", "Secret", "plain", "stringData", map[string]any{"a": "never shown"}))
	files["syncer.yaml"] = "apiVersion: syncer.dev/v1alpha1\nkind: Config\ncluster: demo\nobjects: [ConfigMap, Secret]\n"
	return files
}

func object(version, kind, name string, fields ...any) map[string]any {
	out := map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name}}
	for i := 0; i < len(fields); i += 2 {
		out[fields[i].(string)] = fields[i+1]
	}
	return out
}

func usingPreset(name string) map[string]any {
	return map[string]any{"preset": map[string]any{"name": name}}
}

func text(v any) string {
	data, err := yaml.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// TestNoCommandShowsSecrets runs the commands on a repository that is full of secrets.
func TestNoCommandShowsSecrets(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Commit(map[string]string{"README.md": "x", "syncer.yaml": planted()["syncer.yaml"]}, "one")
	r.Commit(planted(), "two")
	dir := t.TempDir()
	for name, content := range planted() {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	good, broken := filepath.Join(dir, "good"), filepath.Join(dir, "broken")
	commands := [][]string{
		{"render", good},
		{"render", good, "-o", "json"},
		{"size", good},
		{"size", good, "-o", "json"},
		{"size", broken, "--all"},
		{"plan", "--repo", r.Dir, "--base", "HEAD~1", "--head", "HEAD"},
		{"plan", "--repo", r.Dir, "--base", "HEAD~1", "--head", "HEAD", "-o", "json"},
		{"validate", dir, "--old", good},
	}
	for _, format := range diag.Formats {
		commands = append(commands, []string{"validate", good, broken, "--format", format})
	}
	for _, s := range redacttest.Secrets() {
		commands = append(commands,
			[]string{"validate", s.Form}, []string{"plan", "--set", "source.url=" + s.Form}, []string{"status", "--set", s.Form},
			[]string{"status", "--config", s.Form}, []string{"status", "--set", "cluster=a", "--set", "source.url=" + s.Form},
			[]string{"presets", "show", s.Form}, []string{"size", "--preset", s.Form}, []string{s.Form},
			[]string{"render", "--" + s.Form},
		)
	}
	for _, args := range commands {
		var out, talk bytes.Buffer
		std := Stdio{In: strings.NewReader(""), Out: &out, Err: &talk, Env: func(string) (string, bool) { return "", false }}
		Run(t.Context(), args, std)
		if out.Len()+talk.Len() == 0 {
			t.Errorf("%q says nothing", args)
		}
		name := strings.Join(args[:min(2, len(args))], " ")
		redacttest.Look(t, name+" on standard output", out.String())
		redacttest.Look(t, name+" on standard error", talk.String())
		if strings.Contains(out.String()+talk.String(), "never shown") {
			t.Errorf("%q shows the data of a Secret or a private key:\n%s", args, out.String())
		}
		if len(args) > 2 && args[0] == "render" && !strings.Contains(talk.String(), "secrets are not printed") {
			t.Errorf("%q leaves values out, and does not say so: %s", args, talk.String())
		}
	}
}
