// SPDX-License-Identifier: Apache-2.0

package pullrequest

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/observe"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/status"
)

// liveFacts returns what is live for the plan of a pull request, and the cluster for dry runs; nil for none.
type liveFacts func(ctx context.Context, pr review.PullRequest) (engine.Live, engine.Cluster, error)

// askedOnce asks for each plan, as a step of a pipeline does. The watches end with ctx.
func askedOnce(c config.Config, repo *git.Repository) liveFacts {
	return func(ctx context.Context, pr review.PullRequest) (engine.Live, engine.Cluster, error) {
		live, asked, err := observe.Once(ctx, c, repo, observe.Auto)
		live, asked = forPullRequest(pr, live, asked)
		return live, asked, err
	}
}

// azureEvery is the shortest time between two looks of a daemon at Azure for reviews: the loop looks too, and they
// share its rate limits. A pool that Azure did not have at the last look is reason for another one. It is our choice.
const azureEvery = time.Minute

// daemonLive are the facts that the adapters of a daemon give. It is safe for concurrent use.
type daemonLive struct {
	config config.Config
	parts  *adapters.Parts

	mu    sync.Mutex
	azure engine.Live     // pools and quota, or why they are unknown
	asked time.Time       // of azure
	news  map[string]bool // pools of nodes that Azure did not have when it was asked last
}

// facts is a liveFacts. A server that does not answer makes its part unknown.
func (d *daemonLive) facts(ctx context.Context, pr review.PullRequest) (engine.Live, engine.Cluster, error) {
	now := time.Now()
	state, err := d.parts.Cluster.Observe(ctx)
	live := d.ofAzure(ctx, now, state.Nodes)
	live.Now = now
	if err != nil {
		live.ClusterWhy = "the cluster did not answer: " + err.Error()
		return live, nil, ctx.Err()
	}
	live.Asked.Cluster, live.State = true, state
	live, asked := forPullRequest(pr, live, d.parts.Cluster)
	return live, asked, nil
}

// ofAzure returns pools and quota, at most azureEvery old, and with the pools that these nodes are in.
func (d *daemonLive) ofAzure(ctx context.Context, now time.Time, nodes []cluster.Node) engine.Live {
	if !adapters.ModeOf(d.config).AgentPools {
		return engine.Live{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	news := without(d.azure.Pools, nodes)
	if !d.asked.IsZero() && now.Sub(d.asked) < azureEvery && (!d.azure.Azure || within(news, d.news)) {
		return d.azure
	}
	ctx, cancel := context.WithTimeout(ctx, observe.Timeout)
	defer cancel()
	live := engine.Live{}
	pools, err := d.parts.Cloud.Pools(ctx)
	if err == nil {
		live.Pools = pools
		live.Quota, err = d.parts.Cloud.Quota(ctx)
	}
	if err != nil {
		live = engine.Live{}
		live.AzureWhy = "Azure did not answer: " + err.Error()
	} else {
		live.Azure = true
		recorder := statusbranch.Recorder{Branch: d.parts.Repository.Branch(d.config.Status.Branch), Config: d.config}
		if files, err := recorder.Read(ctx); err == nil {
			live.Unavailable = status.UnavailableFrom(files[status.CapacityFile], now)
		}
	}
	d.azure, d.asked, d.news = live, now, without(live.Pools, nodes)
	return live
}

// without names the pools of nodes that are not among pools.
func without(pools []capacity.LivePool, nodes []cluster.Node) map[string]bool {
	out := map[string]bool{}
	for i := range nodes {
		if name := nodes[i].Pool; name != "" {
			out[name] = true
		}
	}
	for i := range pools {
		delete(out, pools[i].Name)
	}
	return out
}

func within(a, b map[string]bool) bool {
	for name := range a {
		if !b[name] {
			return false
		}
	}
	return true
}

// forPullRequest keeps the cluster from what anybody may propose: a dry run hands objects to the API server and its
// admission webhooks. Of a fork, the cluster gets nothing; of others, no Secret.
func forPullRequest(pr review.PullRequest, live engine.Live, c engine.Cluster) (engine.Live, engine.Cluster) {
	switch {
	case c == nil:
		return live, nil
	case pr.Fork && live.Asked.Cluster:
		live.Asked.Cluster = false
		live.ClusterWhy = "the cluster is not asked about a pull request from a fork"
		return live, nil
	}
	return live, withoutSecrets{c}
}

// withoutSecrets is a cluster that gets no Secret. Its adapter would decrypt one.
type withoutSecrets struct{ engine.Cluster }

// Preview implements engine.Cluster. A Secret counts as accepted.
func (w withoutSecrets) Preview(
	ctx context.Context, objects []*unstructured.Unstructured,
) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	var asked []*unstructured.Unstructured
	var at []int
	for i, o := range objects {
		if o.GroupVersionKind().GroupKind() == (schema.GroupKind{Kind: "Secret"}) {
			out[i] = cluster.Preview{Ref: cluster.RefOf(o), After: o}
			continue
		}
		asked, at = append(asked, o), append(at, i)
	}
	previews, err := w.Cluster.Preview(ctx, asked)
	if err != nil {
		return nil, err
	}
	for i, p := range previews {
		out[at[i]] = p
	}
	return out, nil
}
