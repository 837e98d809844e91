// SPDX-License-Identifier: Apache-2.0

package load

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/kept"
)

// finish sorts the Set, and computes digests. Of Workspaces with the same name the first stays in the Set,
// blocked.
func (l *loader) finish() {
	s := l.set
	slices.SortStableFunc(s.Workspaces, func(a, b workspace.Workspace) int { return a.Key.Compare(b.Key) })
	s.Workspaces = slices.CompactFunc(s.Workspaces, func(a, b workspace.Workspace) bool { return a.Key == b.Key })
	slices.SortStableFunc(s.InferenceSets, func(a, b workspace.InferenceSet) int { return a.Key.Compare(b.Key) })
	slices.SortStableFunc(s.Objects, func(a, b workspace.Object) int { return strings.Compare(order(a), order(b)) })
	configs := configMaps(s.Objects)
	for i := range s.Workspaces {
		w := &s.Workspaces[i]
		made := l.finished(w, configs)
		*w = *made
		w.Origin = made
	}
	slices.SortStableFunc(s.Suspensions, func(a, b workspace.Suspension) int { return a.Source.Compare(b.Source) })
	slices.Sort(s.Unreadable)
	slices.SortFunc(s.Problems, diag.Diagnostic.Compare)
}

// configMaps indexes the ConfigMaps of the repository; the first of a name counts.
func configMaps(objects []workspace.Object) map[workspace.Key]workspace.Object {
	out := map[workspace.Key]workspace.Object{}
	for _, o := range objects {
		meta, _ := o.Content["metadata"].(map[string]any)
		name, _ := meta["name"].(string)
		namespace, _ := meta["namespace"].(string)
		key := workspace.Key{Namespace: namespace, Name: name}
		if _, ok := out[key]; !ok && o.Content["kind"] == "ConfigMap" && name != "" {
			out[key] = o
		}
	}
	return out
}

// finishedKey is all that a Workspace becomes what it is by: its document, its patch, and the ConfigMap that it names.
type finishedKey struct {
	origin *workspace.Workspace
	patch  string
	config string
}

// finished returns a Workspace with its defaults and its digest, from an earlier call if there is one.
func (l *loader) finished(w *workspace.Workspace, configs map[workspace.Key]workspace.Object) *workspace.Workspace {
	key := finishedKey{origin: w.Origin}
	known := w.Origin != nil && l.options.Memo != nil
	if w.Patch != nil {
		key.patch = w.Patch.Path + "\x00" + w.Patch.Text
	}
	config, own := configs[workspace.Key{Namespace: w.Namespace, Name: configName(w)}]
	if own {
		id, ok := l.idOf(config.Source.Path)
		known = known && ok
		key.config = config.Source.String() + " " + id
	}
	if !known {
		return finishedNow(w, config)
	}
	var by any = key
	if key.patch == "" && key.config == "" {
		by = key.origin // most have neither, and a pointer is cheap to look up
	}
	made, ok := kept.Get[*workspace.Workspace](&l.options.Memo.values, by)
	if !ok {
		made = finishedNow(w, config)
		l.options.Memo.values.Put(by, made)
	}
	return made
}

// finishedNow is finished without an earlier call.
func finishedNow(w *workspace.Workspace, config workspace.Object) *workspace.Workspace {
	out := copied(*w)
	setDefaults(&out, config.Content != nil)
	var data any
	if config.Content != nil {
		data = config.Content["data"]
	}
	out.Origin = nil
	out.Digest = digest(&out, data)
	return &out
}

// setDefaults takes the names of KAITO's own default ConfigMaps for no name: KAITO's samples give them, and syncer
// renders what is in them. A ConfigMap of such a name that is in the repository is the user's own.
func setDefaults(w *workspace.Workspace, own bool) {
	if t := w.Tuning; t != nil && t.Config == strings.ToLower(t.Method)+"-params-template" && !own {
		t.Config = ""
	}
	if in := w.Inference; in != nil && in.Config == workspace.DefaultInferenceConfig && !own {
		in.Config = ""
	}
}
