// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fields reads fields of an object as Typed does, in a fraction of its time, as long as each has the form in which
// servers write it. A field of another form makes the whole reading Odd: then only Typed tells what it is, or what is
// wrong with it. A field that is missing, or null, is the zero value.
type Fields struct{ Odd bool }

// Object returns a field that is an object.
func (f *Fields) Object(in map[string]any, name string) map[string]any { return f.asObject(in[name]) }

func (f *Fields) asObject(value any) map[string]any {
	out, ok := value.(map[string]any)
	f.Odd = f.Odd || !ok && value != nil
	return out
}

// Objects calls yield for each item of a field that is a list of objects.
func (f *Fields) Objects(in map[string]any, name string, yield func(item map[string]any)) {
	for _, item := range f.list(in, name) {
		yield(f.asObject(item))
	}
}

func (f *Fields) list(in map[string]any, name string) []any {
	value := in[name]
	out, ok := value.([]any)
	f.Odd = f.Odd || !ok && value != nil
	return out
}

// Text returns a field that is a text.
func (f *Fields) Text(in map[string]any, name string) string { return f.asText(in[name]) }

func (f *Fields) asText(value any) string {
	out, ok := value.(string)
	f.Odd = f.Odd || !ok && value != nil
	return out
}

// Flag returns a field that is true or false, and whether it is there.
func (f *Fields) Flag(in map[string]any, name string) (flag, given bool) {
	value := in[name]
	flag, given = value.(bool)
	f.Odd = f.Odd || !given && value != nil
	return flag, given
}

// texts returns a field that is a list of texts.
func (f *Fields) texts(in map[string]any, name string) []string {
	list := f.list(in, name)
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = f.asText(item)
	}
	return out
}

// onlyTexts checks that an object has no values but texts, such as labels.
func (f *Fields) onlyTexts(in map[string]any) {
	for _, value := range in {
		f.asText(value)
	}
}

// number returns a field that is a whole number, and whether it is there.
func (f *Fields) number(in map[string]any, name string) (number int64, given bool) {
	value := in[name]
	number, given = value.(int64)
	f.Odd = f.Odd || !given && value != nil
	return number, given
}

// small is number for a field of 32 bits.
func (f *Fields) small(in map[string]any, name string) (number int32, given bool) {
	n, given := f.number(in, name)
	f.Odd = f.Odd || n != int64(int32(n))
	return int32(n), given
}

// at returns a field that is a time.
func (f *Fields) at(in map[string]any, name string) (at metav1.Time, given bool) {
	value := in[name]
	if value == nil {
		return at, false
	}
	text, _ := value.(string)
	parsed, err := time.Parse(time.RFC3339, text)
	f.Odd = f.Odd || err != nil
	return metav1.NewTime(parsed.Local()), true
}
