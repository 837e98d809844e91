// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

const plainSecret = `apiVersion: v1
kind: Secret
metadata:
  name: token
  namespace: team
  annotations:
    syncer.dev/secret: only team/token (Opaque)
stringData:
  HF_TOKEN: s3cret-token
`

func encrypted(t *testing.T, document string, o sopstest.Options) string {
	t.Helper()
	text, err := sopstest.Encrypt(document, o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// loadSecrets loads files with the test key, and returns what can be written with it.
func loadSecrets(t *testing.T, files map[string]string, withKey bool) (*workspace.Set, *keys.Keyring) {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	root := "."
	if files["app/kustomization.yaml"] != "" {
		root = "app"
	}
	o := load.Options{
		Root:       root,
		Namespaces: []string{"team", "default"},
		Objects:    []string{"Secret", "ConfigMap"},
		Build: func(fsys fs.FS, dir string) (load.Built, error) {
			built, err := kustomize.BuildFolder(fsys, dir)
			return load.Built(built), err
		},
	}
	options := keys.Options{}
	if withKey {
		options.AgeKeyFile = filepath.Join(t.TempDir(), "age.txt")
		if err := os.WriteFile(options.AgeKeyFile, []byte(sopstest.Identity), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := keys.New(options)
	if err != nil {
		t.Fatal(err)
	}
	o.Open = ring.Read().Open
	set, err := load.Load(tree, o)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprintf("%+v", set), "s3cret") && !strings.Contains(fmt.Sprint(files), "s3cret") {
		t.Errorf("the Set has a value of the Secret: %+v", set)
	}
	return set, ring
}

func problems(set *workspace.Set) string {
	var lines []string
	for _, p := range set.Problems {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

func TestEncryptedSecret(t *testing.T) {
	set, ring := loadSecrets(t, map[string]string{"secret.yaml": encrypted(t, plainSecret, sopstest.Options{})}, true)
	if len(set.Problems) > 0 || len(set.Objects) != 1 {
		t.Fatalf("%d objects\n%s", len(set.Objects), problems(set))
	}
	o := set.Objects[0]
	if diff := cmp.Diff(&workspace.Encrypted{Keys: []string{"HF_TOKEN"}}, o.Encrypted); diff != "" {
		t.Error(diff)
	}
	meta := o.Content["metadata"].(map[string]any)
	digest, _ := meta["annotations"].(map[string]any)["syncer.dev/encrypted"].(string)
	data, ok := ring.Data("team", "token", digest)
	if !ok || string(data["HF_TOKEN"]) != "s3cret-token" {
		t.Error("the Secret cannot be written")
	}
	if text := fmt.Sprint(o.Content); strings.Contains(text, "s3cret") || strings.Contains(text, "ENC[") ||
		strings.Contains(text, "sops") {
		t.Errorf("%s", text)
	}
}

// TestEncryptedSecretWithoutKey is a notice, and the object stays, so that it is not pruned.
func TestEncryptedSecretWithoutKey(t *testing.T) {
	set, _ := loadSecrets(t, map[string]string{"secret.yaml": encrypted(t, plainSecret, sopstest.Options{})}, false)
	const want = "secret.yaml:1:1: warning: sops: encrypted, unknown: " +
		"no key is configured (configuration: source.decryption)"
	if got := problems(set); got != want || len(set.Objects) != 1 || set.Objects[0].Encrypted.Unknown == "" {
		t.Errorf("%d objects\n%s", len(set.Objects), got)
	}
}

func TestRefusedSecrets(t *testing.T) {
	whole := encrypted(t, plainSecret, sopstest.Options{})
	with := func(old, changed string) string { return strings.Replace(whole, old, changed, 1) }
	elsewhere := strings.ReplaceAll(plainSecret, "team", "kube-system")
	for _, c := range []struct{ name, text, want string }{
		{"plain", plainSecret, "secret.yaml:1:1: error: kind: a plain Secret must not be stored in Git"},
		{
			"half", with("stringData:", "data: {a: aGFsZg==}\nstringData:"),
			"secret.yaml:8:11: error: data.a: is not encrypted",
		},
		{
			"empty", with("stringData:", "stringData:\n    PLAIN: ''"),
			"secret.yaml:9:12: error: stringData.PLAIN: is empty",
		},
		{"tampered", with("Secret\n", "Secret\nimmutable: true\n"), "error: sops.mac: the MAC does not match"},
		{
			"renamed", with("name: token", "name: other"),
			"the Secret belongs to team/token (Opaque), not to team/other (Opaque)",
		},
		{
			"renamed throughout", strings.ReplaceAll(whole, "token", "other"),
			"error: sops.mac: the MAC does not match",
		},
		{
			"shifted into generateName", with("namespace: team", "generateName: team"),
			"secret.yaml:7:28: error: metadata.annotations.syncer.dev/secret: the Secret belongs to team/token (Opaque), " +
				"not to default/",
		},
		{
			"shifted into a label", with("namespace: team", "labels: {x: team}"),
			"the Secret belongs to team/token (Opaque), not to default/token (Opaque)",
		},
		{
			"shifted from the name",
			strings.Replace(with("name: token", "name: to"), "namespace: team", "generateName: kenteam", 1),
			"the Secret belongs to team/token (Opaque), not to default/to (Opaque)",
		},
		{
			"bound to nothing",
			encrypted(t, strings.Replace(plainSecret, "syncer.dev/secret", "example.com/a", 1), sopstest.Options{}),
			`secret.yaml:1:1: error: metadata.annotations.syncer.dev/secret: is required`,
		},
		{
			"a token", encrypted(t, plainSecret+"type: kubernetes.io/service-account-token\n", sopstest.Options{}),
			"is a token, and is not accepted",
		},
		{
			"whole", with("kind: Secret", "kind: ENC[AES256_GCM,data:x]"),
			"kind: is encrypted; only data and stringData may be",
		},
		{"namespace", encrypted(t, elsewhere, sopstest.Options{}), `namespace "kube-system" is not allowed`},
		{"shape", encrypted(t, plainSecret+"spec: {a: b}\n", sopstest.Options{}), "secret.yaml:10:1: error: spec"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, _ := loadSecrets(t, map[string]string{"secret.yaml": c.text}, true)
			got := problems(set)
			if !strings.Contains(got, c.want) || len(set.Objects) > 0 || strings.Contains(got, "s3cret") {
				t.Errorf("%d objects\n%s", len(set.Objects), got)
			}
			if c.name != "namespace" && len(set.Unreadable) == 0 {
				t.Error("what was live of it could be pruned")
			}
		})
	}
}

// TestKustomizedSecret lets a kustomization change what the MAC does not cover, and nothing else.
func TestKustomizedSecret(t *testing.T) {
	const folder = "resources: [../secret.yaml]\n"
	const target = "apiVersion: v1, kind: Secret, metadata: {name: token, namespace: team}"
	bare := strings.Replace(plainSecret, "  namespace: team\n", "", 1)
	for _, c := range []struct {
		name, secret, kustomization string
		only                        bool
		want                        string // of the Problem; empty if there is none
		object                      string // namespace/name that can be written
	}{
		{name: "listed", secret: plainSecret, object: "team/token"},
		{name: "labels", secret: plainSecret, kustomization: "labels: [{pairs: {a: b}}]\n", object: "team/token"},
		{name: "a namespace for none", secret: bare, kustomization: "namespace: team\n", object: "team/token"},
		{
			name: "another namespace", secret: plainSecret, kustomization: "namespace: default\n",
			want: "secret.yaml:7:28: error: metadata.annotations.syncer.dev/secret: Secret/token: " +
				"the Secret belongs to team/token",
		},
		{
			name: "another name", secret: plainSecret, kustomization: "namePrefix: a-\n",
			want: "secret.yaml:7:28: error: metadata.annotations.syncer.dev/secret: Secret/a-token: " +
				"the Secret belongs to team/token",
		},
		{
			name: "another namespace for none", secret: bare, kustomization: "namespace: default\n",
			want: "the Secret belongs to team/token (Opaque), not to default/token (Opaque)",
		},
		{
			name: "the name of the author", secret: strings.Replace(plainSecret, "/token", "/a-token", 1),
			kustomization: "namePrefix: a-\n", object: "team/a-token",
		},
		{
			name: "another annotation", secret: plainSecret, object: "team/token",
			kustomization: "commonAnnotations: {syncer.dev/secret: only default/token (Opaque)}\n",
		},
		{
			name: "another name that is free", secret: plainSecret, only: true,
			kustomization: "namePrefix: a-\n", object: "team/a-token",
		},
		{
			name: "a value", secret: plainSecret,
			kustomization: "patches: [{patch: '{" + target + ", stringData: {HF_TOKEN: mine}}'}]\n",
			want:          "stringData.HF_TOKEN: Secret/token: is not encrypted",
		},
		{
			name: "a type", secret: plainSecret,
			kustomization: "patches: [{patch: '{" + target + ", type: example.com/a}'}]\n",
			want:          "type: Secret/token: the kustomization in app changes it",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, ring := loadSecrets(t, map[string]string{
				"secret.yaml":            encrypted(t, c.secret, sopstest.Options{MACOnlyEncrypted: c.only}),
				"app/kustomization.yaml": folder + c.kustomization,
			}, true)
			got := problems(set)
			if c.want != "" {
				if !strings.Contains(got, c.want) || len(set.Objects) > 0 {
					t.Errorf("%d objects\n%s", len(set.Objects), got)
				}
				return
			}
			for _, p := range set.Problems {
				if p.Severity == diag.Error {
					t.Errorf("%v", p)
				}
			}
			if len(set.Objects) != 1 {
				t.Fatalf("%d objects\n%s", len(set.Objects), got)
			}
			o := set.Objects[0]
			meta := o.Content["metadata"].(map[string]any)
			if name := fmt.Sprintf("%s/%s", meta["namespace"], meta["name"]); name != c.object {
				t.Errorf("%s, want %s", name, c.object)
			}
			digest, _ := meta["annotations"].(map[string]any)["syncer.dev/encrypted"].(string)
			if data, ok := ring.Data(meta["namespace"].(string), meta["name"].(string), digest); !ok ||
				string(data["HF_TOKEN"]) != "s3cret-token" {
				t.Error("the Secret cannot be written")
			}
			if o.Source.Path != "app" {
				t.Errorf("source %s", o.Source.Path)
			}
		})
	}
}

// TestKustomizedSecretIsDamaged reports the damage in the file, not in the output.
func TestKustomizedSecretIsDamaged(t *testing.T) {
	text := encrypted(t, plainSecret, sopstest.Options{})
	text = strings.Replace(text, "stringData:", "data: {a: aGFsZg==}\nstringData:", 1)
	set, _ := loadSecrets(t, map[string]string{
		"app/secret.yaml": text, "app/kustomization.yaml": "resources: [secret.yaml]\n",
	}, true)
	const want = "app/secret.yaml:8:11: error: data.a: Secret/token: is not encrypted"
	if got := problems(set); !strings.Contains(got, want) {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"app"}, set.Unreadable); diff != "" {
		t.Error(diff)
	}
}
