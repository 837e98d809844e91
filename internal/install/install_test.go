// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	plainyaml "sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/testenv/tooltest"
)

// The folder of the generated files, and the version that they install.
const (
	deploy  = "../../deploy"
	version = "0.1.0"
)

// example is the installation of deploy: with the configuration of the example repository.
func example(t *testing.T) Options {
	t.Helper()
	text, err := os.ReadFile("../../example-repo/syncer.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return Options{Image: Repository + ":v" + version, Config: string(text), Settings: config.Default()}
}

func objects(t *testing.T, o Options) []byte {
	t.Helper()
	all, err := Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	text, err := YAML(all)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

// TestDeploy: the files of the repository are what this package makes.
func TestDeploy(t *testing.T) {
	o := example(t)
	all, err := Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Base(all)
	if err != nil {
		t.Fatal(err)
	}
	chart, err := Chart(version, o.Config)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range chart {
		files["chart/"+name] = text
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		golden.Equal(t, filepath.Join(deploy, name), files[name])
	}
	for _, pattern := range []string{"*.yaml", "chart/*.yaml", "chart/templates/*"} {
		found, err := filepath.Glob(filepath.Join(deploy, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			name, _ := filepath.Rel(deploy, file)
			if _, made := files[name]; !made {
				t.Errorf("%s is not generated any more: remove it", file)
			}
		}
	}
}

// TestKustomize: stock Kustomize builds the same objects from deploy as "syncer install" prints.
func TestKustomize(t *testing.T) {
	out, err := tooltest.Kustomize(deploy)
	if err != nil {
		t.Fatal(err)
	}
	same(t, objects(t, example(t)), out)
}

// TestHelm: the chart has the same objects as "syncer install" for the same options, but the namespace, which Helm
// makes.
func TestHelm(t *testing.T) {
	sealed, shared, karpenter, few := config.Default(), config.Default(), config.Default(), config.Default()
	sealed.Source.Decryption.AzureKeyVault.Vaults = []string{"https://models.vault.azure.net"}
	sealed.Objects = []string{
		"ConfigMap", "Secret", "NetworkPolicy.networking.k8s.io", "Gateway.gateway.networking.k8s.io", "Pod", "Secret",
	}
	shared.Namespaces, shared.Impersonate = []string{"red", "blue"}, "deployer"
	karpenter.Capacity.Karpenter.NodeClass = config.NodeClass{
		Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "gpu",
	}
	few.Objects, few.Impersonate = []string{"Job.batch", "Widget.example.com"}, "deployer"
	for _, tt := range []struct {
		name   string
		change func(*Options)
		values string
	}{
		{"default", func(*Options) {}, "{}"},
		{
			"identity and image",
			func(o *Options) { o.ClientID, o.Replicas, o.Image = "1234", 3, "registry.example.com/s@sha256:abc" },
			"{clientID: '1234', replicas: 3, image: 'registry.example.com/s@sha256:abc'}",
		},
		{
			"another namespace", func(o *Options) { o.Namespace = "platform" }, "{}",
		},
		{
			"vaults", func(o *Options) { o.Settings = sealed },
			"{config: {objects: [ConfigMap, Secret, NetworkPolicy.networking.k8s.io, " +
				"Gateway.gateway.networking.k8s.io, Pod, Secret], " +
				"source: {decryption: {azureKeyVault: {vaults: [https://models.vault.azure.net]}}}}}",
		},
		{
			"namespaces and impersonation", func(o *Options) { o.Settings = shared },
			"{config: {namespaces: [red, blue], impersonate: deployer}}",
		},
		{
			"tokens open the page", func(o *Options) { o.Settings.Page.Access = config.AccessToken },
			"{config: {page: {access: token}}}",
		},
		{
			"karpenter", func(o *Options) { o.Settings, o.NodePools = karpenter, true },
			"{config: {capacity: {mode: karpenter, " +
				"karpenter: {nodeClass: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}}}}}",
		},
		{
			"another kind and impersonation", func(o *Options) { o.Settings = few },
			"{config: {objects: [Job.batch, Widget.example.com], impersonate: deployer}}",
		},
		{
			"no kinds", func(o *Options) { o.Settings.Objects = []string{} }, "{config: {objects: []}}",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := example(t)
			tt.change(&o)
			values := filepath.Join(t.TempDir(), "values.yaml")
			if err := os.WriteFile(values, []byte(tt.values), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := tooltest.Helm("template", "models", filepath.Join(deploy, "chart"),
				"--namespace", o.complete().Namespace, "--values", values)
			if err != nil {
				t.Fatal(err)
			}
			want := read(t, objects(t, o))
			maps.DeleteFunc(want, func(name string, _ *unstructured.Unstructured) bool {
				return strings.HasPrefix(name, "Namespace ")
			})
			got := read(t, out)
			merged := merge(t, o.Config, tt.values)
			for _, of := range []map[string]*unstructured.Unstructured{want, got} {
				compareConfig(t, of, merged)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-syncer +helm)\n%s", diff)
			}
		})
	}
	if _, err := tooltest.Helm("lint", "--strict", filepath.Join(deploy, "chart")); err != nil {
		t.Error(err)
	}
}

// merge returns the configuration with that of values laid over it.
func merge(t *testing.T, text, values string) map[string]any {
	t.Helper()
	var under map[string]any
	var over struct{ Config map[string]any }
	if err := plainyaml.Unmarshal([]byte(text), &under); err != nil {
		t.Fatal(err)
	}
	if err := plainyaml.Unmarshal([]byte(values), &over); err != nil {
		t.Fatal(err)
	}
	lay(under, over.Config)
	return under
}

func lay(under, over map[string]any) {
	for k, v := range over {
		a, isMap := under[k].(map[string]any)
		if b, both := v.(map[string]any); isMap && both {
			lay(a, b)
			continue
		}
		under[k] = v
	}
}

// compareConfig removes the configuration from objects. That of the chart has to say what it was given; it has neither
// comments nor the order of the file.
func compareConfig(t *testing.T, all map[string]*unstructured.Unstructured, want map[string]any) {
	t.Helper()
	for name, o := range all {
		if o.GetKind() != "ConfigMap" {
			continue
		}
		text, _, _ := unstructured.NestedString(o.Object, "data", "syncer.yaml")
		unstructured.RemoveNestedField(o.Object, "data")
		if strings.Contains(text, "#") { // the file as it is
			continue
		}
		var got map[string]any
		if err := plainyaml.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// same compares two streams of objects.
func same(t *testing.T, want, got []byte) {
	t.Helper()
	if diff := cmp.Diff(read(t, want), read(t, got)); diff != "" {
		t.Error(diff)
	}
}

// read returns the objects of a stream, by kind and name.
func read(t *testing.T, text []byte) map[string]*unstructured.Unstructured {
	t.Helper()
	out := map[string]*unstructured.Unstructured{}
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := dec.Decode(o)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(o.Object) == 0 {
			continue
		}
		name := fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
		if out[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		out[name] = o
	}
}

// TestCheck: what a cluster would refuse, and what would take a namespace from others, is refused before it is printed.
func TestCheck(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0f", 32)
	for _, tt := range []struct {
		change func(*Options)
		want   string // "" for fine
	}{
		{func(*Options) {}, ""},
		{func(o *Options) { o.Image = "registry.example.com:5000/team/syncer:v1.2" }, ""},
		{func(o *Options) { o.Image = "registry.example.com/syncer:v1" + digest }, ""},
		{func(o *Options) { o.Image = "syncer" + digest }, ""},
		{func(o *Options) { o.Namespace = "Foo_Bar" }, "--namespace:"},
		{func(o *Options) { o.Namespace = "a/b" }, "--namespace:"},
		{func(o *Options) { o.Namespace = "kube-system" }, "pods of others"},
		{func(o *Options) { o.Namespace = "red"; o.Settings.Namespaces = []string{"red"} }, "namespaces of Workspaces"},
		{func(o *Options) { o.Replicas = -3 }, "--replicas:"},
		{func(o *Options) { o.Image = "UPPER:x" }, "--image:"},
		{func(o *Options) { o.Image = "example.com/syncer" }, "--image:"},
		{func(o *Options) { o.Image = "a:b\n---\nkind: Evil" }, "--image:"},
		{func(o *Options) { o.Image = "a:b@@c" }, "--image:"},
		{func(o *Options) { o.ClientID = "1\n2" }, "--client-id:"},
	} {
		o := example(t)
		tt.change(&o)
		switch err := o.Check(); {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s %s %d %s: %v, want %q", o.Namespace, o.Image, o.Replicas, o.ClientID, err, tt.want)
		}
	}
}

// TestRemoved: the namespace goes with syncer only if nothing else can be in it.
func TestRemoved(t *testing.T) {
	for _, tt := range []struct {
		namespace  string
		workspaces []string
		goes       bool
	}{
		{"", []string{"default"}, true},
		{"platform", []string{"default"}, false},
		{"syncer", []string{"syncer"}, false},
	} {
		o := example(t)
		o.Namespace, o.Settings.Namespaces = tt.namespace, tt.workspaces
		all, err := Objects(o)
		if err != nil {
			t.Fatal(err)
		}
		removed := Removed(o, all)
		last := removed[len(removed)-1].GetObjectKind().GroupVersionKind().Kind
		if (last == "Namespace") != tt.goes || strings.Contains(Stays(o), "with the Secret") == tt.goes {
			t.Errorf("%q, with Workspaces in %q: the last is %s, and\n%s", tt.namespace, tt.workspaces, last, Stays(o))
		}
	}
}
