// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

const week = 7 * 24 * time.Hour

// seal and check are signatures of the author: a text's own digest with a key in front.
func seal(key string) Sign {
	return func(text []byte) (string, error) { return "SIGNED " + key + " " + hashOf(string(text)), nil }
}

func check(keys ...string) Verify {
	return func(text []byte, signature string, _ time.Time) (string, error) {
		for _, key := range keys {
			if want, _ := seal(key)(text); signature == want {
				return key, nil
			}
		}
		return "", errors.New("not by an allowed signer")
	}
}

func add(t *testing.T, files map[string][]byte, sign Sign, now time.Time, records ...Record) map[string][]byte {
	t.Helper()
	out, err := Keeping{Cluster: "demo", Sign: sign, MaxAge: week, Now: now}.Add(files, records...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSigned: where signers are given, a record counts only as an allowed signer wrote it, where it was written.
func TestSigned(t *testing.T) {
	name := FileName(phi, hashOf("a"))
	good := add(t, nil, seal("ci"), noon, record("a"))
	count := func(files map[string][]byte) int { return Read("demo", files, check("ci", "daemon"), noon).Len() }
	if count(good) != 1 || count(add(t, nil, seal("daemon"), noon, record("a"))) != 1 {
		t.Fatal("a signed record does not count")
	}
	file := string(good[name])
	changed := func(from, to string) map[string][]byte {
		if !strings.Contains(file, from) {
			t.Fatalf("no %q in\n%s", from, file)
		}
		return map[string][]byte{name: []byte(strings.Replace(file, from, to, 1))}
	}
	elsewhere := workspace.Key{Namespace: "default", Name: "llama"}
	moved := strings.Replace(file, "name: phi", "name: llama", 1)
	relabelled := strings.Replace(file, hashOf("a"), hashOf("b"), 1)
	for what, files := range map[string]map[string][]byte{
		"unsigned":                         add(t, nil, nil, noon, record("a")),
		"wrong key":                        add(t, nil, seal("mallory"), noon, record("a")),
		"cheaper in reality":               changed("3.673", "36.73"),
		"a size in it changed":             changed("NC24ads", "NC96ads"),
		"a deletion made of it":            changed("deletes: false", "deletes: true"),
		"a younger one made of it":         changed("2026-08-01", "2026-07-31"),
		"another pull request":             changed("pulls/7", "pulls/8"),
		"signature cut":                    changed("SIGNED ci ", "SIGNED ci"),
		"moved to another digest":          {FileName(phi, hashOf("b")): good[name]},
		"made for another digest":          {FileName(phi, hashOf("b")): []byte(relabelled)},
		"moved to another Workspace":       {FileName(elsewhere, hashOf("a")): good[name]},
		"made for another Workspace":       {FileName(elsewhere, hashOf("a")): []byte(moved)},
		"of another cluster":               changed("cluster: demo", "cluster: prod"),
		"followed by an unsigned addition": {name: append(slices.Clone(good[name]), "x: y\n"...)},
	} {
		got := Read("demo", files, check("ci", "daemon"), noon)
		if got.Len() != 0 || len(got.Ignored) != 1 {
			t.Errorf("%s: %d count, ignored %q", what, got.Len(), got.Ignored)
			continue
		}
		for file := range files { // people look for it on the branch by this path
			if !strings.HasPrefix(got.Ignored[0], "reviews/demo/"+file+": ") {
				t.Errorf("%s: ignored %q, want the path of %s", what, got.Ignored, file)
			}
		}
	}
	if Read("prod", good, check("ci"), noon).Len() != 0 {
		t.Error("a record counts in the folder of another cluster")
	}
}

// TestReplay: a record that is put back counts only while it is young, and one of the future does not count.
func TestReplay(t *testing.T) {
	old := add(t, nil, seal("ci"), noon, record("a"))
	p := Policy{Verdict: Require, MaxAge: week}
	c := Case{Workspace: phi, Digest: hashOf("a"), Now: record("a").Shown}
	for later, want := range map[time.Duration]bool{0: true, week: true, week + time.Second: false} {
		now := noon.Add(later)
		if got := Judge(Read("demo", old, check("ci"), now), c, p, now); got.OK() != want {
			t.Errorf("after %s: %+v", later, got)
		}
	}
	for early, want := range map[time.Duration]int{ahead: 1, ahead + time.Second: 0} {
		if got := Read("demo", old, check("ci"), noon.Add(-early)).Len(); got != want {
			t.Errorf("%s before it was made, %d count", early, got)
		}
	}
}

// TestAdd: what is there already is not written again, and what others have written stays.
func TestAdd(t *testing.T) {
	files := add(t, nil, nil, noon, record("a"))
	other := record("b")
	other.Workspace.Name = "llama"
	both := add(t, files, nil, noon, other)
	if len(both) != 2 || !Same(add(t, both, nil, noon.Add(time.Hour), record("a"), other), both) {
		t.Errorf("%q", slices.Sorted(maps.Keys(both)))
	}
	name := FileName(phi, hashOf("a"))
	later := record("a")
	later.At = noon.Add(week / 2)
	if got := add(t, both, nil, later.At, later); string(got[name]) == string(both[name]) {
		t.Error("a record that is still shown is not renewed, and will expire")
	}
	dearer := record("a")
	dearer.Shown.HourlyCost = usd(9)
	if got := add(t, both, nil, noon, dearer); !strings.Contains(string(got[name]), "hourlyCost: \"9\"") {
		t.Error("other values are not written")
	}
	signed := Keeping{Cluster: "demo", Sign: seal("ci"), Verify: check("ci"), MaxAge: week, Now: noon}
	for _, by := range []Sign{nil, seal("mallory")} {
		got, err := signed.Add(add(t, nil, by, noon, record("a")), record("a"))
		if err != nil || !strings.Contains(string(got[name]), "SIGNED ci ") {
			t.Errorf("a record that does not count stays: %v", err)
		}
	}
	if _, err := (Keeping{Cluster: "prod", MaxAge: week, Now: noon}).Add(nil, record("a")); err == nil {
		t.Error("a record of another cluster is written")
	}
	failing := errors.New("no key")
	signed.Sign = func([]byte) (string, error) { return "", failing }
	if _, err := signed.Add(nil, record("a")); !errors.Is(err, failing) {
		t.Errorf("%v", err)
	}
}

// TestBounds: of too many records the oldest go, in any order, and so does what is no record.
func TestBounds(t *testing.T) {
	files := map[string][]byte{
		"README.md":                  []byte("x"),
		"default/phi/notes.yaml":     []byte("x"),
		FileName(phi, hashOf("new")): []byte("kind: Review\nof: a newer version\n"),
	}
	for i := range maxPerWorkspace + 5 {
		r := record(fmt.Sprint(i))
		r.At = noon.Add(time.Duration(i) * time.Minute)
		files[FileName(phi, r.Digest)] = text(t, r)
	}
	late := noon.Add(time.Hour * 2)
	kept := add(t, files, nil, late)
	if len(kept) != maxPerWorkspace {
		t.Errorf("%d files are kept", len(kept))
	}
	for i := range maxPerWorkspace + 5 {
		if _, ok := kept[FileName(phi, hashOf(fmt.Sprint(i)))]; ok != (i >= 5) {
			t.Errorf("record %d kept: %t", i, ok)
		}
	}
	if got := Read("demo", kept, nil, late); got.Len() != maxPerWorkspace || len(got.Ignored) != 0 {
		t.Errorf("%d are read, ignored %q", got.Len(), got.Ignored)
	}
	over := Read("demo", files, nil, late)
	if over.Len() > maxPerWorkspace || len(over.Ignored) > maxIgnored {
		t.Errorf("%d of too many are read, %d named", over.Len(), len(over.Ignored))
	}
	if len(add(t, kept, nil, noon.Add(keepFor*week+time.Hour*2))) != 0 {
		t.Error("old records are kept")
	}
	newer := map[string][]byte{FileName(phi, hashOf("new")): files[FileName(phi, hashOf("new"))]}
	if len(add(t, newer, nil, noon)) != 1 {
		t.Error("a file of a newer version is removed")
	}
}

// TestFlood: neither files that do not count nor the records of another pull request push out a record that counts.
func TestFlood(t *testing.T) {
	signed := Keeping{Cluster: "demo", Sign: seal("ci"), Verify: check("ci"), MaxAge: week, Now: noon}
	good := FileName(phi, hashOf("a"))
	flood := func(sign Sign, at time.Time, pullRequest string) map[string][]byte {
		files := map[string][]byte{}
		for i := range maxPerWorkspace + 5 {
			r := record(fmt.Sprint(i))
			r.At, r.PullRequest = at.Add(time.Duration(i)*time.Second), pullRequest
			data, err := r.file(sign)
			if err != nil {
				t.Fatal(err)
			}
			files[FileName(phi, r.Digest)] = data
		}
		return files
	}
	for name, files := range map[string]map[string][]byte{
		"unsigned":                flood(nil, noon.Add(time.Minute), "https://git.example.com/8"),
		"by another key":          flood(seal("mallory"), noon.Add(time.Minute), "https://git.example.com/8"),
		"of the future":           flood(seal("ci"), noon.Add(365*24*time.Hour), "https://git.example.com/8"),
		"of another pull request": flood(seal("ci"), noon.Add(time.Minute), "https://git.example.com/8"),
	} {
		got, err := signed.Add(files, record("a"))
		if err != nil {
			t.Fatal(err)
		}
		later := signed
		later.Now = noon.Add(2 * time.Minute)
		if got, err = later.Add(got); err != nil {
			t.Fatal(err)
		}
		if _, ok := Read("demo", got, check("ci"), later.Now).Find(phi, hashOf("a")); !ok || len(got) != maxPerWorkspace {
			t.Errorf("%s: of %d files, %s counts: %t", name, len(got), good, ok)
		}
	}
}

// TestNewest: of several records of a Workspace the last one is named.
func TestNewest(t *testing.T) {
	a, b := record("a"), record("b")
	b.At = noon.Add(-time.Hour)
	records := Read("demo", add(t, nil, nil, noon, a, b), nil, noon)
	if got, ok := records.Newest(phi); !ok || got != a {
		t.Errorf("%+v", got)
	}
	if _, ok := records.Newest(workspace.Key{Name: "x"}); ok {
		t.Error("a Workspace without records has one")
	}
}
