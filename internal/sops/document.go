// SPDX-License-Identifier: Apache-2.0

package sops

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
)

// Bounds of one document, in addition to those of every document of a repository.
const (
	// MaxKeys bounds the recipients. Each costs an attempt to decrypt.
	MaxKeys = 100
	// maxDataKey bounds the encrypted data key of one recipient, in bytes. That of a post-quantum recipient of age takes
	// 2.2 KiB, and that of an RSA key of 4,096 bits 0.7 KiB.
	maxDataKey = 8 << 10
)

// field is the metadata of SOPS in a document.
const field = "sops"

// Document is one encrypted Secret, as a file holds it.
type Document struct {
	Namespace, Name string // as written; the namespace may be empty
	Type            string // of the Secret; may be empty
	Keys            []Key  // any of which has the data key
	// Digest changes with every encrypted value. It is made of encrypted text, so that it says nothing about the values.
	Digest string

	binding   *binding // nil without the annotation
	late      bool     // values before the annotation hide where it begins
	immutable string
	values    []value
	leaves    []leaf
	mac       value
	modified  string // additional data of the MAC
	// macOnlyEncrypted says that the MAC covers the encrypted values alone.
	macOnlyEncrypted bool
}

// Key is one recipient of the data key: an age key, or a key in Azure Key Vault.
type Key struct {
	Recipient               string // of age; otherwise empty
	Vault, KeyName, Version string
	Encrypted               string // the data key, encrypted for this recipient
	Line, Column            int
}

// String returns the recipient, for people.
func (k Key) String() string {
	if k.Recipient != "" {
		return "age " + k.Recipient
	}
	return "Azure Key Vault " + k.Vault + " key " + k.KeyName
}

// value is one encrypted value.
type value struct {
	section, key  string // data or stringData, and the key in it
	text          string // as written
	data, iv, tag []byte
	line, column  int
}

// path is the additional data that the value was encrypted with, so that no value can take the place of another.
func (v value) path() string { return v.section + ":" + v.key + ":" }

// leaf is one value of the document in its order: an encrypted one, or the bytes that count for the MAC.
type leaf struct {
	value *value
	plain []byte
}

// Encrypted reports whether a document has metadata of SOPS.
func Encrypted(n *yaml.Node) bool { return strictyaml.Field(n, field) != nil }

// Parse reads an encrypted Secret. The Problems have positions, and no value is in them.
func Parse(n *yaml.Node) (*Document, []diag.Diagnostic) {
	p := &parser{doc: &Document{}}
	p.metadata(strictyaml.Field(n, field))
	meta := strictyaml.Field(n, "metadata")
	p.doc.Name, p.doc.Namespace = textOf(meta, "name"), textOf(meta, "namespace")
	p.doc.Type, p.doc.immutable = textOf(n, "type"), textOf(n, "immutable")
	if at := strictyaml.Field(strictyaml.Field(meta, "annotations"), wellknown.AnnotationSecret); at != nil {
		p.annotation = target(at)
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case key.ShortTag() == "!!merge":
			p.fail(key, diag.AmbiguousYAML, key.Value, "write the fields out", noMergeKeys)
		case key.Value == field:
		case key.Value == "data" || key.Value == "stringData":
			p.section(key.Value, n.Content[i+1])
		default:
			p.plain(n.Content[i+1], key.Value, 0)
		}
	}
	if len(p.doc.values) == 0 && len(p.problems) == 0 {
		p.fail(n, diag.InvalidEncryption, "data", "", "the Secret has no values")
	}
	p.doc.Digest = p.doc.digest()
	for i := range p.doc.values { // the slice grows no more
		p.doc.leaves[p.at[i]].value = &p.doc.values[i]
	}
	return p.doc, p.problems
}

// textOf returns a scalar field of a mapping, or "".
func textOf(n *yaml.Node, name string) string {
	v := strictyaml.Field(n, name)
	if v == nil {
		return ""
	}
	return strictyaml.Text(v)
}

type parser struct {
	doc        *Document
	annotation *yaml.Node // that binds the Secret; may be nil
	at         []int      // the leaf of each value
	problems   []diag.Diagnostic
}

// maxReported bounds the Problems of one document.
const maxReported = 20

const noMergeKeys = "an encrypted Secret must not use merge keys"

func (p *parser) fail(n *yaml.Node, reason diag.Reason, path, hint, format string, args ...any) {
	if len(p.problems) < maxReported {
		p.problems = append(p.problems, diag.Errorf(reason, format, args...).On(path).At(n.Line, n.Column).Suggest(hint))
	}
}

// HowTo is the command that encrypts what it must, and nothing else.
const HowTo = `encrypt it with: sops encrypt --encrypted-regex '^(data|stringData)$' --in-place FILE`

// section reads data or stringData.
func (p *parser) section(name string, n *yaml.Node) {
	n = target(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n, diag.WrongType, name, "", "must be a mapping of keys to encrypted values")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, scalar := n.Content[i], target(n.Content[i+1])
		path := name + "." + key.Value
		if key.ShortTag() == "!!merge" || key.Kind != yaml.ScalarNode {
			p.fail(key, diag.AmbiguousYAML, name, "write the keys out", noMergeKeys)
			continue
		}
		v, why := parseValue(scalar)
		if why != "" {
			hint := HowTo
			if scalar.Value == "" {
				hint = "remove the key"
			}
			p.fail(scalar, diag.InvalidEncryption, path, hint, "%s", why)
			continue
		}
		v.section, v.key = name, key.Value
		p.at = append(p.at, len(p.doc.leaves))
		p.doc.leaves = append(p.doc.leaves, leaf{})
		p.doc.values = append(p.doc.values, v)
	}
}

// target returns what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

// plain reads what is not encrypted: everything but data and stringData.
func (p *parser) plain(n *yaml.Node, path string, depth int) {
	n = target(n)
	if depth > strictyaml.MaxDepth {
		p.fail(n, diag.TooLarge, path, "", "has more than %d levels", strictyaml.MaxDepth)
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].ShortTag() == "!!merge" {
				p.fail(n.Content[i], diag.AmbiguousYAML, path, "write the fields out", noMergeKeys)
				continue
			}
			p.plain(n.Content[i+1], path+"."+n.Content[i].Value, depth+1)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			p.plain(item, fmt.Sprintf("%s[%d]", path, i), depth+1)
		}
	case yaml.ScalarNode:
		if strings.HasPrefix(n.Value, "ENC[") {
			p.fail(n, diag.InvalidEncryption, path, HowTo, "is encrypted; only data and stringData may be")
			return
		}
		bytes, ok := canonical(n)
		if !ok {
			p.fail(n, diag.WrongType, path, "", "is a value that SOPS cannot read")
			return
		}
		if n == p.annotation && p.doc.binding == nil {
			p.bind(n)
		}
		p.doc.leaves = append(p.doc.leaves, leaf{plain: bytes})
	}
}

// canonical returns the bytes of a value that count for the MAC: those of ToBytes in sops.go of SOPS 3.13.3.
func canonical(n *yaml.Node) ([]byte, bool) {
	var v any
	if n.Decode(&v) != nil {
		return nil, false
	}
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []byte(v), true
	case int:
		return []byte(strconv.Itoa(v)), true
	case float64:
		return []byte(strconv.FormatFloat(v, 'f', -1, 64)), true
	case bool:
		if v {
			return []byte("True"), true
		}
		return []byte("False"), true
	case time.Time:
		text, err := v.MarshalText()
		return text, err == nil
	}
	return nil, false
}

// encrypted is the form of one encrypted value: parse in aes/cipher.go of SOPS 3.13.3.
var encrypted = regexp.MustCompile(
	`^ENC\[AES256_GCM,data:([A-Za-z0-9+/=]+),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]$`)

// Lengths in bytes, as SOPS writes them.
const (
	ivSize  = 32
	tagSize = 16
	keySize = 32
)

// parseValue reads one encrypted value, or says what is wrong with it. SOPS leaves empty values as they are, and
// nothing shows who added them.
func parseValue(n *yaml.Node) (value, string) {
	v := value{line: n.Line, column: n.Column}
	switch {
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str":
		return v, "is not an encrypted text"
	case n.Value == "":
		return v, "is empty, which SOPS does not encrypt"
	}
	m := encrypted.FindStringSubmatch(n.Value)
	switch {
	case m == nil && strings.HasPrefix(n.Value, "ENC["):
		return v, "is not a value that SOPS has encrypted: it is damaged"
	case m == nil:
		return v, "is not encrypted, while the Secret is"
	case m[4] != "str":
		return v, "was encrypted as a value of type " + m[4] + ", and must be text"
	}
	v.text = n.Value
	var errs [3]error
	v.data, errs[0] = base64.StdEncoding.DecodeString(m[1])
	v.iv, errs[1] = base64.StdEncoding.DecodeString(m[2])
	v.tag, errs[2] = base64.StdEncoding.DecodeString(m[3])
	if errs != [3]error{} || len(v.iv) != ivSize || len(v.tag) != tagSize {
		return v, "is not a value that SOPS has encrypted: it is damaged"
	}
	return v, ""
}

// digest hashes the encrypted text of all values and of the MAC.
func (d *Document) digest() string {
	sum := sha256.New()
	write := func(parts ...string) {
		for _, p := range parts {
			fmt.Fprintf(sum, "%d:%s,", len(p), p)
		}
	}
	write(d.mac.text, d.Type, d.immutable)
	for _, v := range d.sorted() {
		write(v.section, v.key, v.text)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// sorted returns the values in an order that Kustomize does not change.
func (d *Document) sorted() []value {
	out := slices.Clone(d.values)
	slices.SortStableFunc(out, func(a, b value) int { return strings.Compare(a.path(), b.path()) })
	return out
}

// Names returns the keys of the Secret, sorted.
func (d *Document) Names() []string {
	out := map[string]bool{}
	for _, v := range d.values {
		out[v.key] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// Placeholders returns a text for each key of the Secret that changes with its encrypted value. It is not base64, so
// that no API server takes it for data.
func (d *Document) Placeholders() map[string]any {
	out := map[string]any{}
	for _, v := range d.sorted() { // stringData comes later, and wins in Kubernetes
		sum := sha256.Sum256([]byte(v.path() + v.text))
		out[v.key] = "encrypted:" + hex.EncodeToString(sum[:])
	}
	return out
}

// Plain returns a copy of the document without what is encrypted: the keys of data are left, with empty values.
func Plain(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = nil
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		switch key.Value {
		case field:
			continue
		case "data", "stringData":
			v = emptied(target(v))
		}
		out.Content = append(out.Content, key, v)
	}
	return &out
}

func emptied(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return n
	}
	out := *n
	out.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		empty := &yaml.Node{
			Kind:   yaml.ScalarNode,
			Tag:    "!!str",
			Style:  yaml.DoubleQuotedStyle,
			Line:   n.Content[i+1].Line,
			Column: n.Content[i+1].Column,
		}
		out.Content = append(out.Content, n.Content[i], empty)
	}
	return &out
}

// Differs returns the field of another form of the document, such as Kustomize's output, that the MAC of this one does
// not cover any more; "" if there is none. Bound judges the name and the namespace.
func (d *Document) Differs(other *Document) string {
	same := func(a, b value) bool { return a.path() == b.path() && a.text == b.text }
	switch {
	case d.mac.text != other.mac.text || d.modified != other.modified || d.macOnlyEncrypted != other.macOnlyEncrypted:
		return field
	case !slices.EqualFunc(d.sorted(), other.sorted(), same):
		return "data"
	case d.Type != other.Type:
		return "type"
	case d.immutable != other.immutable:
		return "immutable"
	}
	return ""
}
