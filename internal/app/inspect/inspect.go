// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/preflight"
	"syncer.dev/syncer/internal/redact"
)

// Timeout bounds the questions to each server.
const Timeout = 30 * time.Second

// Options say what to ask.
type Options struct {
	As     string            // the user of Kubernetes to ask for; "" for the one of the kubeconfig
	Rights []preflight.Right // that the configuration needs
}

// Once asks every server of a configuration of one cluster. The error is one of the configuration itself.
func Once(ctx context.Context, c config.Config, o Options) (preflight.Facts, error) {
	mode := adapters.ModeOf(c)
	if err := c.Need(append([]string{"cluster", "source.url"}, mode.Needs...)...); err != nil {
		return preflight.Facts{}, err
	}
	var f preflight.Facts
	f.GitRead, f.GitWrite = askGit(ctx, c)
	if err := askKubernetes(ctx, c, o, &f); err != nil {
		return f, err
	}
	if mode.AgentPools {
		asked, err := askAzure(ctx, c)
		if err != nil {
			return f, err
		}
		f.Azure = asked
	}
	return f, ctx.Err()
}

// askGit signs in as the daemon does: with the credentials of the configuration alone.
func askGit(ctx context.Context, c config.Config) (read, write preflight.Answer) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	repo, err := access.AsDaemon(c)
	if err != nil {
		return answerOf(preflight.Failed, err), answerOf(preflight.Failed, err)
	}
	head, err := repo.Head(ctx)
	read = gitAnswer(err)
	if err == nil {
		read.Detail = "at commit " + head.Short()
	}
	write = gitAnswer(repo.Branch(c.Status.Branch).Writable(ctx))
	if write.State == preflight.OK {
		write.Detail = "the server takes pushes; rules that protect the branch, and hooks, show only in the first one"
	}
	return read, write
}

// gitAnswer tells a server that says no from one that does not answer. It says no where it refuses the credentials, or
// has no such repository, branch or tag.
func gitAnswer(err error) preflight.Answer {
	var rejected *git.RejectedError
	switch {
	case err == nil:
		return preflight.Answer{State: preflight.OK}
	case errors.As(err, &rejected), git.Denied(err), errors.Is(err, git.ErrEmptyRepository),
		errors.Is(err, git.ErrBranchNotFound), errors.Is(err, git.ErrTagNotFound):
		return answerOf(preflight.Missing, err)
	}
	return answerOf(preflight.Failed, err)
}

func answerOf(s preflight.State, err error) preflight.Answer {
	return preflight.Answer{
		State: s, Detail: redact.Text(err.Error()), Hint: redact.Text(strings.Join(diag.Hints(err), "; ")),
	}
}

// askKubernetes fills in what the API server says.
func askKubernetes(ctx context.Context, c config.Config, o Options, f *preflight.Facts) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	cluster, err := adapters.ConnectCluster(c, nil, nil)
	if err != nil {
		return err
	}
	asked, err := cluster.Rights(o.As)
	if err != nil {
		return err
	}
	if f.User, err = asked.User(ctx); err != nil {
		f.Server = answerOf(preflight.Failed, err)
		return nil
	}
	f.Server.State = preflight.OK
	for _, name := range c.Namespaces {
		f.Namespaces = append(f.Namespaces, preflight.Namespace{Name: name, Answer: asked.Namespace(ctx, name)})
	}
	f.Rights = asked.May(ctx, o.Rights)
	f.GPU = asked.Nodes(ctx, func(size string) bool {
		sku, ok := capacity.LookupSKU(size)
		return ok && sku.GPUs > 0
	})
	return nil
}

// askAzure reads the pools, the quota and the sizes.
func askAzure(ctx context.Context, c config.Config) (*preflight.Cloud, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	cloud, err := adapters.AKS(c, nil)
	if err != nil {
		return nil, err
	}
	pools, err := cloud.Pools(ctx)
	out := &preflight.Cloud{Pools: azureAnswer(err)}
	if err == nil {
		if out.Pools.Detail = "1 agent pool"; len(pools) != 1 {
			out.Pools.Detail = fmt.Sprintf("%d agent pools", len(pools))
		}
	}
	q, err := cloud.Quota(ctx)
	usage, sizes := split(err, q)
	out.Quota, out.Sizes = azureAnswer(usage), azureAnswer(sizes)
	if usage == nil {
		out.Quota.Detail = fmt.Sprintf("of %d families in %s", len(q.Families), c.Capacity.AKS.Location)
	}
	switch {
	case out.Quota.State == preflight.Missing && sizes != nil: // the client holds such requests back for a while
		out.Sizes = preflight.Answer{
			State: preflight.Unknown, Detail: "not asked after the quota was refused: the same role gives both",
		}
	case sizes == nil && q.Offers == nil:
		out.Sizes = preflight.Answer{State: preflight.Unknown, Detail: "Azure lists no size with GPUs"}
	case sizes == nil:
		out.Sizes.Detail = fmt.Sprintf("%d with GPUs in %s", len(q.Offers), c.Capacity.AKS.Location)
	}
	return out, nil
}

// split divides the error of Quota: what was not read has an error, the quota before the sizes.
func split(err error, q capacity.Quota) (usage, sizes error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err, err
	}
	errs := joined.Unwrap()
	if q.Families == nil {
		usage = errs[0]
	}
	if q.Offers == nil && (usage == nil || len(errs) > 1) {
		sizes = errs[len(errs)-1]
	}
	return usage, sizes
}

// azureAnswer tells a missing role, and a cluster that does not exist, from an Azure that does not answer.
func azureAnswer(err error) preflight.Answer {
	var known *capacity.CloudError
	switch {
	case err == nil:
		return preflight.Answer{State: preflight.OK}
	case errors.Is(err, capacity.ErrQuotaLater):
		return answerOf(preflight.Unknown, err)
	case errors.As(err, &known) && known.Class == capacity.ClassPermission && known.Code != "AuthenticationFailed":
		return answerOf(preflight.Missing, err)
	case errors.As(err, &known):
		out := answerOf(preflight.Failed, err)
		out.Hint = known.Cure()
		return out
	}
	return answerOf(preflight.Failed, err)
}
