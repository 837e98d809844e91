// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"syncer.dev/syncer/internal/diag"
)

var (
	repoName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
)

const (
	// maxText bounds texts about a model, which appear in tables and messages.
	maxText = 500
	// maxCount bounds numbers of parameters and of bytes, and maxDimension the sizes of a network and the length of its
	// context: far above any model, and small enough to be multiplied with each other.
	maxCount     = 1 << 46
	maxDimension = 1 << 30
	// maxSize bounds the weights and the disk of a model, in bytes: 1 PiB, as package derive has it.
	maxSize = 1 << 50
)

// check reports invalid values, and required fields that a usable preset lacks.
func (f *file) check(fail report) {
	if f.APIVersion != APIVersion || f.Kind != Kind {
		fail(diag.UnknownKind, "apiVersion", "not a preset", "write apiVersion: "+APIVersion+" and kind: "+Kind)
	}
	f.checkRuntimes(fail)
	f.checkModel(fail)
	f.checkText(fail)
	f.checkSources(fail)
	f.checkLicense(fail)
	f.checkRemoteCode(fail)
	if f.Source.Revision != "" && !commit.MatchString(f.Source.Revision) {
		fail(diag.InvalidValue, "source.revision", "not a commit", "use 40 hexadecimal digits; a branch or tag could move")
	}
	for i, alias := range f.Aliases {
		if alias == "" || len(alias) > maxName {
			fail(diag.InvalidName, fmt.Sprintf("aliases[%d]", i), "not a name", "")
		}
	}
	if f.Tuning != nil {
		for _, name := range slices.Sorted(maps.Keys(f.Tuning.Env)) {
			if !variable.MatchString(name) {
				fail(diag.InvalidName, "tuning.env."+name, "not the name of a variable", "use letters, digits and underscores")
			}
		}
	}
	if f.Source.Repo != "" && !repoName.MatchString(f.Source.Repo) || f.Source.Repo == "" && f.Deprecated == "" {
		fail(diag.InvalidValue, "source.repo", "not a Hugging Face repository", "use owner/name")
	}
	if f.Deprecated != "" {
		return
	}
	if f.Model.Weights == "" {
		fail(diag.RequiredField, "model.weights", "is missing", "add the size of the weight files, such as 7.15Gi")
	} else if weights, err := bytesOf(f.Model.Weights); err == nil && weights == 0 {
		const hint = "write the size of the weight files, such as 7.15Gi"
		fail(diag.OutOfRange, "model.weights", "must be more than nothing", hint)
	}
	if len(f.Runtimes) == 0 {
		fail(diag.RequiredField, "runtimes", "is missing", "[vllm]")
	}
}

func (f *file) checkRuntimes(fail report) {
	known := []Runtime{VLLM, Transformers}
	for _, list := range []struct {
		field    string
		runtimes []Runtime
	}{{"runtimes", f.Runtimes}, {"noAdapters", f.NoAdapters}} {
		for i, r := range list.runtimes {
			if !slices.Contains(known, r) {
				fail(
					diag.InvalidValue,
					fmt.Sprintf("%s[%d]", list.field, i),
					fmt.Sprintf("unknown runtime %q", r),
					"use vllm or transformers",
				)
			}
		}
	}
	for _, r := range slices.Sorted(maps.Keys(f.RunParameters)) {
		if !slices.Contains(known, r) {
			fail(diag.InvalidValue, "runParameters."+string(r), fmt.Sprintf("unknown runtime %q", r), "use vllm or transformers")
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(f.RunParameters[r])) {
			if message, hint := badFlag(name, f.RunParameters[r][name]); message != "" {
				fail(diag.FlagNotAllowed, "runParameters."+string(r)+"."+name, message, hint)
			}
		}
	}
}

// checkModel reports impossible figures, and figures that contradict each other.
func (f *file) checkModel(fail report) {
	m := f.Model
	switch m.Attention {
	case "", "mha", "gqa", "mqa", "mla", "csa":
	default:
		fail(
			diag.InvalidValue,
			"model.attention",
			fmt.Sprintf("unknown kind of attention %q", m.Attention),
			"use mha, gqa, mqa, mla or csa",
		)
	}
	figures := integers(reflect.ValueOf(m))
	for _, field := range slices.Sorted(maps.Keys(figures)) {
		n, limit := figures[field], int64(maxDimension)
		if field == "kvBytesPerToken" || field == "parameters" {
			limit = maxCount
		}
		switch {
		case n < 0:
			fail(diag.OutOfRange, "model."+field, "must not be negative", "")
		case n > limit:
			fail(diag.OutOfRange, "model."+field, fmt.Sprintf("more than %d", limit), "")
		}
	}
	m.checkLayers(fail)
	m.checkWeights(fail)
}

// checkLayers reports kinds of layers that together are more than all, and kinds that lack a figure.
func (m *model) checkLayers(fail report) {
	if m.Layers > 0 && m.FullLayers+m.WindowLayers > m.Layers {
		fail(
			diag.InconsistentModel,
			"model.fullLayers",
			fmt.Sprintf("%d and %d windowLayers are more than %d layers", m.FullLayers, m.WindowLayers, m.Layers),
			"",
		)
	}
	caches := m.FullLayers + m.WindowLayers
	for _, kind := range []struct {
		field     string
		n, others int
	}{
		{"kvSharedLayers", m.KVSharedLayers, caches},
		{"stateLayers", m.StateLayers, caches},
		{"csaLayers", m.CSALayers, m.HCALayers},
		{"hcaLayers", m.HCALayers, 0},
		{"indexerLayers", m.IndexerLayers, 0},
	} {
		if m.Layers > 0 && kind.n > 0 && kind.n+kind.others > m.Layers {
			fail(
				diag.InconsistentModel,
				"model."+kind.field,
				fmt.Sprintf("%d and %d layers of other kinds are more than %d layers", kind.n, kind.others, m.Layers),
				"",
			)
		}
	}
	if m.WindowLayers > 0 && m.SlidingWindow == 0 {
		fail(diag.RequiredField, "model.slidingWindow", "is missing", "add it: windowLayers needs it")
	}
	if m.StateLayers > 0 && m.StateBytesPerLayer == 0 {
		fail(diag.RequiredField, "model.stateBytesPerLayer", "is missing", "add it: stateLayers needs it")
	}
}

// checkWeights reports loaded weights that the files cannot give. Encoders and padding add at most a quarter: the
// Marlin kernels add 9 % to MXFP4. The server keeps at least a quarter: 4 bits of each 16, if it quantizes while it
// loads.
func (m *model) checkWeights(fail report) {
	whole, err := bytesOf(m.Weights)
	if err != nil {
		return
	}
	for _, loaded := range []struct{ field, text string }{
		{"loadedWeights", m.LoadedWeights}, {"loadedWeightsMarlin", m.LoadedWeightsMarlin},
	} {
		n, err := bytesOf(loaded.text)
		const hint = "omit it if it was not measured"
		switch field := "model." + loaded.field; {
		case err != nil:
		case n > whole+whole/4:
			fail(diag.InconsistentModel, field, "more than 1.25 times model.weights", hint)
		case n < whole/4:
			fail(diag.InconsistentModel, field, "less than a quarter of model.weights", hint)
		}
	}
	if n, err := bytesOf(m.KAITOWeights); err == nil && n < whole {
		fail(diag.InconsistentModel, "model.kaitoWeights", "less than model.weights", "omit it if both are the same")
	}
}

// integers returns the whole numbers of a struct by the names of their fields in YAML.
func integers(v reflect.Value) map[string]int64 {
	out := map[string]int64{}
	for i := range v.NumField() {
		if v.Field(i).CanInt() {
			out[v.Type().Field(i).Tag.Get("yaml")] = v.Field(i).Int()
		}
	}
	return out
}

// checkText rejects texts that would garble tables and logs.
func (f *file) checkText(fail report) {
	texts := map[string]string{
		"deprecated":          f.Deprecated,
		"source.license":      f.Source.License,
		"source.licenseTerms": f.Source.LicenseTerms,
		"source.task":         f.Source.Task,
		"model.architecture":  f.Model.Architecture,
		"model.dtype":         f.Model.DType,
		"model.quantization":  f.Model.Quantization,
		"model.storedDtype":   f.Model.StoredDType,
	}
	for i, s := range f.Aliases {
		texts[fmt.Sprintf("aliases[%d]", i)] = s
	}
	for i, s := range f.Source.BaseModels {
		texts[fmt.Sprintf("source.baseModels[%d]", i)] = s
	}
	for field, s := range f.Sources {
		texts["sources."+field] = s
	}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		s := texts[field]
		if len(s) > maxText || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			fail(diag.InvalidValue, field, fmt.Sprintf("not one line of at most %d characters", maxText), "")
		}
	}
}

// knownFields are the paths of all fields of a preset.yaml.
var knownFields = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	fieldsOf(reflect.TypeFor[file](), "", known)
	return known
})

// checkSources reports sources and doubts about fields that do not exist.
func (f *file) checkSources(fail report) {
	named := map[string]string{} // path in the file -> field that it names
	for field := range f.Sources {
		named["sources."+field] = field
	}
	for i, field := range f.Uncertain {
		named[fmt.Sprintf("uncertain[%d]", i)] = field
	}
	for _, at := range slices.Sorted(maps.Keys(named)) {
		if !isField(named[at]) {
			fail(
				diag.UnknownField,
				at,
				"unknown field",
				"use the path of a field or of a group, such as model.weights or model",
			)
		}
	}
}

// isField reports whether a path is that of a field or of a group, such as one flag of runParameters.
func isField(path string) bool {
	known := knownFields()
	for !known[path] && strings.Contains(path, ".") {
		path = path[:strings.LastIndexByte(path, '.')]
	}
	return known[path]
}

// checkLicense reports a link that is none.
func (f *file) checkLicense(fail report) {
	u, err := url.Parse(f.Source.LicenseURL)
	if f.Source.LicenseURL == "" || err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil &&
		len(f.Source.LicenseURL) <= maxText {
		return
	}
	fail(diag.InvalidValue, "source.licenseURL", "not an https URL", "link to the text of the licence")
}

// checkRemoteCode reports flags that contradict the fact that the model has no code of its own.
func (f *file) checkRemoteCode(fail report) {
	if f.Source.RemoteCode == nil || *f.Source.RemoteCode {
		return
	}
	p := Preset{RunParameters: f.RunParameters}
	for _, r := range slices.Sorted(maps.Keys(f.RunParameters)) {
		if p.RemoteCode(r) {
			fail(
				diag.InconsistentModel,
				"source.remoteCode",
				fmt.Sprintf("is false, but runParameters.%s has %s", r, flagRemoteCode),
				"remove the flag: a model without code of its own needs none",
			)
		}
	}
}

// fieldsOf collects the paths of all fields of a type.
func fieldsOf(t reflect.Type, prefix string, into map[string]bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		name := prefix + t.Field(i).Tag.Get("yaml")
		into[name] = true
		fieldsOf(t.Field(i).Type, name+".", into)
	}
}
