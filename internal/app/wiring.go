// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/tips"
	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/librarylog"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace/load"
)

// Parts are the adapters of one configuration.
type Parts struct {
	Repository *git.Repository
	Cluster    *apply.Cluster
	cloud      cloud
	keys       *keys.Keyring
	fence      *fence.Fence // is asked right before each write
}

// Connect creates the adapters. It contacts no server.
func Connect(c config.Config) (*Parts, error) { return connect(c, openAsDaemon) }

// OpenRepository opens a repository for a command that a person runs.
func OpenRepository(c config.Config, url string) (*git.Repository, error) {
	return access.AsPerson(c, url, userAgent())
}

func openAsDaemon(c config.Config) (*git.Repository, error) { return access.AsDaemon(c, userAgent()) }

// connect creates the adapters, with the repository that open opens.
func connect(c config.Config, open func(config.Config) (*git.Repository, error)) (*Parts, error) {
	m := modeOf(c)
	if err := c.Need(append([]string{"cluster", "source.url"}, m.needs...)...); err != nil {
		return nil, err
	}
	repo, err := open(c)
	if err != nil {
		return nil, err
	}
	p := &Parts{Repository: repo, fence: &fence.Fence{}}
	if p.keys, err = access.Keyring(c, userAgent()); err != nil {
		return nil, err
	}
	if p.Cluster, err = connectCluster(c, p.keys.Data, p.fence); err != nil {
		return nil, err
	}
	p.cloud, err = m.connect(p.fence)
	return p, err
}

// connectCluster prepares a client for the cluster. Without secrets it writes no Secret.
func connectCluster(
	c config.Config, secrets func(namespace, name, digest string) (map[string][]byte, bool), f *fence.Fence,
) (*apply.Cluster, error) {
	librarylog.Set(nil) // before the first request: Observe returns their errors, once for each pass
	nodePools := modeOf(c).nodePools
	return apply.Connect(apply.Options{
		Kubeconfig:     c.Kubeconfig,
		Context:        c.Context,
		Cluster:        c.Cluster,
		Namespaces:     c.Namespaces,
		UserAgent:      "syncer/" + Version(),
		Kinds:          objectKinds(c),
		Karpenter:      nodePools,
		Foreign:        !nodePools,
		Contests:       contest.Answer(c.Policy.Contested),
		Secrets:        secrets,
		Sweep:          c.Sweep,
		ServiceAccount: c.Impersonate,
		Ignore:         ignoreRules(c),
		MayWrite:       f.MayWrite,
	})
}

// ignoreRules are the fields that the configuration leaves to others. The check of the configuration has read them.
func ignoreRules(c config.Config) ignore.Rules {
	out := ignore.Rules{Managers: c.Ignore.Managers}
	for _, text := range c.Ignore.Fields {
		if f, err := ignore.ParseField(text); err == nil {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// objectKinds are the kinds of plain objects that the repository may hold.
func objectKinds(c config.Config) []string {
	if c.Objects == nil {
		return load.DefaultObjects
	}
	return c.Objects
}

// Loop returns a loop on the adapters.
func (p *Parts) Loop(
	reading source.Reader,
	from RevisionSource,
	depth engine.Depth,
	log *slog.Logger,
	health *reconcile.Health,
) *reconcile.Loop {
	c := reading.Config
	reading.Open, from.keys = access.Opening(p.keys), p.keys
	return reconcile.New(reconcile.Settings{
		Policy:        source.PolicyOf(c),
		Depth:         depth,
		Version:       Version(),
		Interval:      c.Source.Interval,
		CloudInterval: modeOf(c).cloudInterval,
		Debounce:      c.Status.Debounce,
		Resync:        resync,
		GPUDeadline:   c.Capacity.AKS.GPUDeadline,
		Review:        reviewSettings(c),
	}, reconcile.Parts{
		Source:   from,
		Recorder: Recorder{p.Repository.Branch(c.Status.Branch), c, log, p.fence.MayWrite},
		Reviews:  ReviewsOf(p.Repository, c),
		Commits:  Commits{p.Repository},
		Cluster:  p.Cluster,
		Look:     p.Cluster.Look,
		Due:      p.Cluster.Due,
		Log:      log,
		Health:   health,
		Cloud:    p.cloud,
		Read:     reading.Revision,
	})
}

// resync is the interval at which the loop observes everything without an event.
const resync = 10 * time.Minute

// NewHealth returns a Health of the components that the configuration has.
func NewHealth(c config.Config) *reconcile.Health {
	always := []string{reconcile.ComponentGit, reconcile.ComponentStatus, reconcile.ComponentKubernetes}
	return reconcile.NewHealth(append(always, modeOf(c).components...)...)
}

// RevisionSource follows the branch, tag or commit of a repository.
type RevisionSource struct {
	Repository *git.Repository
	Config     config.Config
	Head       string // a commit instead of the tip; empty for the tip
	keys       *keys.Keyring
	// Accepted is shared by the loops of a process; nil for one that fetches once.
	Accepted *Accepted
	// tips is shared by the loops of several clusters; nil for one that fetches for itself.
	tips *tips.Tips
}

// Fetch returns the tip, with the files below source.path.
func (s RevisionSource) Fetch(ctx context.Context) (reconcile.Revision, error) {
	rev, err := s.fetch(ctx)
	if s.tips != nil && errors.Is(err, git.ErrNotFetched) { // another loop has just fetched a newer tip
		return s.fetch(ctx)
	}
	return rev, err
}

func (s RevisionSource) fetch(ctx context.Context) (reconcile.Revision, error) {
	tip := s.Repository.Fetch
	if s.tips != nil {
		tip = s.tips.Fetch
	}
	commit, err := tip(ctx)
	if err == nil && s.Head != "" {
		commit, err = s.Repository.Resolve(ctx, s.Head)
	}
	if err == nil {
		err = verify(ctx, s.Repository, commit, s.Config)
	}
	if err == nil && s.Head == "" {
		err = verifyTag(s.Repository, commit, s.Config.Source)
	}
	if err == nil && s.Head == "" {
		err = s.keepsHistory(ctx, commit)
	}
	if err != nil {
		return reconcile.Revision{}, err
	}
	rev, err := ReadRevision(s.Repository, commit, s.Config, nil)
	if s.keys != nil {
		rev.Inputs += " " + s.keys.State(time.Now())
	}
	return rev, err
}

// ReadRevision returns a commit, as seen from the folder that holds the Workspaces. other is the commit at the other
// side of a comparison, or nil: see source.CommitTree.
func ReadRevision(repo *git.Repository, commit git.Commit, c config.Config, other fs.FS) (reconcile.Revision, error) {
	snapshot, err := repo.Snapshot(commit, c.Source.Path, source.PresetsFolder)
	if err != nil {
		return reconcile.Revision{}, err
	}
	allow, _ := commit.Trailer("Syncer-Allow-Empty")
	tree, err := source.CommitTree(snapshot, other, c.Source.Path)
	if err != nil && allow == "true" {
		tree, err = source.EmptyTree(snapshot, c.Source.Path, err)
	}
	if err != nil {
		return reconcile.Revision{}, fmt.Errorf("read %s: %w", commit.Hash.Short(), err)
	}
	r := reconcile.Revision{
		Commit: string(commit.Hash), CommittedAt: commit.Committed, Files: tree.Files, Root: tree.Root,
	}
	if tree.Files == fs.FS(snapshot) {
		if r.Inputs, err = identify(snapshot, c); err != nil {
			return r, err
		}
	} else {
		r.Inputs = "nothing at " + c.Source.Path
	}
	r.AllowEmpty = allow == "true"
	r.AllowDelete = mass.Allowed(commit.Trailers(mass.Trailer))
	if commit.Forced {
		r.Notices = append(r.Notices, "the history was rewritten: the new tip does not contain the old one")
	}
	return r, nil
}

// identify returns the hashes of all that is read of a commit: the folder of the Workspaces, the presets in the root of
// the repository, and what kustomizations in the folder refer to elsewhere.
func identify(snapshot *git.Snapshot, c config.Config) (string, error) {
	root := path.Clean(c.Source.Path)
	var exclude []string
	if c.Status.Branch == c.Source.Branch {
		exclude = source.OwnFolders(c)
	}
	id, err := inputs(snapshot, root, exclude)
	if err != nil || root == "." {
		return id, err
	}
	elsewhere, err := source.Elsewhere(snapshot, root)
	if err != nil {
		return "", err
	}
	for _, name := range elsewhere {
		switch h, err := snapshot.TreeHash(name); {
		case errors.Is(err, fs.ErrNotExist): // it may come to exist
		case err != nil:
			return "", err
		default:
			id += " " + name + "=" + string(h)
		}
	}
	return id, nil
}

// inputs identifies the content of a folder without the folders of exclude: status commits to the same branch are no
// new input.
func inputs(s *git.Snapshot, dir string, exclude []string) (string, error) {
	within := func(folder string) bool { return dir == "." || strings.HasPrefix(folder, dir+"/") }
	switch {
	case slices.Contains(exclude, dir):
		return "", nil
	case !slices.ContainsFunc(exclude, within):
		h, err := s.TreeHash(dir)
		return string(h), err
	}
	entries, err := s.ReadDir(dir)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, e := range entries {
		if slices.Contains(exclude, path.Join(dir, e.Name())) {
			continue // the first status commit is no new input either
		}
		h, err := inputs(s, path.Join(dir, e.Name()), exclude)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %s\n", e.Name(), h)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Recorder keeps this cluster's status files.
type Recorder struct {
	Branch   *git.Branch
	Config   config.Config
	Log      *slog.Logger // of what is no error; nil for none
	MayWrite func() error // is asked right before each push; nil permits all
}

func (r Recorder) dir() string { return path.Join(r.Config.Status.Path, r.Config.Cluster) }

// Read returns the recorded files.
func (r Recorder) Read(ctx context.Context) (map[string][]byte, error) {
	files, _, err := r.Branch.Read(ctx, r.dir())
	return files, err
}

// Record writes one commit, unless the branch has exactly these files.
func (r Recorder) Record(ctx context.Context, files map[string][]byte, message string, when time.Time) (string, error) {
	hash, changed, err := r.Branch.Commit(ctx, git.Change{
		Dir:      r.dir(),
		Files:    files,
		Message:  message,
		When:     when,
		Author:   r.Config.Status.Author.Name,
		Email:    r.Config.Status.Author.Email,
		Signer:   statusSigner(r.Config),
		MayWrite: r.MayWrite,
	})
	if err != nil || !changed {
		return "", err
	}
	r.shorten(ctx)
	return string(hash), nil
}
