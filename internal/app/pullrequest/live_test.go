// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"context"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
)

// asked is a cloud that counts how often it is asked for its pools.
type asked struct {
	adapters.NoCloud
	pools []capacity.LivePool
	n     int
}

// Pools implements capacity.Cloud.
func (a *asked) Pools(context.Context) ([]capacity.LivePool, error) {
	a.n++
	return a.pools, nil
}

// TestDaemonAsksAzureAgain asks Azure once in a minute, and also for the pools of nodes that it did not have.
func TestDaemonAsksAzureAgain(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"README.md": "none yet\n"}, "one")
	c := config.Default()
	c.Cluster, c.Source.URL, c.Capacity.Mode = "demo", repo.URL(), config.ModeAKS
	opened, err := access.AsDaemon(c)
	if err != nil {
		t.Fatal(err)
	}
	azure := &asked{pools: []capacity.LivePool{{Name: "a"}}}
	d := &daemonLive{config: c, parts: &adapters.Parts{Repository: opened, Cloud: azure}}
	on := func(pools ...string) (out []cluster.Node) {
		for _, p := range pools {
			out = append(out, cluster.Node{Name: "n-" + p, Pool: p})
		}
		return out
	}
	start := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		what  string
		after time.Duration
		nodes []cluster.Node
		pools []string // that Azure has
		want  int      // questions so far
	}{
		{"the first look", 0, on("a"), []string{"a"}, 1},
		{"soon after", time.Second, on("a"), []string{"a"}, 1},
		{"a node outside of pools", 2 * time.Second, on(""), []string{"a"}, 1},
		{"a new pool", 3 * time.Second, on("a", "b"), []string{"a", "b"}, 2},
		{"the same", 4 * time.Second, on("a", "b"), []string{"a", "b"}, 2},
		{"a pool that Azure does not have", 5 * time.Second, on("a", "x"), []string{"a", "b"}, 3},
		{"still not", 6 * time.Second, on("a", "x"), []string{"a", "b"}, 3},
		{"its nodes are gone", 7 * time.Second, on("a"), []string{"a", "b"}, 3},
		{"a minute later", 66 * time.Second, on("a"), []string{"a"}, 4},
	} {
		azure.pools = nil
		for _, name := range step.pools {
			azure.pools = append(azure.pools, capacity.LivePool{Name: name})
		}
		live := d.ofAzure(t.Context(), start.Add(step.after), step.nodes)
		if !live.Azure || len(live.Pools) != len(step.pools) || azure.n != step.want {
			t.Errorf("%s: %d pools, asked %d times, want %d; %s",
				step.what, len(live.Pools), azure.n, step.want, live.AzureWhy)
		}
	}
}
