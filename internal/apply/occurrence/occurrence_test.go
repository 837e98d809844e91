// SPDX-License-Identifier: Apache-2.0

package occurrence_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/occurrence"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

var phi = workspace.Key{Namespace: "default", Name: "phi"}

func object(kind, group, name string, of workspace.Key) cluster.Object {
	return cluster.Object{
		Ref:       cluster.Ref{Group: group, Version: "v1", Kind: kind, Namespace: of.Namespace, Name: name},
		UID:       "uid-" + name,
		Workspace: of,
	}
}

// TestRegarding: an Event is about what runs the Workspace, or about any object of it.
func TestRegarding(t *testing.T) {
	service := object("Service", "", "phi", phi)
	set := object("StatefulSet", "apps", "phi", phi)
	other := object("StatefulSet", "apps", "chat", workspace.Key{Namespace: "default", Name: "chat"})
	for _, tt := range []struct {
		objects []*cluster.Object
		kind    string
	}{
		{[]*cluster.Object{&service, &set, &other}, "StatefulSet"},
		{[]*cluster.Object{&other, &service}, "Service"},
		{[]*cluster.Object{&other}, ""},
		{nil, ""},
	} {
		got, ok := occurrence.Regarding(phi, tt.objects)
		if ok != (tt.kind != "") || got.Kind != tt.kind {
			t.Errorf("of %d objects: %s, %v, want %s", len(tt.objects), got.Kind, ok, tt.kind)
		}
	}
}

// TestEvent: an Event keeps the limits of the API server with any texts.
func TestEvent(t *testing.T) {
	o := occurrence.Occurrence{
		Workspace: phi, Warning: true, Reason: "QuotaExceeded", Message: "a\nb" + strings.Repeat("ü", 2000),
		Time: time.Date(2026, 11, 2, 10, 0, 0, 5000, time.UTC), Reporter: strings.Repeat("h", 300),
	}
	e := occurrence.Event(o, object("StatefulSet", "apps", strings.Repeat("p", 253), phi))
	text := func(fields ...string) string {
		s, ok, err := unstructured.NestedString(e.Object, fields...)
		if !ok || err != nil {
			t.Errorf("no %v: %v", fields, err)
		}
		return s
	}
	note := text("note")
	if len(note) > 1024 || !utf8.ValidString(note) || strings.Contains(note, "\n") || !strings.HasSuffix(note, "…") {
		t.Errorf("note of %d bytes: %q", len(note), note)
	}
	if n := len(text("reportingInstance")); n > 128 {
		t.Errorf("reportingInstance has %d bytes", n)
	}
	if n := len(text("metadata", "generateName")); n > 248 {
		t.Errorf("generateName has %d bytes", n)
	}
	for field, want := range map[string]string{
		"type": "Warning", "reason": "QuotaExceeded", "eventTime": "2026-11-02T10:00:00.000005Z", "action": "Reconcile",
	} {
		if got := text(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if got := text("regarding", "apiVersion"); got != "apps/v1" {
		t.Errorf("regarding.apiVersion is %q", got)
	}
	if got := text("regarding", "uid"); !strings.HasPrefix(got, "uid-") {
		t.Errorf("regarding.uid is %q", got)
	}
}
