// SPDX-License-Identifier: Apache-2.0

package sops_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/strictyaml"
)

const secret = `apiVersion: v1
kind: Secret
metadata:
  name: token
  namespace: team
  labels: {app: phi}
  annotations:
    syncer.dev/secret: only team/token (Opaque)
type: Opaque
data:
  HF_TOKEN: czNjcmV0LXRva2Vu
stringData:
  user: s3cret-user
  more: s3cret-more
`

var dataKey = bytes.Repeat([]byte{7}, 32)

func encrypt(t *testing.T, document string, o sopstest.Options) string {
	t.Helper()
	o.DataKey = dataKey
	text, err := sopstest.Encrypt(document, o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t *testing.T, text string) (*sops.Document, []diag.Diagnostic) {
	t.Helper()
	docs, syntax := strictyaml.Documents([]byte(text))
	if syntax != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), syntax)
	}
	return sops.Parse(docs[0])
}

func TestDecrypt(t *testing.T) {
	want := map[string][]byte{
		"HF_TOKEN": []byte("s3cret-token"), "user": []byte("s3cret-user"), "more": []byte("s3cret-more"),
	}
	for _, only := range []bool{false, true} {
		d, problems := parse(t, encrypt(t, secret, sopstest.Options{MACOnlyEncrypted: only}))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got, err := d.Decrypt(dataKey)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if diff := cmp.Diff([]string{"HF_TOKEN", "more", "user"}, d.Names()); diff != "" {
			t.Error(diff)
		}
		if why := d.Bound("team", "token"); why != nil {
			t.Error(why)
		}
	}
}

// TestTampered changes one thing after encryption. Nothing of the values is in the error.
func TestTampered(t *testing.T) {
	for _, c := range []struct {
		name, old, new, want string
		only                 bool // the MAC covers encrypted values alone
	}{
		{name: "another name", old: "name: token", new: "name: other", want: "sops.mac"},
		{name: "another namespace", old: "namespace: team", new: "namespace: kube-system", want: "sops.mac"},
		{name: "another label", old: "app: phi", new: "app: other", want: "sops.mac"},
		{name: "another type", old: "type: Opaque", new: "type: example.com/x", want: "sops.mac"},
		{name: "an added field", old: "type: Opaque", new: "type: Opaque\nimmutable: true", want: "sops.mac"},
		{name: "another key", old: "user: ENC", new: "admin: ENC", want: "stringData.admin"},
		{name: "another section", old: "stringData:", new: "other: x\nstringData:", want: "sops.mac"},
		{name: "another time", old: "2026-01-02T15:04:05Z", new: "2026-01-02T15:04:06Z", want: "sops.mac"},
		{name: "a MAC over less", old: "mac: ENC", new: "mac_only_encrypted: true\n  mac: ENC", want: "sops.mac"},
		{
			name: "a MAC over more", old: "mac_only_encrypted: true", new: "mac_only_encrypted: false",
			only: true, want: "sops.mac",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := encrypt(t, secret, sopstest.Options{MACOnlyEncrypted: c.only})
			if !strings.Contains(text, c.old) {
				t.Fatalf("no %q in\n%s", c.old, text)
			}
			d, problems := parse(t, strings.Replace(text, c.old, c.new, 1))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			_, err := d.Decrypt(dataKey)
			var found diag.Diagnostic
			if !errors.As(err, &found) || found.Field != c.want || found.Line == 0 || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%+v", err)
			}
		})
	}
}

// TestBound accepts a Secret only where its author said that it belongs.
func TestBound(t *testing.T) {
	const own = "only team/token (Opaque)"
	const annotations = "  annotations:\n    syncer.dev/secret: " + own + "\n"
	with := func(old, changed string) string { return strings.Replace(secret, old, changed, 1) }
	noData := with("data:\n  HF_TOKEN: czNjcmV0LXRva2Vu\n", "")
	late := strings.Replace(noData, "metadata:", "data: {a: eA==}\nmetadata:", 1)
	for _, c := range []struct{ name, text, namespace, secret, want string }{
		{name: "its place", text: secret, namespace: "team", secret: "token"},
		{name: "no type", text: with("type: Opaque\n", ""), namespace: "team", secret: "token"},
		{name: "a label before it", text: with("app: phi", "app: a/b"), namespace: "team", secret: "token"},
		{
			name: "another namespace", text: secret, namespace: "default", secret: "token",
			want: "belongs to team/token (Opaque)",
		},
		{name: "another name", text: secret, namespace: "team", secret: "other", want: "belongs to team/token (Opaque)"},
		{
			name: "another type", text: with("type: Opaque", "type: kubernetes.io/tls"), namespace: "team", secret: "token",
			want: "belongs to team/token (Opaque), not to team/token (kubernetes.io/tls)",
		},
		{
			name: "no annotation", text: with(annotations, ""), namespace: "team", secret: "token",
			want: `is required: SOPS alone does not tell the name of a Secret from its namespace ` +
				`(set it to "only team/token (Opaque)" with sops edit, or before sops encrypt)`,
		},
		{
			name: "without a type", text: with(own, "only team/token"), namespace: "team", secret: "token",
			want: "must have the form",
		},
		{name: "more", text: with(own, own+"."), namespace: "team", secret: "token", want: "must have the form"},
		{name: "a list", text: with(own, "["+own+"]"), namespace: "team", secret: "token", want: "is required"},
		{name: "after a value", text: late, namespace: "team", secret: "token", want: "must come before every value"},
		{
			name: "after a space", text: with("    syncer.dev", "    a: b c\n    syncer.dev"),
			namespace: "team", secret: "token",
			want: "must come before every value",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, problems := parse(t, encrypt(t, c.text, sopstest.Options{}))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			why := d.Bound(c.namespace, c.secret)
			switch {
			case c.want == "" && why != nil:
				t.Error(why)
			case c.want != "" && (why == nil || !strings.Contains(why.Error(), c.want) || why.Reason != diag.SecretNotBound):
				t.Errorf("%v", why)
			}
		})
	}
}

// TestShiftedText distributes the plain text of a Secret otherwise, in every way that moves the annotation: the MAC of
// SOPS stays the same, and the Secret belongs where it belonged. The text holds annotations that the attacker likes.
func TestShiftedText(t *testing.T) {
	const (
		own  = "only team/token (Opaque)"
		text = "tokenteam" + own + "only am/tokente (Opaque)" + "only team/token (x)" + "x" + "Opaque"
	)
	head := "apiVersion: v1\nkind: Secret\n"
	whole := encrypt(t, head+fmt.Sprintf("metadata: {name: %q}\nstringData: {a: s3cret}\n", text), sopstest.Options{})
	_, values, _ := strings.Cut(whole, "stringData:")
	random := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for i := range text {
		for j := i + 1; j <= len(text); j++ {
			for _, kind := range []string{"", "x", "Opaque"} {
				at := strings.LastIndex(text, kind) // of the type; at the end without one
				if at < j {
					continue
				}
				a := random.IntN(i + 1)
				b := a + random.IntN(i-a+1)
				changed := head + fmt.Sprintf(
					"metadata: {name: %q, namespace: %q, generateName: %q, annotations: {syncer.dev/secret: %q, b: %q}}\n"+
						"type: %q\nother: %q\nstringData:", text[:a], text[a:b], text[b:i], text[i:j], text[j:at], kind,
					text[at+len(kind):]) + values
				d, problems := parse(t, changed)
				if len(problems) > 0 {
					t.Fatal(problems, changed)
				}
				if _, err := d.Decrypt(dataKey); err != nil {
					t.Fatalf("the MAC of SOPS covers more than it did: %v\n%s", err, changed)
				}
				for _, place := range [][2]string{{"team", "token"}, {"am", "tokente"}, {d.Namespace, d.Name}} {
					if d.Bound(place[0], place[1]) != nil {
						continue
					}
					accepted++
					if place != [2]string{"team", "token"} || d.Type == "x" {
						t.Errorf("accepted as %s of type %q:\n%s", place, kind, changed)
					}
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("nothing is accepted")
	}
}

// TestMACOnlyEncrypted leaves the name to the author of the file: the one who encrypted it said so.
func TestMACOnlyEncrypted(t *testing.T) {
	text := encrypt(t, secret, sopstest.Options{MACOnlyEncrypted: true})
	d, _ := parse(t, strings.Replace(text, "name: token", "name: other", 1))
	if _, err := d.Decrypt(dataKey); err != nil {
		t.Error(err)
	}
	if why := d.Bound("elsewhere", "other"); why != nil {
		t.Error(why)
	}
}

func TestParseRefuses(t *testing.T) {
	whole := encrypt(t, secret, sopstest.Options{})
	enc := func(data, iv, tag, kind string) string {
		return fmt.Sprintf("ENC[AES256_GCM,data:%s,iv:%s,tag:%s,type:%s]", data, iv, tag, kind)
	}
	iv, tag := strings.Repeat("A", 43)+"=", strings.Repeat("A", 22)+"=="
	value := func(text string) string {
		return strings.Replace(whole, "stringData:\n", "stringData:\n    empty: "+text+"\n", 1)
	}
	with := func(old, changed string) string { return strings.Replace(whole, old, changed, 1) }
	many := strings.Repeat("    - {recipient: a, enc: b}\n", 100)
	for _, c := range []struct{ name, text, want string }{
		{"a plain value", value("s3cret-plain"), "13:12: stringData.empty: is not encrypted, while the Secret is"},
		{"an empty value", value(`""`), "13:12: stringData.empty: is empty, which SOPS does not encrypt (remove the key)"},
		{
			"an empty value of data", with("\ndata:\n", "\ndata:\n    user: ''\n"),
			"data.user: is empty, which SOPS does not encrypt",
		},
		{"a number", value("12"), "is not an encrypted text"},
		{"no value", value("null"), "is not an encrypted text"},
		{"a list", value("[a]"), "is not an encrypted text"},
		{"text behind", value("'" + enc("AAAA", iv, tag, "str") + " s3cret'"), "it is damaged"},
		{"no iv", value("'" + enc("AAAA", "AAAA", tag, "str") + "'"), "it is damaged"},
		{"a type", value("'" + enc("AAAA", iv, tag, "int") + "'"), "of type int"},
		{"metadata", with("app: phi", "app: 'ENC[AES256_GCM,data:x]'"), "metadata.labels.app: is encrypted"},
		{"no MAC", with("mac:", "max:"), "sops: lacks mac"},
		{"no time", with(`lastmodified: "2026-01-02T15:04:05Z"`, "lastmodified: yesterday"), "sops.lastmodified"},
		{"no recipient", with("age:", "agent:"), "sops: has no recipient"},
		{"pgp alone", with("age:", "pgp:"), "only recipients of pgp, which are not supported"},
		{"groups", with("age:", "key_groups:"), "groups of keys are not supported"},
		{"half a recipient", with("recipient:", "for:"), "sops.age: lacks a field"},
		{"a large recipient", with("  -----BEGIN", "  "+strings.Repeat("x", 9000)+"\n        -----BEGIN"), "more than 8192"},
		{"many recipients", with("  age:\n", "  age:\n"+many), "has 101 recipients, more than 100"},
		{"a merge", with("type: Opaque", "<<: {type: Opaque}"), "must not use merge keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := parse(t, c.text)
			text := fmt.Sprint(problems)
			if !strings.Contains(text, c.want) || strings.Contains(text, "s3cret") {
				t.Errorf("%s\n%s", text, c.text)
			}
			for _, p := range problems {
				if p.Line == 0 {
					t.Errorf("no place: %v", p)
				}
			}
		})
	}
}

// TestSizeOfSecret refuses what the API server does not store.
func TestSizeOfSecret(t *testing.T) {
	d, problems := parse(t, encrypt(t, secret+"  large: "+strings.Repeat("x", 1<<20)+"\n", sopstest.Options{}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, err := d.Decrypt(dataKey); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Error(err)
	}
}

// TestDigest changes with each encrypted value, and not with the recipients.
func TestDigest(t *testing.T) {
	text := encrypt(t, secret, sopstest.Options{})
	a, _ := parse(t, text)
	b, _ := parse(t, strings.Replace(text, "  age:\n", "  age:\n    - {recipient: age1other, enc: x}\n", 1))
	c, _ := parse(t, encrypt(t, secret, sopstest.Options{}))
	if a.Digest != b.Digest || a.Digest == c.Digest {
		t.Errorf("%s, %s, %s", a.Digest, b.Digest, c.Digest)
	}
}

// FuzzParse reads any document and decrypts it: it neither panics nor shows a value, and what it accepts has the values
// that were encrypted.
func FuzzParse(f *testing.F) {
	for _, only := range []bool{false, true} {
		text, err := sopstest.Encrypt(secret, sopstest.Options{DataKey: dataKey, MACOnlyEncrypted: only})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(strings.ReplaceAll(text, "str]", "int]"))
		f.Add(strings.Replace(text, "data:", "data: &a", 1) + "other: *a\n")
	}
	for _, name := range []string{"testdata/sops.yaml"} {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		docs, syntax := strictyaml.Documents([]byte(text))
		if syntax != nil {
			return
		}
		for _, n := range docs {
			if _, d := strictyaml.Measure(n, strictyaml.Extent{Values: 5000, Bytes: 1 << 20, Depth: 50}); d != nil {
				continue
			}
			if n.Kind != yaml.MappingNode || !sops.Encrypted(n) {
				continue
			}
			d, problems := sops.Parse(n)
			if len(problems) > 0 {
				continue
			}
			data, err := d.Decrypt(dataKey)
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v", err)
			}
			for k, v := range data {
				if len(v) > 0 && !strings.HasPrefix(string(v), "s3cret-") {
					t.Errorf("%s: a value that was never encrypted", k)
				}
			}
			var plain struct{ Data, StringData map[string]any }
			if sops.Plain(n).Decode(&plain) == nil {
				for k, v := range plain.Data {
					if v != "" {
						t.Errorf("%s: %v", k, v)
					}
				}
			}
		}
	})
}

// TestWrittenBySOPS decrypts files that SOPS 3.13.3 has written for the key of sopstest, by
//
//	sops encrypt --age RECIPIENT --encrypted-regex '^(data|stringData)$' FILE
//
// one of them with mac_only_encrypted in the rules of SOPS. They have an empty value, and not the annotation. Their
// metadata has values of every type that counts for the MAC.
func TestWrittenBySOPS(t *testing.T) {
	want := map[string][]byte{
		"HF_TOKEN": []byte("s3cret-token"),
		"user":     []byte("s3cret-user"),
		"lines":    []byte("s3cret-one\ns3cret-two\n"),
	}
	for _, name := range []string{"sops.yaml", "mac-only.yaml"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := parse(t, string(text)); !strings.Contains(fmt.Sprint(problems), "stringData.empty: is empty") {
			t.Error(name, problems)
		}
		text = bytes.Replace(text, []byte("    empty: \"\"\nsops:"), []byte("sops:"), 1) // the MAC does not notice
		d, problems := parse(t, string(text))
		if len(problems) > 0 {
			t.Fatal(name, problems)
		}
		if why := d.Bound("team", "token"); (why == nil) != (name == "mac-only.yaml") {
			t.Errorf("%s: %v", name, why)
		}
		got, err := d.Decrypt(ageDataKey(t, d.Keys[0].Encrypted))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		other, _ := parse(t, strings.Replace(string(text), "generation: 3", "generation: 4", 1))
		if _, err := other.Decrypt(ageDataKey(t, d.Keys[0].Encrypted)); (err == nil) != (name == "mac-only.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func ageDataKey(t *testing.T, encrypted string) []byte {
	t.Helper()
	identity, err := age.ParseX25519Identity(sopstest.Identity)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(encrypted)), identity)
	if err != nil {
		t.Fatal(err)
	}
	key, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
