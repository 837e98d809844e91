// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/halt"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/workspace"
)

// Guard decides which objects and pools syncer keeps although they are not desired. A deletion is irreversible, so it
// needs a source that syncer has read in full.
type Guard struct {
	// NoDeletions, if not empty, is why syncer deletes nothing at all.
	NoDeletions string
	// Blocked are the Workspaces with errors: their live objects stay.
	Blocked map[workspace.Key]bool
	// Waiting are the Workspaces whose nodes are unknown, with the reason: their live objects stay as well.
	Waiting map[workspace.Key]string
	// Held are the Workspaces of which nothing may change, with the reason: a policy holds them, they are not reviewed, or
	// they can change only together with such a one. Their live objects stay too.
	Held map[workspace.Key]string
	// Halted is what the source itself says must not change. Its Workspaces are among Held.
	Halted halt.Halted
	// Mass is how many Workspaces and plain objects the plan deletes at once.
	Mass mass.Deletion
	// ObjectsWait reports that plain objects wait for a commit that allows to delete so many of them.
	ObjectsWait bool
	// massHeld are the Workspaces that stay because there are too many of them, and massObjects says so of plain objects.
	massHeld    map[workspace.Key]bool
	massObjects string
	// firm are those of Held that do not only wait for others, and by says for what the others wait.
	firm map[workspace.Key]string
	by   map[workspace.Key]hold.By
	// Unreadable are files and folders with errors. Workspaces from them may still be desired.
	Unreadable []string
	// UnreadableFor returns an unreadable file that may ask for the Workspace of that name, or "".
	UnreadableFor func(name string) string
	// KeepShared holds objects that belong to no Workspace, because syncer could not render every Workspace.
	KeepShared bool
	// Present are the Workspaces of the source.
	Present map[workspace.Key]bool
}

// NewGuard derives the guard from a source. anyLive reports that owned objects or pools exist; allowEmpty that the
// author of the commit confirmed the removal of the last Workspace.
func NewGuard(set *workspace.Set, blocked map[workspace.Key]bool, prune, anyLive, allowEmpty bool) Guard {
	g := newGuard(set, blocked, prune, anyLive, allowEmpty)
	g.Present = (*Last)(nil).presentIn(set)
	return g
}

// newGuard is NewGuard without the Workspaces that are present.
func newGuard(set *workspace.Set, blocked map[workspace.Key]bool, prune, anyLive, allowEmpty bool) Guard {
	g := Guard{
		Blocked:       blocked,
		Unreadable:    set.Unreadable,
		UnreadableFor: set.MayHold,
	}
	g.KeepShared = len(blocked) > 0 || len(set.Unreadable) > 0 ||
		slices.ContainsFunc(set.Problems, func(p diag.Diagnostic) bool {
			// syncer ignores a kind that is not allowed, but may have applied such objects under another configuration.
			return p.Severity == diag.Error || p.Field == "kind"
		})
	switch {
	case !prune:
		g.NoDeletions = "prune is off in the configuration"
	case len(set.Workspaces) == 0 && len(set.InferenceSets) == 0 && anyLive && !allowEmpty:
		g.NoDeletions = "the source holds no Workspace, which is usually a mistake; " +
			"to confirm it, push a commit with the trailer \"Syncer-Allow-Empty: true\""
	}
	return g
}

// Holds returns why syncer keeps everything of the Workspace from the file source; "" if it may delete it.
func (g Guard) Holds(k workspace.Key, source string) string {
	switch {
	case g.NoDeletions != "":
		return g.NoDeletions
	case g.Blocked[k]:
		return "its Workspace has errors"
	case g.Waiting[k] != "":
		return "its Workspace is pending: " + g.Waiting[k]
	case g.Held[k] != "":
		return g.Held[k]
	case g.Present[k]:
		return ""
	}
	for _, file := range g.Unreadable {
		if source == "" || source == file || path.Dir(source) == file || strings.HasPrefix(source, file+"/") {
			return mayAsk(file)
		}
	}
	if file := g.UnreadableFor(k.Name); file != "" && k.Name != "" {
		return mayAsk(file)
	}
	return ""
}

// holdsShared returns why a shared pool must keep nodes that may still be desired, or "".
func (g Guard) holdsShared() string {
	switch {
	case g.NoDeletions != "":
		return g.NoDeletions
	case len(g.Unreadable) > 0:
		return mayAsk(g.Unreadable[0])
	}
	return ""
}

func mayAsk(file string) string { return file + " is unreadable and may still ask for it" }

// holds applies Holds to one live object, after the properties of the object itself.
func (g Guard) holds(o *cluster.Object) string {
	switch {
	case o.PruneDisabled:
		return "annotation " + cluster.AnnotationPrune + ": disabled"
	case o.Observed:
		return "annotation " + workspace.AnnotationMode + ": " + workspace.ModeObserve
	case !o.Owned:
		return "it has the labels of syncer, but syncer did not apply it"
	case keptClaim(o) != "":
		return keptClaim(o)
	case o.Workspace == (workspace.Key{}) && g.Halted.InNamespace(o.Namespace) != "":
		return g.Halted.InNamespace(o.Namespace)
	case o.Workspace == (workspace.Key{}) && g.massObjects != "":
		return g.massObjects
	case o.Workspace == (workspace.Key{}) && g.NoDeletions == "" && g.KeepShared:
		return "a Workspace with errors may still need it"
	case o.Workspace == (workspace.Key{}) && g.NoDeletions == "" && len(g.Held) > 0:
		return "a Workspace that is held back may still need it"
	}
	return g.Holds(o.Workspace, o.Source)
}

// HeldBy is the reason for which a Workspace is held by a switch of the source, or because too many would go with it;
// "" for other reasons.
func (g Guard) HeldBy(k workspace.Key) diag.Reason {
	if g.massHeld[k] {
		return diag.MassDeletion
	}
	return g.Halted.Reason(k)
}

// wait makes the guard keep the live objects of waiting Workspaces, and objects that they may share with others.
func (g *Guard) wait(d desired.Desired) {
	g.Waiting = d.Waiting()
	g.KeepShared = g.KeepShared || len(g.Waiting) > 0
}
