package plan

import (
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Guard decides what must not be deleted although nothing asks for it. Deleting is the one thing that cannot be taken
// back, so it needs a source that was read in full.
type Guard struct {
	// Nothing, when not empty, is why nothing at all may be deleted.
	Nothing string
	// Blocked are the Workspaces that are there but have errors: what is live for them stays as it is.
	Blocked map[workspace.Key]bool
	// Waiting are the Workspaces of which it is not known yet what they need, and why: what is live for them stays as well.
	Waiting map[workspace.Key]string
	// Broken are files and folders that could not be read; what came from them may still be meant.
	Broken []string
	// MayMean returns a broken file that may ask for the Workspace of that name, or "".
	MayMean func(name string) string
	// KeepShared holds objects that belong to no Workspace, because not every Workspace could be rendered.
	KeepShared bool
	// Present are the Workspaces of the source.
	Present map[workspace.Key]bool
}

// NewGuard derives the guard from what was read. anyLive says that objects or pools of ours exist; allowEmpty that the
// commit's author confirmed the removal of the last Workspace.
func NewGuard(set *workspace.Set, blocked map[workspace.Key]bool, prune, anyLive, allowEmpty bool) Guard {
	g := Guard{Blocked: blocked, Broken: set.Broken, MayMean: set.MayMean, Present: map[workspace.Key]bool{}}
	for _, w := range set.Workspaces {
		g.Present[w.Key] = true
	}
	g.KeepShared = len(blocked) > 0 || len(set.Broken) > 0 || slices.ContainsFunc(set.Problems, func(p workspace.Problem) bool {
		// A kind that is not accepted is left alone, but may have been accepted once.
		return p.Severity == workspace.Error || p.Field == "kind"
	})
	switch {
	case !prune:
		g.Nothing = "prune is off in the configuration"
	case len(set.Workspaces) == 0 && len(set.InferenceSets) == 0 && anyLive && !allowEmpty:
		g.Nothing = "the source holds no Workspace at all, which is more often a mistake than a wish; " +
			"to confirm, push a commit with the trailer \"Syncer-Allow-Empty: true\""
	}
	return g
}

// Holds returns why nothing that belongs to the Workspace, which came from source, may be deleted; "" if it may.
func (g Guard) Holds(k workspace.Key, source string) string {
	switch {
	case g.Nothing != "":
		return g.Nothing
	case g.Blocked[k]:
		return "its Workspace has errors"
	case g.Waiting[k] != "":
		return "its Workspace waits: " + g.Waiting[k]
	case g.Present[k]:
		return ""
	}
	for _, broken := range g.Broken {
		if source == "" || source == broken || path.Dir(source) == broken || strings.HasPrefix(source, broken+"/") {
			return mayAsk(broken)
		}
	}
	if broken := g.MayMean(k.Name); broken != "" && k.Name != "" {
		return mayAsk(broken)
	}
	return ""
}

// holdsShared returns why a pool that Workspaces share must not lose nodes that may be meant to be there, or "".
func (g Guard) holdsShared() string {
	switch {
	case g.Nothing != "":
		return g.Nothing
	case len(g.Broken) > 0:
		return mayAsk(g.Broken[0])
	}
	return ""
}

func mayAsk(file string) string { return file + " cannot be read, and may still ask for it" }

// holds applies Holds to one live object, with what the object itself says.
func (g Guard) holds(o *cluster.Object) string {
	switch {
	case o.PruneDisabled:
		return "annotation " + cluster.AnnotationPrune + ": disabled"
	case !o.Owned:
		return "it carries our labels, but was not applied by syncer"
	case o.Workspace == (workspace.Key{}) && g.Nothing == "" && g.KeepShared:
		return "another Workspace that has errors may still need it"
	}
	return g.Holds(o.Workspace, o.Source)
}
