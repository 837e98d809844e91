// SPDX-License-Identifier: Apache-2.0

package adapters

import (
	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/apply/librarylog"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/version"
	"syncer.dev/syncer/internal/workspace/load"
)

// Parts are the adapters of one configuration.
type Parts struct {
	Repository *git.Repository
	Cluster    *apply.Cluster
	Cloud      Cloud
	Keys       *keys.Keyring // for encrypted Secrets
	Fences     *shard.Fences // are asked right before each write
	Fence      *fence.Fence  // of the fleet, or of everything without shards
	// Share begins a pass; nil without an election of several shards.
	Share func() (share shard.Share, end func())
}

// UnusableError says that no client of a cluster can be made, because its kubeconfig cannot be used as it is now: a
// file is missing, or is not understood. A cluster that does not answer is no such error.
type UnusableError struct{ Err error }

// Error returns the cause.
func (e *UnusableError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UnusableError) Unwrap() error { return e.Err }

// Connect creates the adapters, with the repository that open opens. It contacts no server. An UnusableError may pass;
// any other is a mistake in the configuration.
func Connect(c config.Config, open func(config.Config) (*git.Repository, error)) (*Parts, error) {
	m := ModeOf(c)
	if err := c.Need(append([]string{"cluster", "source.url"}, m.Needs...)...); err != nil {
		return nil, err
	}
	repo, err := open(c)
	if err != nil {
		return nil, err
	}
	p := &Parts{Repository: repo, Fences: shard.NewFences(c.Lease.Shards)}
	p.Fence = p.Fences.Of(shard.Fleet)
	if p.Keys, err = access.Keyring(c); err != nil {
		return nil, err
	}
	if p.Cloud, err = m.connect(p.Fence); err != nil {
		return nil, err
	}
	if p.Cluster, err = ConnectCluster(c, p.Keys.Data, p.Fences); err != nil {
		return nil, &UnusableError{err}
	}
	return p, nil
}

// ConnectCluster prepares a client for the cluster. Without secrets it writes no Secret.
func ConnectCluster(
	c config.Config, secrets func(namespace, name, digest string) (map[string][]byte, bool), f *shard.Fences,
) (*apply.Cluster, error) {
	librarylog.Set(nil) // before the first request: Observe returns their errors, once for each pass
	nodePools := ModeOf(c).NodePools
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
