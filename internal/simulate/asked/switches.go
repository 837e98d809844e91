// SPDX-License-Identifier: Apache-2.0

package asked

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/workspace"
)

// The files of a simulation that ask for no Workspace: a document of kind Suspend, and plain objects.
const (
	Incident = "incident.yaml"
	Settings = "settings.yaml"
	Weights  = "weights.yaml"
)

// Objects are the kinds of the plain objects, by file. Each has the name of its file.
var Objects = map[string]string{Settings: "ConfigMap", Weights: "PersistentVolumeClaim"}

// Empty reports whether no file asks for a Workspace.
func Empty[T any](files map[string]T) bool {
	for name := range files {
		if name != Incident && Objects[name] == "" {
			return false
		}
	}
	return true
}

// Suspend returns a document that stops the Workspaces of some names, or everything without a name, until a time; for
// good if it is zero.
func Suspend(until time.Time, names ...string) string {
	text := "apiVersion: syncer.dev/v1alpha1\nkind: Suspend\nmetadata: {name: incident}\nspec:\n  reason: a test\n"
	if !until.IsZero() {
		text += "  until: " + until.UTC().Format(time.RFC3339) + "\n"
	}
	if len(names) > 0 {
		text += fmt.Sprintf("  selector: {names: [%s]}\n", strings.Join(names, ", "))
	}
	return text
}

var (
	untilLine = regexp.MustCompile(`(?m)^  until: (.*)$`)
	namesLine = regexp.MustCompile(`(?m)^  selector: \{names: \[(.*)\]\}$`)
	annotated = regexp.MustCompile(`annotations: \{`)
	depends   = regexp.MustCompile(`syncer\.dev/depends-on: "([^"]*)"(, )?`)
)

// Suspended reports whether the document of a revision stops a Workspace at a time; the zero Key is everything else.
// One that is unreadable stops everything.
func Suspended(r reconcile.Revision, k workspace.Key, now time.Time) bool {
	text := TextOf(r, Incident)
	switch found := untilLine.FindStringSubmatch(text); {
	case text == "":
		return false
	case Broken(text):
		return true
	case found != nil:
		if until, err := time.Parse(time.RFC3339, found[1]); err != nil || !now.Before(until) {
			return false
		}
	}
	found := namesLine.FindStringSubmatch(text)
	if found == nil {
		return true
	}
	names := strings.Split(found[1], ", ")
	set, _, _ := strings.Cut(k.Name, "-")
	return k.Name != "" && (slices.Contains(names, k.Name) || slices.Contains(names, set))
}

// SuspendsAny reports whether the document of a revision stops one of some Workspaces, or anything else.
func SuspendsAny(r reconcile.Revision, names []string, now time.Time) bool {
	return Suspended(r, workspace.Key{}, now) || slices.ContainsFunc(names, func(name string) bool {
		return Suspended(r, workspace.Key{Name: name}, now)
	})
}

// observe is the annotation, as it stands in a file.
const observe = workspace.AnnotationMode + ": " + workspace.ModeObserve

// Observed reports whether a text asks for no more than to be observed.
func Observed(text string) bool { return strings.Contains(text, observe) }

// Observe adds the annotation that lets syncer write nothing.
func Observe(text string) string { return annotate(text, observe) }

// Carried returns the text without that annotation.
func Carried(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, observe+", ", ""), observe, "")
}

// DependOn makes a Workspace wait for another one.
func DependOn(text string, k workspace.Key) string {
	return annotate(Independent(text), fmt.Sprintf("%s: %q", workspace.AnnotationDependsOn, k.String()))
}

// Independent makes a Workspace wait for none.
func Independent(text string) string { return depends.ReplaceAllString(text, "") }

// DependsOn returns the Workspace that another one waits for, by its text.
func DependsOn(text string) (workspace.Key, bool) {
	found := depends.FindStringSubmatch(text)
	if found == nil {
		return workspace.Key{}, false
	}
	namespace, name, _ := strings.Cut(found[1], "/")
	return workspace.Key{Namespace: namespace, Name: name}, true
}

const throughput = "kaito.sh/performance-mode: throughput"

// Retuned is the text with another mode of the server, which restarts it where it is.
func Retuned(text string) string {
	if strings.Contains(text, throughput) {
		return strings.ReplaceAll(strings.ReplaceAll(text, throughput+", ", ""), throughput, "")
	}
	return annotate(text, throughput)
}

// annotate adds an annotation to the first ones of a text.
func annotate(text, item string) string {
	at := annotated.FindStringIndex(text)
	if at == nil || strings.Contains(text, item) {
		return text
	}
	rest := strings.TrimLeft(text[at[1]:], " ")
	if !strings.HasPrefix(rest, "}") {
		item += ", "
	}
	return text[:at[1]] + item + rest
}

// Object returns the text of a plain object. A claim may be deleted with its file if loose is set.
func Object(file string, value int, loose bool) string {
	name := strings.TrimSuffix(file, ".yaml")
	if file == Settings {
		return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {}}\ndata: {a: \"%d\"}\n",
			name, value)
	}
	text := fmt.Sprintf("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: %s, annotations: {}}\n"+
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n", name)
	if loose {
		return annotate(text, "syncer.dev/prune: "+workspace.PruneEnabled)
	}
	return text
}

// Plain is a change that ends all switches of files: what then stands in them is carried out, and follows from nothing
// but them. Dependencies on files that are not there end too, or all of them.
func Plain(files map[string]string, independent bool) {
	delete(files, Incident)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := Carried(strings.ReplaceAll(files[name], SyntaxError, ""))
		if k, ok := DependsOn(text); ok && (independent || files[k.Name+".yaml"] == "") {
			text = Independent(text)
		}
		files[name] = text
	}
}
