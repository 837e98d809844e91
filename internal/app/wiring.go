// SPDX-License-Identifier: Apache-2.0

package app

import (
	"log/slog"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/reviewrecords"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/version"
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
func Connect(c config.Config) (*Parts, error) { return connect(c, access.AsDaemon) }

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
	if p.keys, err = access.Keyring(c); err != nil {
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
	apply.DiscardLibraryLogs() // before the first request: Observe returns their errors, once for each pass
	nodePools := modeOf(c).nodePools
	return apply.Connect(apply.Options{
		Kubeconfig:     c.Kubeconfig,
		Context:        c.Context,
		Cluster:        c.Cluster,
		Namespaces:     c.Namespaces,
		UserAgent:      version.UserAgent(),
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
	from upstream.Source,
	depth engine.Depth,
	log *slog.Logger,
	health *reconcile.Health,
) *reconcile.Loop {
	c := reading.Config
	reading.Open, from.Keys = access.Opening(p.keys), p.keys
	return reconcile.New(reconcile.Settings{
		Policy:        source.PolicyOf(c),
		Depth:         depth,
		Version:       version.String(),
		Interval:      c.Source.Interval,
		CloudInterval: modeOf(c).cloudInterval,
		Debounce:      c.Status.Debounce,
		Resync:        resync,
		GPUDeadline:   c.Capacity.AKS.GPUDeadline,
		Review:        reviewrecords.Settings(c),
	}, reconcile.Parts{
		Source: from,
		Recorder: statusbranch.Recorder{
			Branch: p.Repository.Branch(c.Status.Branch), Config: c, Log: log, MayWrite: p.fence.MayWrite,
		},
		Reviews: reviewrecords.Of(p.Repository, c),
		Commits: upstream.Commits{Repository: p.Repository},
		Cluster: p.Cluster,
		Look:    p.Cluster.Look,
		Due:     p.Cluster.Due,
		Log:     log,
		Health:  health,
		Cloud:   p.cloud,
		Read:    reading.Revision,
	})
}

// resync is the interval at which the loop observes everything without an event.
const resync = 10 * time.Minute

// NewHealth returns a Health of the components that the configuration has.
func NewHealth(c config.Config) *reconcile.Health {
	always := []string{reconcile.ComponentGit, reconcile.ComponentStatus, reconcile.ComponentKubernetes}
	return reconcile.NewHealth(append(always, modeOf(c).components...)...)
}
