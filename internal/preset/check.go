package preset

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

var (
	repoName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
)

const (
	// maxText bounds what is said about a model in words; it ends up in tables and in messages.
	maxText = 500
	// maxCount bounds numbers of parameters and of bytes, and maxDimension the sizes of a network and the length of its
	// context: far above any model, and small enough to be multiplied with each other.
	maxCount     = 1 << 46
	maxDimension = 1 << 30
)

// check finds what makes no sense, and what a preset that can be used must not be without.
func (f *file) check(fail report) {
	if f.APIVersion != APIVersion || f.Kind != Kind {
		fail("apiVersion", "not a preset", "it starts with apiVersion: "+APIVersion+" and kind: "+Kind)
	}
	f.checkRuntimes(fail)
	f.checkModel(fail)
	f.checkText(fail)
	f.checkSources(fail)
	if f.Source.Revision != "" && !commit.MatchString(f.Source.Revision) {
		fail("source.revision", "not a commit", "40 hexadecimal digits; a branch or tag could move")
	}
	for i, alias := range f.Aliases {
		if alias == "" || len(alias) > maxName {
			fail(fmt.Sprintf("aliases[%d]", i), "not a name", "")
		}
	}
	if f.Tuning != nil {
		for _, name := range slices.Sorted(maps.Keys(f.Tuning.Env)) {
			if !variable.MatchString(name) {
				fail("tuning.env."+name, "not the name of a variable", "letters, digits and underscores")
			}
		}
	}
	if f.Source.Repo != "" && !repoName.MatchString(f.Source.Repo) || f.Source.Repo == "" && f.Deprecated == "" {
		fail("source.repo", "not a Hugging Face repository", "owner/name")
	}
	if f.Deprecated != "" {
		return
	}
	if f.Model.Weights == "" {
		fail("model.weights", "is missing", "the size of the weight files, such as 7.15Gi")
	}
	if len(f.Runtimes) == 0 {
		fail("runtimes", "is missing", "[vllm]")
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
				fail(fmt.Sprintf("%s[%d]", list.field, i), fmt.Sprintf("unknown runtime %q", r), "vllm or transformers")
			}
		}
	}
	for _, r := range slices.Sorted(maps.Keys(f.RunParameters)) {
		if !slices.Contains(known, r) {
			fail("runParameters."+string(r), fmt.Sprintf("unknown runtime %q", r), "vllm or transformers")
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(f.RunParameters[r])) {
			if message, hint := badFlag(name, f.RunParameters[r][name]); message != "" {
				fail("runParameters."+string(r)+"."+name, message, hint)
			}
		}
	}
}

// checkModel finds figures that no model has, and such that contradict each other.
func (f *file) checkModel(fail report) {
	m := f.Model
	switch m.Attention {
	case "", "mha", "gqa", "mqa", "mla":
	default:
		fail("model.attention", fmt.Sprintf("unknown kind of attention %q", m.Attention), "mha, gqa, mqa or mla")
	}
	figures := integers(reflect.ValueOf(m))
	for _, field := range slices.Sorted(maps.Keys(figures)) {
		n, limit := figures[field], int64(maxDimension)
		if field == "kvBytesPerToken" || field == "parameters" {
			limit = maxCount
		}
		switch {
		case n < 0:
			fail("model."+field, "must not be negative", "")
		case n > limit:
			fail("model."+field, fmt.Sprintf("more than %d", limit), "")
		}
	}
	if m.Layers > 0 && m.FullLayers+m.WindowLayers > m.Layers {
		fail("model.fullLayers", fmt.Sprintf("%d and %d windowLayers are more than %d layers", m.FullLayers, m.WindowLayers, m.Layers), "")
	}
	if m.WindowLayers > 0 && m.SlidingWindow == 0 {
		fail("model.slidingWindow", "is missing", "windowLayers says that there is one")
	}
	loaded, err1 := bytesOf(m.LoadedWeights)
	if whole, err2 := bytesOf(m.Weights); err1 == nil && err2 == nil && loaded > whole {
		fail("model.loadedWeights", "more than model.weights", "leave it out when all of them are loaded")
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

// checkText keeps out what would garble the tables and logs that texts end up in.
func (f *file) checkText(fail report) {
	texts := map[string]string{
		"deprecated": f.Deprecated, "source.license": f.Source.License, "source.task": f.Source.Task, "model.architecture": f.Model.Architecture,
		"model.dtype": f.Model.DType, "model.quantization": f.Model.Quantization,
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
			fail(field, fmt.Sprintf("not one line of at most %d characters", maxText), "")
		}
	}
}

// knownFields are the paths of all fields of a preset.yaml.
var knownFields = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	fieldsOf(reflect.TypeFor[file](), "", known)
	return known
})

// checkSources finds sources of facts that there are not.
func (f *file) checkSources(fail report) {
	known := knownFields()
	for _, field := range slices.Sorted(maps.Keys(f.Sources)) {
		group := field
		for !known[group] && strings.Contains(group, ".") { // such as one flag of runParameters
			group = group[:strings.LastIndexByte(group, '.')]
		}
		if !known[group] {
			fail("sources."+field, "there is no such field", "the path of a field or of a group of them, such as model or model.weights")
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
