package git

import (
	"os/exec"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
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
		for _, tr := range trailers(m) {
			got.WriteString(strings.TrimSpace(tr.key+": "+tr.value) + "\n")
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
