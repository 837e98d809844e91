// SPDX-License-Identifier: Apache-2.0

// Package checking makes the answer of "check": what the installation needs, what the servers say, and
// what follows from both.
package checking

import (
	"context"
	"io"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/inspect"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/preflight"
)

// Question is what the user asks.
type Question struct {
	Namespace string    // of syncer itself
	As        string    // user of Kubernetes; "" is the one of the kubeconfig
	Config    string    // the file, as the user named it; may be empty
	Output    string    // the form of the answer
	Out       io.Writer // for the answer
	Talk      io.Writer // as whom Kubernetes knows the user
}

// Run asks the servers of each cluster, and prints what they say. The error is that of answer.Checked, or one of the
// configuration.
func Run(ctx context.Context, c config.Config, q Question) error {
	var all []answer.Check
	for _, one := range c.Each() {
		checked, err := q.cluster(ctx, one)
		if err != nil {
			return err
		}
		all = append(all, checked)
	}
	if err := answer.PrintChecks(q.Out, all, q.Output); err != nil {
		return err
	}
	return answer.Checked(all)
}

// cluster asks the servers of one cluster.
func (q Question) cluster(ctx context.Context, c config.Config) (answer.Check, error) {
	objects, err := install.Objects(install.Options{
		Namespace: q.Namespace,
		Settings:  c,
		NodePools: adapters.ModeOf(c).NodePools,
	})
	if err != nil {
		return answer.Check{}, err
	}
	facts, err := inspect.Once(ctx, c, inspect.Options{As: q.As, Rights: preflight.Rights(objects)})
	if err != nil {
		return answer.Check{}, err
	}
	if facts.User != "" {
		diag.Fprintf(q.Talk, "cluster %s answers for %s\n", c.Cluster, facts.User)
	}
	azure := c.Capacity.AKS
	lines := preflight.Judge(preflight.Installation{
		Config:       q.Config,
		Namespace:    q.Namespace,
		Account:      install.Name,
		Branch:       c.Status.Branch,
		Subscription: azure.SubscriptionID,
		Group:        azure.ResourceGroup,
		Cluster:      azure.Cluster,
		ClientID:     azure.ClientID,
	}, facts)
	return answer.Check{Cluster: c.Cluster, User: facts.User, Items: lines}, nil
}
