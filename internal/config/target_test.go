// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

// TestTarget: a branch, a tag or a commit is followed. The default of the branch steps back for the others; one that is
// given does not.
func TestTarget(t *testing.T) {
	const full = "0123456789abcdef0123456789abcdef01234567"
	type values = map[string]string
	for name, tt := range map[string]struct {
		source string
		flags  map[string]string
		ref    string // or
		want   string // part of the error
	}{
		"none":              {source: "path: a", ref: "branch main"},
		"branch":            {source: "branch: next", ref: "branch next"},
		"tag":               {source: "tag: v1.2", ref: "tag v1.2"},
		"commit":            {source: "commit: " + full, ref: "commit " + full},
		"tag by a flag":     {source: "path: a", flags: map[string]string{"source.tag": "v1"}, ref: "tag v1"},
		"instead by flags":  {source: "branch: main", flags: values{"source.tag": "v1", "source.branch": ""}, ref: "tag v1"},
		"branch and tag":    {source: "branch: main, tag: v1", want: "source.tag: excludes source.branch, which is main"},
		"a flag beside":     {source: "branch: main", flags: values{"source.tag": "v1"}, want: "excludes source.branch"},
		"tag and commit":    {source: "tag: v1, commit: " + full, want: "source.commit: excludes source.tag"},
		"branch and commit": {source: "branch: b, commit: " + full, want: "source.commit: excludes source.branch"},
		"short commit":      {source: "commit: abcdef0", want: "write all 40 digits"},
		"odd tag":           {source: "tag: a..b", want: `"a..b" is not a valid tag name`},
		"no branch":         {source: `branch: ""`, want: "is not a valid branch name"},
		"review of a tag":   {source: "tag: v1}\nreview: {forge: github", want: "review.forge: requires source.branch"},
	} {
		text := "apiVersion: syncer.dev/v1alpha1\nkind: Config\nsource: {" + tt.source + "}\n"
		c, err := Load("syncer.yaml", []byte(text), none, tt.flags)
		switch {
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		case tt.want == "" && (err != nil || c.Source.Ref() != tt.ref):
			t.Errorf("%s: %s, %v, want %s", name, c.Source.Ref(), err, tt.ref)
		}
	}
}

func TestKeep(t *testing.T) {
	for text, want := range map[string]string{
		"status: {keep: 0}":                  "",
		"status: {keep: 100}":                "",
		"status: {keep: 9}":                  "must be 0, or between 10 and 10000, not 9",
		"status: {keep: -1}":                 "must be 0, or between",
		"status: {keep: 10001}":              "must be 0, or between",
		"status: {keep: 100, branch: main}":  "status.keep: requires another status.branch than source.branch",
		"status: {branch: main, path: stat}": "",
	} {
		_, err := Load("syncer.yaml", []byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\n"+text+"\n"), none, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestSignersOfAFolder(t *testing.T) {
	s := Signatures{Signers: []string{".=all", "a=a", "a/b=ab", "x=x"}}
	for folder, want := range map[string]string{".": "all", "a": "a", "a/": "a", "a/b/c": "ab", "ab": "all", "x/y": "x"} {
		if got := s.Of(folder); got != want {
			t.Errorf("%s: %s, want %s", folder, got, want)
		}
	}
}
