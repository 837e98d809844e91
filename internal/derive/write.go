package derive

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/preset"
)

// draft is a preset before it is written.
type draft struct {
	in      Input
	name    string // of the folder
	short   string // last part of the repository's name, in lower case: the key of all tables
	weights weights
	network network
}

const gib = 1 << 30

// systemGiB is the disk that the node needs besides the weights, and the rule with it is KAITO v0.12's.
const systemGiB = 80

// yaml returns preset.yaml.
func (d draft) yaml() []byte {
	var b strings.Builder
	field := func(indent, name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s%s: %s\n", indent, name, value)
		}
	}
	number := func(name string, n int64) {
		if n > 0 {
			field("  ", name, fmt.Sprint(n))
		}
	}
	n := d.network
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\naliases: [%s]\nsource:\n", preset.APIVersion, preset.Kind, quoted(d.in.Repo))
	field("  ", "repo", quoted(d.in.Repo))
	field("  ", "revision", quoted(d.in.Revision))
	field("  ", "license", quoted(d.in.License))
	if d.in.Gated {
		field("  ", "gated", "true")
	}
	field("  ", "task", quoted(d.in.Task))
	if len(d.in.BaseModels) > 0 {
		fmt.Fprintf(&b, "  baseModels: [%s]\n", strings.Join(each(d.in.BaseModels, quoted), ", "))
	}
	b.WriteString("model:\n")
	if len(n.architectures) > 0 {
		field("  ", "architecture", quoted(n.architectures[0]))
	}
	field("  ", "weights", size(d.weights.bytes))
	if d.weights.loaded > 0 {
		field("  ", "loadedWeights", size(d.weights.loaded))
	}
	number("parameters", n.parameters)
	number("contextLength", int64(n.context))
	number("hiddenSize", int64(n.hidden))
	number("intermediateSize", int64(n.intermediate))
	number("layers", int64(n.layers))
	number("fullLayers", int64(n.full))
	number("windowLayers", int64(n.window))
	number("slidingWindow", int64(n.sliding))
	number("heads", int64(n.heads))
	number("kvHeads", int64(n.kvHeads))
	number("headDim", int64(n.headDim))
	field("  ", "attention", n.attention)
	number("kvLatent", int64(n.kvLatent))
	number("kvBytesPerToken", n.kvBytes)
	number("vocabSize", int64(n.vocab))
	number("experts", int64(n.experts))
	field("  ", "dtype", d.dtype())
	field("  ", "quantization", quoted(n.quantization))
	number("quantBits", int64(n.quantBits))
	b.WriteString("  distributed: true\n  tensorParallel: true\n")
	disk := int(math.Round(float64(d.weights.bytes)/gib*100)/100) + systemGiB
	fmt.Fprintf(&b, "disk: %dGi\nruntimes: [vllm]\nrunParameters:\n  vllm:\n", disk)
	flags := d.flags()
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		fmt.Fprintf(&b, "    %s: %s\n", name, scalar(flags[name]))
	}
	if d.needsToolkit() {
		b.WriteString("cudaToolkit: true\n")
	}
	b.WriteString("# Where these facts are from: that of the longest name that a field begins with.\nsources:\n")
	at := ""
	if d.in.Revision != "" {
		at = " at commit " + d.in.Revision
	}
	file := d.in.Config.Name[strings.LastIndexAny(d.in.Config.Name, `/\`)+1:]
	for _, s := range [][2]string{
		{"source", "the repository" + at},
		{"model", file + at},
		{"model.weights", d.weights.source + at},
		{"disk", "size of the weights and 80"},
		{"runtimes", "KAITO v0.12.0: vLLM for all"},
		{"runParameters", "KAITO, its tables by name and architecture"},
	} {
		field("  ", s[0], quoted(s[1]))
	}
	return []byte(b.String())
}

// size writes a number of bytes as KAITO does.
func size(bytes int64) string { return fmt.Sprintf("%.2fGi", float64(bytes)/gib) }

// quoted writes a string as YAML, with quotes where it needs some; an empty one is nothing.
func quoted(s string) string {
	if s == "" {
		return ""
	}
	return scalar(s)
}

// scalar writes any string as YAML.
func scalar(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSuffix(string(text), "\n")
}

func each(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

// kustomization returns kustomization.yaml.
func (d draft) kustomization() []byte {
	text := fmt.Sprintf(`apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component

labels:
- pairs:
    syncer.dev/preset: %s
`, scalar(d.name))
	if begins(d.network.architectures, deepGEMM) {
		text += `
patches:
# Its FP8 kernels are compiled by DeepGEMM when the model is loaded, which is why it needs the CUDA toolkit as well.
- target: {kind: StatefulSet}
  patch: |-
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: model}
    spec:
      template:
        spec:
          containers:
          - name: model
            env:
            - {name: VLLM_USE_DEEP_GEMM, value: "1"}
`
	}
	return []byte(text)
}

// warnings says what somebody should look at.
func (d draft) warnings() []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	n := d.network
	switch {
	case len(n.architectures) == 0:
		warn("%s does not name an architecture: whether vLLM can serve the model is not known", d.in.Config.Name)
	case !served(n.architectures):
		warn("vLLM in KAITO's image does not know the architecture %s: it may not be able to serve the model", strings.Join(n.architectures, ", "))
	}
	if d.in.Revision == "" {
		warn("no revision is pinned: whatever is on the main branch is served; add source.revision")
	}
	if d.in.License == "" {
		warn("the licence is not known: add source.license")
	}
	if n.attention == "" {
		warn("the kind of attention is not known: nothing is set aside for the cache")
	}
	if d.weights.loaded > 0 {
		warn("the repository holds weights in sub-folders as well: %s are loaded of %s", size(d.weights.loaded), size(d.weights.bytes))
	}
	if n.dtype == "float32" {
		warn("the weights are float32 and are served as bfloat16: they take half of model.weights in GPUs")
	}
	return out
}
