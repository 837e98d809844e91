// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Field is one value of the configuration, with its three names.
type Field struct {
	Path    string // "capacity.aks.subscriptionID"
	Env     string // "SYNCER_CAPACITY_AKS_SUBSCRIPTION_ID"
	Flag    string // "capacity-aks-subscription-id"
	Usage   string
	Default string
	Bool    bool // true or false
	index   []int
}

// Fields lists every value, in the order of the file.
func Fields() []Field {
	var out []Field
	defaults := Default()
	walk(reflect.ValueOf(defaults), "", nil, &out)
	return out
}

func walk(v reflect.Value, path string, index []int, out *[]Field) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		p := f.Tag.Get("yaml")
		if path != "" {
			p = path + "." + p
		}
		at := append(append([]int(nil), index...), i)
		if _, list := v.Field(i).Interface().([]Cluster); list {
			continue // see Each
		}
		if v.Field(i).Kind() == reflect.Struct {
			walk(v.Field(i), p, at, out)
			continue
		}
		words := wordsOf(p)
		*out = append(*out, Field{
			Path: p, Usage: f.Tag.Get("usage"), Default: text(v.Field(i)), Bool: f.Type.Kind() == reflect.Bool, index: at,
			Env: "SYNCER_" + strings.ToUpper(strings.Join(words, "_")), Flag: strings.ToLower(strings.Join(words, "-")),
		})
	}
}

// wordsOf splits "capacity.aks.subscriptionID" into capacity, aks, subscription, ID.
func wordsOf(path string) []string {
	var words []string
	for part := range strings.SplitSeq(path, ".") {
		start := 0
		runes := []rune(part)
		for i := 1; i < len(runes); i++ {
			afterLower := !unicode.IsUpper(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) // SSHKey: SSH, Key
			if unicode.IsUpper(runes[i]) && (afterLower || beforeLower) {
				words = append(words, string(runes[start:i]))
				start = i
			}
		}
		words = append(words, string(runes[start:]))
	}
	return words
}

func text(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		return strings.Join(x, ",")
	case time.Duration:
		return x.String()
	}
	return fmt.Sprint(v.Interface())
}

func (f Field) get(c *Config) string { return text(reflect.ValueOf(c).Elem().FieldByIndex(f.index)) }

// Set gives the field of c a value from text. Lists are separated by commas. An empty text is an empty list, which for
// some lists differs from one that is absent.
func (f Field) Set(c *Config, value string) error {
	v := reflect.ValueOf(c).Elem().FieldByIndex(f.index)
	switch v.Interface().(type) {
	case string:
		v.SetString(value)
	case bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		v.SetBool(b)
	case int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("must be a whole number")
		}
		v.SetInt(int64(n))
	case float64:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return errors.New("must be a number")
		}
		v.SetFloat(n)
	case time.Duration:
		d, err := time.ParseDuration(value)
		if err != nil {
			return errors.New("must be a duration such as 30s or 5m")
		}
		v.SetInt(int64(d))
	case []string:
		list := []string{}
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		v.Set(reflect.ValueOf(list))
	}
	return nil
}

// split takes the header off a document, so that the rest can be decoded into a Config.
func split(doc *yaml.Node) (header, *yaml.Node) {
	h := header{
		APIVersion: strictyaml.Text(strictyaml.Field(doc, "apiVersion")),
		Kind:       strictyaml.Text(strictyaml.Field(doc, "kind")),
	}
	body := *doc
	body.Content = nil
	for i := 0; i+1 < len(doc.Content); i += 2 {
		switch doc.Content[i].Value {
		case "apiVersion", "kind":
		default:
			body.Content = append(body.Content, doc.Content[i], doc.Content[i+1])
		}
	}
	unquoted(&body)
	return h, &body
}

// cut takes one field off a mapping, and returns its value; nil if it is not there.
func cut(mapping *yaml.Node, field string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == field {
			value := mapping.Content[i+1]
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return value
		}
	}
	return nil
}
