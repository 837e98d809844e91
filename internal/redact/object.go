// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Object returns a copy of a Kubernetes object without secrets: the data of a Secret, values of variables, keys and
// flags whose names say that they hold one, and what Text takes out of any other text.
func Object(o map[string]any) map[string]any {
	if o == nil {
		return nil
	}
	return hideMap(o)
}

// Pair returns copies of two versions of an object without secrets. Values that are equal stay equal, and ones that
// differ stay different.
func Pair(before, after map[string]any) (map[string]any, map[string]any) {
	a, b := Object(before), Object(after)
	tell(before, after, a, b)
	return a, b
}

func hide(v any) any {
	switch v := v.(type) {
	case string:
		return whole(v)
	case map[string]any:
		return hideMap(v)
	case []any:
		return hideList(v)
	}
	return v
}

func hideMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	isSecret := m["kind"] == "Secret"
	variable, _ := m["name"].(string)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		text, isText := v.(string)
		switch {
		case isSecret && (k == "data" || k == "stringData"):
			v = hideAll(v)
		case isText && hidden(k, variable, text):
			v = Mark
		default:
			v = hide(v)
		}
		name := whole(k)
		for i := 2; out[name] != nil; i++ { // two keys that are secrets
			name = fmt.Sprintf("%s %d", whole(k), i)
		}
		out[name] = v
	}
	if m["kind"] == "ExternalSecret" || m["kind"] == "SealedSecret" {
		hideTemplates(out["spec"])
	}
	return out
}

// hideTemplates hides the data of the Secret that an ExternalSecret (spec.target.template) or a SealedSecret
// (spec.template) makes. It changes a copy.
func hideTemplates(spec any) {
	at := func(v any, key string) map[string]any {
		m, _ := v.(map[string]any)
		out, _ := m[key].(map[string]any)
		return out
	}
	for _, template := range []map[string]any{at(at(spec, "target"), "template"), at(spec, "template")} {
		for _, key := range []string{"data", "stringData"} {
			if data, ok := template[key]; ok {
				template[key] = hideAll(data)
			}
		}
	}
}

// whole is Text for a text that is a key or a value by itself, which may be base64.
func whole(s string) string {
	if encodes(s) {
		return Mark
	}
	return Text(s)
}

// encodes reports whether a text is base64, as in the binaryData of a ConfigMap, and what it stands for holds a secret.
// A part of that cannot be taken out, because the rest would be other bytes.
func encodes(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < minEncoded || strings.Trim(s, base64Alphabet) != "" {
		return false
	}
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		data, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	}
	if err != nil {
		return false
	}
	text := string(data)
	return Text(text) != text || encodes(text)
}

// minEncoded is the length of the shortest secret with its name, "pwd=a", in base64.
const minEncoded = 8

// base64Alphabet has the letters of both alphabets of RFC 4648, and line breaks, which it leaves to the applications.
const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\r\n"

// hidden reports whether the text at a key is a secret for its name, or for that of the variable whose value it is.
func hidden(key, variable, text string) bool {
	switch {
	case placeholder(text):
		return false
	case key == "value" && variable != "":
		return SecretName(variable)
	case key == "secretKey": // of an ExternalSecret: the name of a key
		return !inWords(text)
	}
	return SecretName(key) || refers(key) && pasted(text)
}

// inWords reports whether a text looks like a name: letters, dots, dashes and underscores.
func inWords(s string) bool {
	return len(s) < 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// hideAll hides every value of a map of data.
func hideAll(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		if v == nil {
			return nil
		}
		return Mark
	}
	out := make(map[string]any, len(m))
	for k := range m {
		out[whole(k)] = Mark
	}
	return out
}

// hideList also hides the argument that follows a flag.
func hideList(list []any) []any {
	out := make([]any, len(list))
	after := "" // the flag before
	for i, v := range list {
		text, isText := v.(string)
		if isText && after != "" && !strings.HasPrefix(text, "-") && !placeholder(text) {
			out[i], after = Mark, ""
			continue
		}
		out[i], after = hide(v), ""
		if isText && strings.HasPrefix(text, "-") && SecretName(strings.TrimLeft(text, "-")) {
			after = text
		}
	}
	return out
}

// tell makes what was hidden in two versions differ where the values do.
func tell(before, after, a, b any) {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		was, okWas := before.(map[string]any)
		is, okIs := after.(map[string]any)
		if !ok || !okWas || !okIs {
			return
		}
		for k := range a {
			if w, x, differ := mark(was[k], is[k], a[k], b[k]); differ {
				a[k], b[k] = w, x
			} else {
				tell(was[k], is[k], a[k], b[k])
			}
		}
	case []any:
		b, ok := b.([]any)
		was, okWas := before.([]any)
		is, okIs := after.([]any)
		if !ok || !okWas || !okIs {
			return
		}
		for i := range min(len(a), len(b)) {
			if w, x, differ := mark(was[i], is[i], a[i], b[i]); differ {
				a[i], b[i] = w, x
			} else {
				tell(was[i], is[i], a[i], b[i])
			}
		}
	}
}

// mark returns what to show of two values that differ, and of which the same is left.
func mark(was, is, a, b any) (any, any, bool) {
	x, okA := a.(string)
	y, okB := b.(string)
	if !okA || !okB || x != y || was == nil || is == nil || fmt.Sprint(was) == fmt.Sprint(is) {
		return nil, nil, false
	}
	return strings.ReplaceAll(x, Mark, Mark+" (before)"), strings.ReplaceAll(y, Mark, Mark+" (after)"), true
}
