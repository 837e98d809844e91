// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

func report(name string, s status.State) *status.Report {
	return &status.Report{Key: workspace.Key{Namespace: "default", Name: name}, State: s}
}

// waitsFor is the Report of a Workspace that is Pending for a reason.
func waitsFor(name, reason string) *status.Report {
	r := report(name, status.Pending)
	r.Conditions = []status.Condition{
		{Type: status.ResourceReady, Status: "False", Reason: reason, Message: "waits"},
	}
	return r
}

func many(n int, s status.State) []*status.Report {
	var out []*status.Report
	for i := range n {
		out = append(out, report(fmt.Sprintf("phi-%03d", i), s))
	}
	return out
}

func TestMessage(t *testing.T) {
	c := Commit{Cluster: "demo", Source: strings.Repeat("a", 40), Version: "v1"}
	for _, tt := range []struct {
		before, after []*status.Report
		changed       []string
		subject       string
		urgent        bool
	}{
		{
			after:   []*status.Report{report("phi-4", status.Ready), report("llama", status.Pending)},
			subject: "status(demo): phi-4 Ready, llama Pending",
			urgent:  true,
		},
		{
			before:  []*status.Report{report("phi-4", status.Pending)},
			after:   []*status.Report{waitsFor("phi-4", "PoolNotReady")},
			changed: []string{"README.md", "default/phi-4.yaml"},
			subject: "status(demo): phi-4 PoolNotReady",
		},
		{
			before:  []*status.Report{report("phi-4", status.Pending)},
			after:   []*status.Report{waitsFor("phi-4", "PoolNotReady"), report("llama", status.Ready)},
			changed: []string{"README.md", "default/phi-4.yaml", "default/llama.yaml"},
			subject: "status(demo): llama Ready",
			urgent:  true,
		},
		{
			before:  []*status.Report{report("phi-4", status.Ready)},
			after:   []*status.Report{report("phi-4", status.Ready)},
			changed: []string{"README.md", "capacity.yaml"},
			subject: "status(demo): capacity",
		},
		{
			before:  []*status.Report{report("phi-4", status.Ready)},
			after:   []*status.Report{report("phi-4", status.Ready)},
			changed: []string{"README.md"},
			subject: "status(demo): overview",
		},
		{
			after:   many(100, status.Ready),
			subject: "status(demo): 100 Ready",
			urgent:  true,
		},
		{
			after:   append(many(100, status.Ready), report("other", status.Failed)),
			subject: "status(demo): other Failed, 100 Ready",
			urgent:  true,
		},
		{
			after:   []*status.Report{report("phi-4", status.Pending)},
			subject: "status(demo): phi-4 Pending",
		},
		{
			before:  []*status.Report{report("phi-4", status.Ready)},
			subject: "status(demo): phi-4 removed",
			urgent:  true,
		},
		{
			before:  []*status.Report{report("phi-4", status.Ready)},
			after:   []*status.Report{report("phi-4", status.NotReady)},
			subject: "status(demo): phi-4 NotReady",
			urgent:  true,
		},
		{
			after: []*status.Report{
				report("a-long-name-for-a-workspace", status.Failed),
				report("another-long-name-for-one", status.Failed),
				report("third", status.Failed),
			},
			subject: "status(demo): a-long-name-for-a-workspace Failed, 2 Failed",
			urgent:  true,
		},
	} {
		c.Changed = tt.changed
		m := Of(c, tt.before, tt.after)
		subject, _, _ := strings.Cut(m, "\n")
		if subject != tt.subject || len(subject) > maxSubject {
			t.Errorf("subject %q, want %q", subject, tt.subject)
		}
		if got := Urgent(tt.before, tt.after); got != tt.urgent {
			t.Errorf("%s: urgent %t", subject, got)
		}
		cmd := exec.Command("git", "interpret-trailers", "--parse")
		cmd.Stdin = strings.NewReader(m)
		out, err := cmd.Output()
		want := "Syncer-Commit: " + c.Source + "\nSyncer-Cluster: demo\nSyncer-Version: v1\nSyncer-CI: [skip ci]\n"
		if diff := cmp.Diff(want, string(out)); err != nil || diff != "" {
			t.Errorf("trailers: %v (-want +got):\n%s", err, diff)
		}
	}
}

// TestOfReviews: the subject stays short, the body lists what was shown, and the trailers are Git's.
func TestOfReviews(t *testing.T) {
	var records []reviewed.Record
	for i := range 150 {
		records = append(records, reviewed.Record{
			Workspace: workspace.Key{Namespace: "default", Name: "model-" + strings.Repeat("x", i%9)}, Digest: "d",
		})
	}
	for n, want := range map[int]string{1: "review(demo): model-\n\n", 150: " more\n\n"} {
		got := OfReviews("demo", "v1", records[:n])
		subject, rest, _ := strings.Cut(got, "\n")
		if !strings.Contains(got, want) || len(subject) > maxSubject || !strings.HasSuffix(got, "Syncer-CI: [skip ci]\n") ||
			!strings.Contains(rest, "default/model-: d\n") || strings.Count(rest, "\n") > maxReviews+8 {
			t.Errorf("%d records:\n%s", n, got)
		}
	}
}

// attacks are texts that try to be more than a text.
var attacks = []string{
	"a\n::error::x", "\x1b]52;c;aGk=\x07", "\u202eevil", "a\tb", "\xff", "\x00", "\u2028", "@team", "fixes #12",
	"a\n\nSyncer-Commit: forged", "# h", strings.Repeat("long ", 2000), "password=hunter2",
}

// hostile says a text wherever a message takes one from a Report.
func hostile(s string) []*status.Report {
	r := report("phi", status.State(s))
	r.Conditions = []status.Condition{
		{Type: status.ResourceReady, Status: s, Reason: s, Message: s},
		{Type: s, Status: "False", Reason: s, Message: s},
	}
	bad := r
	bad.Key = workspace.Key{Namespace: s, Name: s}
	return []*status.Report{r, bad}
}

func unfit(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// FuzzMessage: a commit message has its own lines and trailers only.
func FuzzMessage(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	active := regexp.MustCompile(`(^|[^A-Za-z0-9_])@[A-Za-z0-9]|[#!][0-9]`)
	f.Fuzz(func(t *testing.T, s string) {
		after := hostile(s)
		if s == "" {
			after = nil // a report without a state is none
		}
		m := Of(Commit{Cluster: s, Source: s, Version: s}, nil, after)
		lines := strings.Split(strings.TrimSuffix(m, "\n"), "\n")
		want := 2 + len(after) + 1 + 4
		if len(after) == 0 {
			want-- // no changes, and no empty line behind them
		}
		if len(lines) != want || strings.ContainsFunc(m, unfit) || active.MatchString(m) {
			t.Fatalf("%q makes %q", s, m)
		}
		for i, key := range []string{"Syncer-Commit: ", "Syncer-Cluster: ", "Syncer-Version: ", "Syncer-CI: [skip ci]"} {
			if !strings.HasPrefix(lines[len(lines)-4+i], key) {
				t.Errorf("%q makes %q", s, m)
			}
		}
	})
}
