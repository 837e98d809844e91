package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"time"

	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/capacity/aks"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/workspace"
)

// parts are the adapters of one configuration.
type parts struct {
	repo    *git.Repository
	cluster *apply.Cluster
	cloud   *aks.Cloud // nil in modes byo and karpenter
}

// needed are the values without which nothing can be reached.
func needed(c config.Config) []string {
	paths := []string{"cluster", "source.url"}
	if c.Capacity.Mode == config.ModeAKS {
		paths = append(paths, "capacity.aks.subscriptionID", "capacity.aks.resourceGroup", "capacity.aks.cluster", "capacity.aks.location")
	}
	if k := karpenterOf(c); k != nil && k.Class.Azure() {
		paths = append(paths, "capacity.aks.location") // for prices
	}
	return paths
}

// connect makes the adapters. None of them talks to anybody yet.
func connect(c config.Config) (*parts, error) {
	if err := c.Need(needed(c)...); err != nil {
		return nil, err
	}
	repo, err := openRepository(c, c.Source.URL)
	if err != nil {
		return nil, err
	}
	p := &parts{repo: repo}
	if p.cluster, err = apply.Connect(apply.Options{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Cluster: c.Cluster, Namespaces: c.Namespaces, UserAgent: "syncer/" + buildVersion(),
		Kinds: objectKinds(c), Karpenter: c.Capacity.Mode == config.ModeKarpenter, Foreign: c.Capacity.Mode != config.ModeKarpenter,
	}); err != nil {
		return nil, err
	}
	if c.Capacity.Mode != config.ModeAKS {
		return p, nil
	}
	a := c.Capacity.AKS
	p.cloud, err = aks.New(aks.Options{
		SubscriptionID: a.SubscriptionID, ResourceGroup: a.ResourceGroup, Cluster: a.Cluster, Location: a.Location,
		Identity: aks.Identity{Auth: a.Auth, ClientID: a.ClientID, TenantID: a.TenantID, IdentityBinding: a.IdentityBinding},
		Place:    aks.Place{Cloud: a.Cloud, Endpoint: a.Endpoint, Audience: a.Audience, Authority: a.Authority},
		Owner:    c.Cluster, UserAgent: "syncer",
	})
	return p, err
}

// objectKinds are the kinds of plain objects that the repository may hold.
func objectKinds(c config.Config) []string {
	if c.Objects == nil {
		return workspace.DefaultObjects
	}
	return c.Objects
}

func openRepository(c config.Config, url string) (*git.Repository, error) {
	auth := c.Source.Auth
	return git.Open(git.Options{
		URL: url, Branch: c.Source.Branch, CAFile: auth.CAFile,
		Auth: git.Auth{
			Username: auth.Username, Password: git.Secret{File: auth.PasswordFile, Env: auth.PasswordEnv}, Bearer: git.Secret{File: auth.BearerFile},
			SSHKey: auth.SSHKeyFile, KnownHosts: auth.KnownHostsFile,
		},
	})
}

// loop wires a reconcile.Loop, which reads every revision anew.
func (p *parts) loop(reading reader, log *slog.Logger, health *reconcile.Health) *reconcile.Loop {
	c := reading.config
	r := reconcile.Parts{
		Source: source{p.repo, c}, Recorder: recorder{p.repo.Branch(c.Status.Branch), c}, Cluster: p.cluster, Look: p.cluster.Look, Log: log, Health: health,
		Read: func(r reconcile.Revision) (plan.Input, error) {
			in, err := reading.read(r.Files)
			if err == nil {
				in.Set.Rename(func(name string) string { return path.Join(c.Source.Path, name) })
			}
			return in, err
		},
	}
	if p.cloud != nil {
		r.Cloud = p.cloud
	}
	return reconcile.New(reconcile.Settings{
		Policy: policyOf(c), Version: buildVersion(), Interval: c.Source.Interval, CloudInterval: c.Capacity.AKS.Interval,
		Debounce: c.Status.Debounce, Resync: resync, GPUDeadline: c.Capacity.AKS.GPUDeadline,
	}, r)
}

// resync is how often everything is looked at although nothing has told of a change.
const resync = 10 * time.Minute

// newHealth returns a Health of the components that the configuration has.
func newHealth(c config.Config) *reconcile.Health {
	if c.Capacity.Mode != config.ModeAKS {
		return reconcile.NewHealth(reconcile.ComponentGit, reconcile.ComponentKubernetes)
	}
	return reconcile.NewHealth(reconcile.ComponentGit, reconcile.ComponentKubernetes, reconcile.ComponentAzure)
}

// source follows the branch of a repository.
type source struct {
	repo   *git.Repository
	config config.Config
}

// Fetch returns the tip, as seen from the folder that holds the Workspaces.
func (s source) Fetch(ctx context.Context) (reconcile.Revision, error) {
	commit, err := s.repo.Fetch(ctx)
	if err != nil {
		return reconcile.Revision{}, err
	}
	return revision(s.repo, commit, s.config)
}

func revision(repo *git.Repository, commit git.Commit, c config.Config) (reconcile.Revision, error) {
	snapshot, err := repo.Snapshot(commit)
	if err != nil {
		return reconcile.Revision{}, err
	}
	root := path.Clean(c.Source.Path)
	r := reconcile.Revision{Commit: string(commit.Hash), Files: snapshot}
	if root != "." {
		if r.Files, err = fs.Sub(snapshot, root); err != nil {
			return r, err
		}
	}
	if info, err := fs.Stat(snapshot, root); err != nil || !info.IsDir() {
		return r, fmt.Errorf("commit %s has no folder %q (configuration: source.path)", commit.Hash.Short(), root)
	}
	exclude := ""
	if rel, inside := below(root, c.Status.Path); inside && c.Status.Branch == c.Source.Branch {
		exclude = path.Join(root, rel)
	}
	if r.Inputs, err = inputs(snapshot, root, exclude); err != nil {
		return r, err
	}
	allow, _ := commit.Trailer("Syncer-Allow-Empty")
	r.AllowEmpty = allow == "true"
	for _, skipped := range snapshot.Skipped() {
		if root == "." || strings.HasPrefix(skipped, root+"/") {
			r.Notices = append(r.Notices, skipped+" is a link or a submodule, and is not read")
		}
	}
	if commit.Forced {
		r.Notices = append(r.Notices, "the branch was rewritten: the new tip does not contain the old one")
	}
	return r, nil
}

// inputs identifies the content of a folder without what is below exclude: status commits to the same branch are no new input.
func inputs(s *git.Snapshot, dir, exclude string) (string, error) {
	if exclude == "" || exclude != dir && dir != "." && !strings.HasPrefix(exclude, dir+"/") {
		h, err := s.TreeHash(dir)
		return string(h), err
	}
	if exclude == dir {
		return "", nil
	}
	entries, err := s.ReadDir(dir)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, e := range entries {
		h, err := inputs(s, path.Join(dir, e.Name()), exclude)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %s\n", e.Name(), h)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// recorder keeps this cluster's status files.
type recorder struct {
	branch *git.Branch
	config config.Config
}

func (r recorder) dir() string { return path.Join(r.config.Status.Path, r.config.Cluster) }

// Read returns the recorded files.
func (r recorder) Read(ctx context.Context) (map[string][]byte, error) {
	files, _, err := r.branch.Read(ctx, r.dir())
	return files, err
}

// Record writes one commit, if anything is to be written.
func (r recorder) Record(ctx context.Context, files map[string][]byte, message string, when time.Time) (string, error) {
	hash, changed, err := r.branch.Commit(ctx, git.Change{
		Dir: r.dir(), Files: files, Message: message, When: when, Author: r.config.Status.Author.Name, Email: r.config.Status.Author.Email,
	})
	if err != nil || !changed {
		return "", err
	}
	return string(hash), nil
}
