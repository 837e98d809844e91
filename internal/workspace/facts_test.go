package workspace_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/workspace"
)

const onBrought = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {labelSelector: {matchLabels: {pool: gpu}}}
inference: {preset: {name: phi-4}}
`

// gpuNode is a Node as the repository may describe it.
func gpuNode(name, labels string) string {
	return fmt.Sprintf("---\napiVersion: v1\nkind: Node\nmetadata: {name: %s, labels: {%s}}\n", name, labels)
}

const a100 = "pool: gpu, nvidia.com/gpu.product: A100, nvidia.com/gpu.count: '1', nvidia.com/gpu.memory: '81920'"

func TestBrought(t *testing.T) {
	const at = "a.yaml:4:12: error: resource.labelSelector: "
	for name, tt := range map[string]struct{ text, want string }{
		"good":             {onBrought + gpuNode("n1", a100) + gpuNode("n2", a100), ""},
		"nobody looked":    {onBrought, "a.yaml:4:12: warning: resource.labelSelector: which nodes match is not known here"},
		"none matches":     {onBrought + gpuNode("n1", "pool: cpu"), at + "no node has these labels"},
		"all match":        {strings.Replace(onBrought, "{pool: gpu}", "{}", 1) + gpuNode("n1", a100), ""},
		"no count":         {onBrought + gpuNode("n1", strings.Replace(a100, "gpu.count", "gpu.counts", 1)), at + "node n1 has no usable labels"},
		"count of words":   {onBrought + gpuNode("n1", strings.Replace(a100, "'1'", "many", 1)), at + "node n1 has no usable labels"},
		"no memory":        {onBrought + gpuNode("n1", strings.Replace(a100, "gpu.memory", "gpu.mem", 1)), at + "node n1 has no usable labels"},
		"products":         {onBrought + gpuNode("n1", a100) + gpuNode("n2", strings.Replace(a100, "A100", "H100", 1)), at + "the nodes are not alike: nvidia.com/gpu.product is A100 on n1 and H100 on n2"},
		"counts":           {onBrought + gpuNode("n1", a100) + gpuNode("n2", strings.Replace(a100, "'1'", "'2'", 1)), at + "the nodes are not alike: nvidia.com/gpu.count"},
		"memories":         {onBrought + gpuNode("n1", a100) + gpuNode("n2", strings.Replace(a100, "81920", "40960", 1)), at + "the nodes are not alike: nvidia.com/gpu.memory"},
		"same GiB":         {onBrought + gpuNode("n1", a100) + gpuNode("n2", strings.Replace(a100, "81920", "81559", 1)), ""},
		"other pool":       {onBrought + gpuNode("n1", a100) + gpuNode("n2", "pool: cpu"), ""},
		"too small":        {onBrought + gpuNode("n1", strings.Replace(a100, "81920", "16384", 1)), at + "16 GiB of GPU memory (nodes: 1) are too little for the weights of phi-4, 27.3 GiB"},
		"enough of them":   {onBrought + gpuNode("n1", strings.Replace(a100, "81920", "16384", 1)) + gpuNode("n2", strings.Replace(a100, "81920", "16384", 1)), ""},
		"bypassed":         {strings.Replace(onBrought, "{name: phi}", "{name: phi, annotations: {kaito.sh/bypass-resource-checks: ''}}", 1) + gpuNode("n1", strings.Replace(a100, "81920", "16384", 1)), "warning: resource.labelSelector: 16 GiB of GPU memory"},
		"size":             {strings.Replace(onBrought, "{labelS", "{instanceType: Standard_NC24ads_A100_v4, labelS", 1) + gpuNode("n1", a100), "error: resource.instanceType: must be empty"},
		"size in v1alpha1": {strings.NewReplacer("{labelS", "{instanceType: Standard_NC24ads_A100_v4, labelS", "v1beta1", "v1alpha1").Replace(onBrought) + gpuNode("n1", a100), "warning: resource.instanceType: is not used"},
		"template":         {strings.Replace(onBrought, "preset: {name: phi-4}", "template: {spec: {containers: [{name: c, image: i}]}}", 1), ""},
		"mig":              {strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: 3g.40gb}, labelS", 1), ""},
		"small slice":      {strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: 1g.10gb}, labelS", 1), "a.yaml:4:35: error: resource.partition.profile: the weights of phi-4 (27.3 GiB) exceed the slice 1g.10gb"},
		"no such slice":    {strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: 3g.41gb}, labelS", 1), `no GPU has the MIG profile "3g.41gb" (known: 3g.20gb, 3g.40gb`},
		"bad slice":        {strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: half}, labelS", 1), `"half" is not a MIG profile`},
		"mig count":        {strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: 3g.40gb, count: 1}, labelS", 1), "error: resource.partition.count: is only for mode accelerator"},
		"accelerator":      {strings.Replace(onBrought, "{labelS", "{partition: {mode: accelerator, count: 2}, labelS", 1), ""},
		"no accelerator":   {strings.Replace(onBrought, "{labelS", "{partition: {mode: accelerator, count: 0}, labelS", 1), "error: resource.partition.count: must be at least 1"},
		"how many":         {strings.Replace(onBrought, "{labelS", "{partition: {mode: accelerator}, labelS", 1), "error: resource.partition.count: not given"},
		"mode":             {strings.Replace(onBrought, "{labelS", "{partition: {mode: half}, labelS", 1), `error: resource.partition.mode: "half" is not a mode`},
	} {
		_, problems := problemsOf(t, tt.text, workspace.Env{Brought: true, ClosedWorld: true, Size: sizeOf})
		if tt.want == "" && problems != "" || !strings.Contains(problems, tt.want) || strings.Count(problems, "\n") > 1 {
			t.Errorf("%s: want %q\n%s", name, tt.want, problems)
		}
	}
	if _, problems := problemsOf(t, strings.Replace(onBrought, "{labelS", "{partition: {mode: mig, profile: 3g.40gb}, labelS", 1), workspace.Env{}); !strings.Contains(problems, "only on nodes that are brought") {
		t.Error(problems)
	}
}

// TestMemoryOfSizes lists what KAITO's coarse rules say about a size that is named: nothing for vLLM in v1beta1.
func TestMemoryOfSizes(t *testing.T) {
	text := strings.NewReplacer("NC24ads_A100_v4", "NV36ads_A10_v5", "phi-4-mini-instruct", "phi-4").Replace(served)
	for name, tt := range map[string]struct{ text, want string }{
		"v1beta1":           {text, ""},
		"v1alpha1":          {strings.Replace(text, "v1beta1", "v1alpha1", 1), "5:3: error: resource.instanceType: 24 GiB of GPU memory (nodes: 1) are too little for the weights of phi-4, 27.3 GiB"},
		"v1alpha1, two":     {strings.NewReplacer("v1beta1", "v1alpha1", "resource:\n", "resource:\n  count: 2\n").Replace(text), "max-model-len is required"},
		"transformers":      {strings.Replace(text, "{name: phi}", "{name: phi, annotations: {kaito.sh/runtime: transformers}}", 1), "5:3: error: resource.instanceType: 24 GiB"},
		"transformers, two": {strings.NewReplacer("{name: phi}", "{name: phi, annotations: {kaito.sh/runtime: transformers}}", "resource:\n", "resource:\n  count: 2\n").Replace(text), "error: resource.count: the transformers runtime cannot spread"},
		"auto":              {strings.NewReplacer("v1beta1", "v1alpha1", "Standard_NV36ads_A10_v5", "auto").Replace(text), ""},
		"retired":           {strings.NewReplacer("v1beta1", "v1alpha1", "Standard_NV36ads_A10_v5", "Standard_NC6s_v3").Replace(text), ""},
	} {
		_, problems := problemsOf(t, tt.text, workspace.Env{Size: sizeOf})
		if tt.want == "" && problems != "" || !strings.Contains(problems, tt.want) || strings.Count(problems, "\n") > 1 {
			t.Errorf("%s: want %q\n%s", name, tt.want, problems)
		}
	}
}

func TestReferences(t *testing.T) {
	const external = "---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: any}\nspec: {target: {name: push}}\n"
	const sealed = "---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: pusj}\n"
	config := strings.Replace(served, "  preset:", "  config: conf\n  preset:", 1)
	const configMap = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {inference_config.yaml: 'vllm: {}'}\n"
	volume := strings.Replace(tuned, "urls: [\"https://example.com/a\"]", "volumeSource: {persistentVolumeClaim: {claimName: data}}", 1)
	live := workspace.Facts{
		Secrets:    map[workspace.Key]bool{{Namespace: "default", Name: "pusch"}: true},
		Claims:     map[workspace.Key]bool{{Namespace: "default", Name: "data"}: true},
		ConfigMaps: map[workspace.Key]map[string]string{{Namespace: "default", Name: "conf"}: {"inference_config.yaml": "vllm: {max-model-len: 9999999}"}},
	}
	for name, tt := range map[string]struct {
		text string
		env  workspace.Env
		want string
	}{
		"secret, nobody looked":    {tuned, workspace.Env{}, ""},
		"secret of the repository": {tuned + external, workspace.Env{}, ""},
		"secret, close":            {tuned + sealed, workspace.Env{}, `10:38: warning: tuning.output.imagePushSecret: Secret default/push is not in the repository, which has others (did you mean "pusj"?)`},
		"secret of the cluster":    {tuned, workspace.Env{Facts: live}, `is not in the cluster or the repository (did you mean "pusch"?)`},
		"claim of the cluster":     {volume, workspace.Env{Facts: workspace.Facts{Claims: live.Claims}}, ""},
		"claim, missing":           {volume, workspace.Env{Facts: workspace.Facts{Claims: map[workspace.Key]bool{}}}, "9:62: warning: tuning.input.volumeSource.persistentVolumeClaim.claimName: PersistentVolumeClaim default/data is not in the cluster"},
		"config":                   {config + fmt.Sprintf(configMap, "conf", "default"), workspace.Env{ClosedWorld: true}, ""},
		"config, nobody looked":    {config, workspace.Env{}, "8:3: warning: inference.config: ConfigMap default/conf is not in the repository"},
		"config, missing":          {config, workspace.Env{ClosedWorld: true}, "8:3: error: inference.config: ConfigMap default/conf is not in the repository (add it; or validate"},
		"config, close":            {config + fmt.Sprintf(configMap, "config", "default"), workspace.Env{ClosedWorld: true}, `(did you mean "config"?)`},
		"config, elsewhere":        {config + fmt.Sprintf(configMap, "conf", "prod"), workspace.Env{}, "error: inference.config: ConfigMap default/conf is not in the repository (there is one in namespace prod"},
		"config of the cluster":    {config, workspace.Env{Facts: live}, "error: inference.config: max-model-len 9999999 exceeds"},
		"config, not in cluster":   {config, workspace.Env{Facts: workspace.Facts{ConfigMaps: map[workspace.Key]map[string]string{}}}, "error: inference.config: ConfigMap default/conf is not in the repository, nor in the cluster"},
		"config, key":              {config + strings.Replace(fmt.Sprintf(configMap, "conf", "default"), "inference_config.yaml", "inference-config.yaml", 1), workspace.Env{}, `has no key inference_config.yaml (it has "inference-config.yaml")`},
		"node class":               {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/node-class-name: image-family-ubunto}}", 1), workspace.Env{NodeClasses: []string{"image-family-ubuntu"}}, `did you mean "image-family-ubuntu"?`},
		"any node class":           {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/node-class-name: any}}", 1), workspace.Env{}, ""},
		"unknown model":            {strings.Replace(served, "phi-4-mini-instruct", "some/Model-7B", 1), workspace.Env{}, "(add it to the repository: syncer presets add some/Model-7B presets)"},
		"label":                    {strings.Replace(served, "{name: phi}", "{name: phi, labels: {team: a b}}", 1), workspace.Env{}, `3:32: error: metadata.labels.team: "a b" is not a value of a label`},
		"label's name":             {strings.Replace(served, "{app: phi}", "{a b: phi}", 1), workspace.Env{}, "error: resource.labelSelector.matchLabels.a b: is not a name of a label"},
		"annotation":               {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {a b: x}}", 1), workspace.Env{}, "error: metadata.annotations.a b: is not a name of an annotation"},
		"load balancer":            {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/enablelb: 'true'}}", 1), workspace.Env{}, `warning: metadata.annotations.kaito.sh/enablelb: "true" has no effect (use "True")`},
		"runtime":                  {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/runtime: vLLM}}", 1), workspace.Env{}, `"vLLM" has no effect (use "vllm" or "transformers")`},
		"misspelt annotation":      {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/runtme: vllm}}", 1), workspace.Env{}, `did you mean "kaito.sh/runtime"?`},
		"other annotation":         {strings.Replace(served, "{name: phi}", "{name: phi, annotations: {kaito.sh/something-new: x, kaito.sh/model-streaming: disabled}}", 1), workspace.Env{}, ""},
		"name of a secret":         {strings.Replace(tuned, "push}", "My_Secret}", 1), workspace.Env{}, `error: tuning.output.imagePushSecret: "My_Secret" is not a name of a Secret`},
		"name of a ConfigMap":      {strings.Replace(config, "config: conf", "config: Conf", 1), workspace.Env{}, `error: inference.config: "Conf" is not a name of a ConfigMap`},
		"two volumes":              {strings.Replace(volume, "volumeSource: {", "volumeSource: {emptyDir: {}, ", 1), workspace.Env{}, "error: tuning.input.volumeSource: names several volumes: emptyDir, persistentVolumeClaim"},
		"no volume":                {strings.Replace(volume, "{persistentVolumeClaim: {claimName: data}}", "{}", 1), workspace.Env{}, "warning: tuning.input.volumeSource: names no volume"},
		"misspelt model":           {strings.Replace(served, "phi-4-mini-instruct", "phi-4-mini-instrcut", 1), workspace.Env{}, `(did you mean "phi-4-mini-instruct"?)`},
	} {
		_, problems := problemsOf(t, tt.text, tt.env)
		if tt.want == "" && problems != "" || !strings.Contains(problems, tt.want) || strings.Count(problems, "\n") > 1 {
			t.Errorf("%s: want %q\n%s", name, tt.want, problems)
		}
	}
}

func TestLoadFacts(t *testing.T) {
	facts, problems, err := workspace.LoadFacts(fstest.MapFS{
		"nodes.yaml":  {Data: []byte("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: n1, labels: {a: b}}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: x}, data: {k: v}}\n")},
		"typed.yaml":  {Data: []byte("apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: n2}}]\n")},
		"more.json":   {Data: []byte(`{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"password": {"not": "read"}}}`)},
		"claim.yml":   {Data: []byte("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n")},
		"broken.yaml": {Data: []byte("a: [")}, "notes.txt": {Data: []byte("a: [")},
	})
	if err != nil || len(problems) != 1 || problems[0].Path != "broken.yaml" {
		t.Errorf("%v, %v", problems, err)
	}
	if !facts.NodesKnown || len(facts.Nodes) != 2 || facts.Nodes[0].Labels["a"] != "b" || facts.Nodes[1].Name != "n2" ||
		facts.ConfigMaps[workspace.Key{Namespace: "x", Name: "c"}]["k"] != "v" || !facts.Secrets[workspace.Key{Namespace: "default", Name: "s"}] ||
		!facts.Claims[workspace.Key{Namespace: "default", Name: "p"}] || strings.Contains(fmt.Sprintf("%+v", facts), "read") {
		t.Errorf("%+v", facts)
	}
	empty, _, err := workspace.LoadFacts(fstest.MapFS{"nodes.yaml": {Data: []byte("apiVersion: v1\nkind: List\nitems: []\n")}})
	if err != nil || !empty.NodesKnown || empty.Secrets != nil {
		t.Errorf("no nodes: %+v, %v", empty, err)
	}
	if both := empty.With(facts); len(both.Nodes) != 2 || len(both.Secrets) != 1 || len(both.ConfigMaps) != 1 || len(both.Claims) != 1 {
		t.Errorf("%+v", both)
	}
}
