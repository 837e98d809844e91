// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
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

// systemGiB is the disk that a node needs in addition to the weights. The rule is that of KAITO v0.12.
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
	fmt.Fprintf(
		&b,
		"apiVersion: %s\nkind: %s\naliases: [%s]\nsource:\n",
		preset.APIVersion,
		preset.Kind,
		quoted(d.in.Repo),
	)
	field("  ", "repo", quoted(d.in.Repo))
	field("  ", "revision", quoted(d.in.Revision))
	l := preset.LicenseOf(d.in.License)
	field("  ", "license", quoted(l.Name))
	field("  ", "licenseURL", quoted(cmp.Or(secure(d.in.LicenseURL), l.URL)))
	field("  ", "licenseTerms", quoted(l.Terms))
	if d.in.Gated {
		field("  ", "gated", "true")
	}
	field("  ", "remoteCode", strconv.FormatBool(n.remoteCode))
	field("  ", "task", quoted(d.in.Task))
	if len(d.in.BaseModels) > 0 {
		fmt.Fprintf(&b, "  baseModels: [%s]\n", strings.Join(each(d.in.BaseModels, quoted), ", "))
	}
	b.WriteString("model:\n")
	if len(n.architectures) > 0 {
		field("  ", "architecture", quoted(n.architectures[0]))
	}
	field("  ", "weights", size(d.weights.bytes))
	if d.weights.counted > 0 {
		field("  ", "kaitoWeights", size(d.weights.counted))
	}
	number("parameters", n.parameters)
	number("contextLength", int64(n.context))
	number("hiddenSize", int64(n.hidden))
	number("intermediateSize", int64(n.intermediate))
	number("moeIntermediateSize", int64(n.expertWidth))
	number("layers", int64(n.layers))
	number("fullLayers", int64(n.full))
	number("windowLayers", int64(n.window))
	number("slidingWindow", int64(n.sliding))
	number("kvSharedLayers", int64(n.shared))
	number("stateLayers", int64(n.state))
	number("stateBytesPerLayer", n.stateBytes)
	number("csaLayers", int64(n.csa))
	number("hcaLayers", int64(n.hca))
	number("heads", int64(n.heads))
	number("kvHeads", int64(n.kvHeads))
	number("headDim", int64(n.headDim))
	number("fullKVHeads", int64(n.fullKVHeads))
	number("fullHeadDim", int64(n.fullHeadDim))
	if n.keysAreValues {
		field("  ", "attentionKEqV", "true")
	}
	field("  ", "attention", n.attention)
	number("kvLatent", int64(n.kvLatent))
	number("kvBytesPerToken", n.kvBytes)
	number("indexerBytesPerToken", n.indexer)
	number("vocabSize", int64(n.vocab))
	number("experts", int64(n.experts))
	field("  ", "dtype", d.dtype())
	if n.quantization != "" && slices.Contains([]string{"float16", "bfloat16", "float32"}, n.dtype) {
		field("  ", "storedDtype", n.dtype)
	}
	field("  ", "quantization", quoted(n.quantization))
	number("quantBits", int64(n.quantBits))
	number("quantGroupSize", int64(n.quantGroup))
	fmt.Fprintf(&b, "  distributed: %t\n  tensorParallel: true\n", !d.pooling())
	// A download brings copies along, wherever they are.
	disk := int(math.Round(float64(max(d.weights.bytes, d.weights.counted))/gib*100)/100) + systemGiB
	fmt.Fprintf(&b, "disk: %dGi\nruntimes: [vllm]\nrunParameters:\n  vllm:\n", disk)
	flags := d.flags()
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		fmt.Fprintf(&b, "    %s: %s\n", name, scalar(flags[name]))
	}
	if d.model().Encoder() {
		b.WriteString("noAdapters: [vllm]\n")
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
		{"source.remoteCode", d.codeSource(file) + at},
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

// size writes a number of bytes as KAITO does, with two decimals. Few bytes are not none: models for tests take less
// than half of a hundredth.
func size(bytes int64) string { return fmt.Sprintf("%.2fGi", max(float64(bytes)/gib, 0.01)) }

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

// secure returns a URL if it is one of https, and not too long for a preset; otherwise "".
func secure(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(link) > 500 {
		return ""
	}
	return link
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

// warnings lists facts that a user should check.
func (d draft) warnings() []string {
	var out []string
	warn := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	n := d.network
	switch {
	case len(n.architectures) == 0:
		warn("%s does not name an architecture: vLLM may not be able to serve the model", d.in.Config.Name)
	case !served(n.architectures) && !d.pooling():
		warn(
			"vLLM in KAITO's image does not know the architecture %s: it may not be able to serve the model",
			strings.Join(n.architectures, ", "),
		)
	}
	if d.in.Revision == "" {
		warn("no revision is pinned: the model may change with the main branch; add source.revision")
	}
	switch l := (preset.License{Name: preset.LicenseOf(d.in.License).Name}); {
	case d.in.License == "" || d.in.License == "other":
		warn("the licence is unknown: add source.license")
	case !l.SPDX() && preset.LicenseOf(d.in.License).URL == "" && secure(d.in.LicenseURL) == "":
		warn("the licence %q has no known text: add source.licenseURL", l.Name)
	}
	if n.remoteCode {
		warn("the server will run code of the repository: read it at the commit that source.revision pins")
	}
	if n.attention == "" {
		warn("the kind of attention is unknown: the estimate has no memory for the cache")
	}
	if d.weights.counted > 0 {
		warn(
			"the repository holds weights in sub-folders as well: %s are loaded of %s",
			size(d.weights.bytes),
			size(d.weights.counted),
		)
	}
	if n.dtype == "float32" {
		warn("the weights are float32 and are served as bfloat16: they take half of model.weights in GPUs")
	}
	return out
}
