// SPDX-License-Identifier: Apache-2.0

package git

import (
	"os/exec"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/trailer"
)

var messages = []string{
	"subject only",
	"subject\n\nbody\n",
	"two\nlines of subject\n\nbody",
	"subject\n\nSyncer-Commit: abc\nSyncer-Cluster: demo\n",
	"subject\n\nbody\n\nAllow-Empty: yes\nallow-empty: No\n",
	"subject\n\nbody: not a trailer, since\nthis line is none\n",
	"subject\n\nbody\n\nnot a trailer\nnor this\nSigned-off-by: A <a@example.com>\n",
	"subject\n\nbody\n\nnot\nnor\nnor\nnor this\nSigned-off-by: A <a@example.com>\n",
	"subject\n\nbody\n\nnot a trailer\nKey: value\n",
	"subject\n\nKey: value\n  folded\n\tagain\nOther:x\n",
	"subject\n\nKey : spaced\nEmpty:\n",
	"subject\n\nKey: not the last paragraph\n\nlast paragraph\n",
	"Key: in the subject\n",
	"subject\n\n  indented\nKey: value\n",
	"subject\n\nKey with space: value\n",
	"subject\n\nKey: value\n\n(cherry picked from commit 123)\n",
	"subject\n\nbody\n\nKey: value\n(cherry picked from commit 123)\n",
	"subject\n\nhttps://example.com/x\n",
	"\n\nsubject after blank lines\n\nKey: v\n\n\n",
}

// TestTrailers takes git interpret-trailers as the truth.
func TestTrailers(t *testing.T) {
	for _, m := range messages {
		cmd := exec.Command("git", "interpret-trailers", "--parse")
		cmd.Stdin = strings.NewReader(strings.TrimLeft(m, "\n"))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, tr := range trailer.All(m) {
			got.WriteString(strings.TrimSpace(tr.Key+": "+tr.Value()) + "\n")
		}
		var want strings.Builder
		for line := range strings.Lines(string(out)) {
			if !strings.HasPrefix(line, "(") { // git prints "(cherry picked from commit" as well
				want.WriteString(strings.TrimSpace(line) + "\n")
			}
		}
		if got.String() != want.String() {
			t.Errorf("%q:\ngot  %q\ngit: %q", m, got.String(), want.String())
		}
	}
}

func TestTrailerLookup(t *testing.T) {
	c := Commit{Message: messages[4]}
	if v, ok := c.Trailer("ALLOW-EMPTY"); v != "No" || !ok {
		t.Errorf("Trailer = %q, %v, want the last value", v, ok)
	}
	if v, ok := c.Trailer("missing"); v != "" || ok {
		t.Errorf("Trailer = %q, %v, want none", v, ok)
	}
}

// TestSubject takes git log as the truth.
func TestSubject(t *testing.T) {
	repo := gittest.NewRepo(t)
	for _, m := range messages {
		h := repo.Commit(map[string]string{"f": m}, m)
		want := repo.Git("show", "-s", "--format=%s", h)
		if got := (Commit{Message: m}).Subject(); got != want {
			t.Errorf("%q: subject %q, git says %q", m, got, want)
		}
	}
}

// TestLongTrailer reads a trailer of a million lines, which must not take time in proportion to the square of its size.
func TestLongTrailer(t *testing.T) {
	const lines = 1 << 20
	c := Commit{Message: "subject\n\nKey: a\n" + strings.Repeat(" b\n", lines)}
	if v, ok := c.Trailer("key"); !ok || len(v) != len("a")+lines*len(" b") {
		t.Errorf("a value of %d bytes, %t", len(v), ok)
	}
}

// FuzzTrailer reads trailers of messages that users write. Each value consists of words of the message.
func FuzzTrailer(f *testing.F) {
	for _, message := range []string{
		"", "subject", "subject\n\nAllow-Empty: yes\n", "s\n\nA: b\n  c\n\td\n", "s\n\n  c\nA: b\n", "s\r\n\r\nA: b\r\n",
		"s\n\ntext\nSigned-off-by: x\n(cherry picked from commit 1)\n", "s\n\n#\nA :b\n", "s\n\u00a0\nA: \xff\n",
	} {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, message string) {
		c := Commit{Message: message}
		for _, found := range trailer.All(message) {
			value, ok := c.Trailer(found.Key)
			if !ok || strings.ContainsRune(value, '\n') {
				t.Fatalf("%q: trailer %q is %q, %t", message, found.Key, value, ok)
			}
			for _, word := range strings.Fields(value) {
				if !strings.Contains(message, word) {
					t.Fatalf("%q: trailer %q has %q", message, found.Key, word)
				}
			}
		}
	})
}
