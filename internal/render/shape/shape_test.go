// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/render/memo"
)

var (
	nameMark, namespaceMark = inputs.Mark(inputs.Name), inputs.Mark(inputs.Namespace)
	words                   = memo.Words{{"word": true}}
)

func of(kind, name string) Object {
	return Object{
		Ref:     cluster.Ref{Kind: kind, Name: name, Namespace: namespaceMark},
		Content: map[string]any{"name": name},
		Text:    `{"name":"` + name + `"}`,
	}
}

// TestFill: the values of a Workspace stand where the marks were, in texts and in names.
func TestFill(t *testing.T) {
	s, err := New([]Object{of("Service", nameMark), of("Service", nameMark+"-headless")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names, lines []string
	text, ok := s.Fill([]byte("before"), []string{"chat", "team"}, func(_ int, ref cluster.Ref, _ string, line []byte) {
		names, lines = append(names, ref.Namespace+"/"+ref.Name), append(lines, string(line))
	})
	const want = `{"name":"chat"}` + "\n" + `{"name":"chat-headless"}`
	if !ok || string(text) != "before"+want+"\n" || strings.Join(lines, "\n") != want {
		t.Errorf("%v %q %q", ok, text, lines)
	}
	if got := strings.Join(names, " "); got != "team/chat team/chat-headless" {
		t.Errorf("names %s", got)
	}
}

// TestOrder: objects that change places with a name are not filled in.
func TestOrder(t *testing.T) {
	s, err := New([]Object{of("Service", "middle"), of("Service", nameMark)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"a": false, "z": true, "middle": false} {
		if _, ok := s.Fill(nil, []string{name, "n"}, func(int, cluster.Ref, string, []byte) {}); ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
}

// TestNoShape: an object with a mark as a key has no shape, nor one with a text that only looks like a mark.
func TestNoShape(t *testing.T) {
	key, broken := of("Service", "x"), of("Service", "zz-own-x")
	key.Content = map[string]any{"list": []any{map[string]any{nameMark: 1}}}
	for _, o := range []Object{key, broken} {
		if _, err := New([]Object{o}, nil); err == nil {
			t.Errorf("%v has a shape", o)
		}
	}
}

// TestFits: a value that rendering could tell from another one is not filled in.
func TestFits(t *testing.T) {
	s, err := New([]Object{of("Service", nameMark)}, []string{nameMark, "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, namespace, source string
		want                    bool
	}{
		{"chat", "team", "a b/c.yaml", true},
		{"chat", "team", "", true},
		{"", "team", "", false},
		{"chat", "", "", false},
		{"word", "team", "", false},
		{"chat", "word", "", false},
		{"secret", "team", "", false},
		{"chat", "secret", "", false},
		{"chat", "chat", "", false},
		{"chat", "chat-headless", "", false},
		{"chat", "team", `a"b`, false},
		{"chat", "team", "ä", false},
		{"$chat", "team", "", false},
		{"chat", "team", nameMark, false},
		{strings.Repeat("n", 53), "team", "", false},
	} {
		values := []string{tt.name, tt.namespace, "digest", tt.source, ""}
		if got := s.Fits(values, tt.name+"-headless", words); got != tt.want {
			t.Errorf("%q: %v", values, got)
		}
	}
}
