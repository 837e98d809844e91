// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/status"
)

// Mode says whether a comparison of two commits asks the cluster and Azure.
type Mode string

const (
	// Auto asks where a trusted configuration names them: kubeconfig or context, and capacity.aks. A file that was
	// found, not named, sets none of these: see package config. The plan reports what does not answer as unknown.
	Auto Mode = "auto"
	// Never asks nothing.
	Never Mode = "never"
	// Require asks both, the cluster by the standard rules of kubeconfigs, and fails if one does not answer.
	Require Mode = "require"
)

// Modes are all valid values.
func Modes() []string { return []string{string(Auto), string(Never), string(Require)} }

// Timeout bounds the time of each question: a pull request does not wait for a server that is away.
const Timeout = 30 * time.Second

// Once asks the cluster and Azure, as the mode says. Dry runs go to the cluster that it returns, which is nil unless
// it has answered; its watches end with ctx.
func Once(ctx context.Context, c config.Config, repo *git.Repository, mode Mode) (
	live engine.Live, asked engine.Cluster, err error,
) {
	live.Now = time.Now()
	failed := map[string]error{}

	if why := unaskedCluster(c, mode); why != "" {
		live.ClusterWhy = why
	} else if found, state, err := observeCluster(ctx, c); err != nil {
		failed["the cluster"], live.ClusterWhy = err, "the cluster did not answer: "+err.Error()
	} else {
		live.Asked.Cluster, live.State, asked = true, state, found
	}

	switch why := unaskedAzure(c, mode); {
	case !adapters.ModeOf(c).AgentPools:
	case why != "":
		live.AzureWhy = why
	default:
		if err := askAzure(ctx, c, &live); err != nil {
			failed["Azure"], live.AzureWhy = err, "Azure did not answer: "+err.Error()
			break
		}
		live.Azure = true
		// What Azure refused lately is on the status branch. Without that nothing is known to be unavailable.
		if files, err := (statusbranch.Recorder{Branch: repo.Branch(c.Status.Branch), Config: c}).Read(ctx); err == nil {
			live.Unavailable = status.UnavailableFrom(files[status.CapacityFile], live.Now)
		}
	}
	if mode != Require {
		return live, asked, ctx.Err()
	}
	for _, what := range []string{"the cluster", "Azure"} {
		if failed[what] != nil {
			err = errors.Join(err, fmt.Errorf("ask %s: %w", what, failed[what]))
		}
	}
	return live, asked, err
}

// unaskedCluster says why the cluster is not asked, or "".
func unaskedCluster(c config.Config, mode Mode) string {
	switch {
	case mode == Never:
		return "the cluster was not asked"
	case mode == Auto && c.Kubeconfig == "" && c.Context == "":
		return "the cluster was not asked: no trusted configuration names kubeconfig or context"
	}
	return ""
}

// unaskedAzure says why Azure is not asked, or "".
func unaskedAzure(c config.Config, mode Mode) string {
	a := c.Capacity.AKS
	switch {
	case mode == Never:
		return "Azure was not asked"
	case mode == Auto && (a.SubscriptionID == "" || a.ResourceGroup == "" || a.Cluster == ""):
		return "Azure was not asked: no trusted configuration names the AKS cluster"
	}
	return ""
}

// observeCluster connects to the cluster and waits for its first complete listing.
func observeCluster(ctx context.Context, c config.Config) (*apply.Cluster, cluster.State, error) {
	found, err := adapters.ConnectCluster(c, nil, nil)
	if err != nil {
		return nil, cluster.State{}, err
	}
	found.Start(ctx)
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	for {
		state, err := found.Observe(ctx)
		var starting interface{ Starting() bool }
		if err == nil || !errors.As(err, &starting) || !starting.Starting() || ctx.Err() != nil {
			return found, state, err
		}
		if sleep := clock.Sleep(ctx, 50*time.Millisecond); sleep != nil {
			return found, state, err
		}
	}
}

// askAzure reads pools and quota.
func askAzure(ctx context.Context, c config.Config, live *engine.Live) error {
	if err := c.Need(adapters.ModeOf(c).Needs...); err != nil {
		return err
	}
	azure, err := adapters.AKS(c, nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if live.Pools, err = azure.Pools(ctx); err != nil {
		return err
	}
	live.Quota, err = azure.Quota(ctx)
	return err
}
