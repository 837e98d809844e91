// SPDX-License-Identifier: Apache-2.0

package reviewrecords

import (
	"context"
	"fmt"
	"sync"
	"time"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status/message"
	"syncer.dev/syncer/internal/version"
)

// Store keeps what reviewers were shown, on the status branch, and reads what commits accept since. It is safe for
// concurrent use.
type Store struct {
	repository *git.Repository
	config     config.Config
	accepted   *acceptedPlans
	known      *knownRecords
	mayWrite   func() error // before each push; nil permits all
}

// acceptedPlans are those that the commits up to a tip accept.
type acceptedPlans struct {
	mu    sync.Mutex
	tip   git.Hash
	plans map[string]bool // nil: not read so far
}

// knownRecords are the records at a tip of the status branch, as they were read with a file of signers.
type knownRecords struct {
	mu      sync.Mutex
	tip     git.Hash
	signers string
	until   time.Time // zero: not read so far
	records reviewed.Records
}

// sameRecords is how long the records of a tip are not read again: one of the future may count by then. It is ours.
const sameRecords = 10 * time.Minute

// Of returns the reviews of the configured cluster.
func Of(repo *git.Repository, c config.Config) Store {
	return Store{repository: repo, config: c, accepted: &acceptedPlans{}, known: &knownRecords{}}
}

// Fenced returns the reviews for a process that may lose its lease.
func (r Store) Fenced(f *fence.Fence) Store {
	r.mayWrite = f.MayWrite
	return r
}

func (r Store) branch() *git.Branch { return r.repository.Branch(r.config.Status.Branch) }

// Accepted returns the plans that the last commits of the followed branch accept, by their digests.
func (r Store) Accepted(ctx context.Context, commit string) (map[string]bool, error) {
	a := r.accepted
	a.mu.Lock()
	defer a.mu.Unlock()
	tip := git.Hash(commit)
	if a.plans != nil && a.tip == tip {
		return a.plans, nil
	}
	commits, err := r.repository.Log(ctx, tip, upstream.AcceptedCommits)
	if err != nil {
		return nil, err
	}
	a.tip, a.plans = tip, map[string]bool{}
	for _, c := range commits {
		for _, digest := range c.Trailers(reviewed.TrailerAccept) {
			a.plans[digest] = true
		}
	}
	return a.plans, nil
}

// Records reads the records that count.
func (r Store) Records(ctx context.Context, now time.Time) (reviewed.Records, error) {
	verify, signers, err := verifier(r.config.Policy.Review.Signers)
	if err != nil {
		return reviewed.Records{}, err
	}
	files, tip, err := r.branch().Read(ctx, reviewed.Dir(r.config.Cluster))
	if err != nil {
		return reviewed.Records{}, fmt.Errorf("read the reviews: %w", err)
	}
	k := r.known
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tip != tip || k.signers != signers || !now.Before(k.until) {
		k.tip, k.signers, k.until = tip, signers, now.Add(sameRecords)
		k.records = reviewed.Read(r.config.Cluster, files, verify, now)
	}
	return k.records, nil
}

// Write writes records in one commit, and removes what is too old or too many. It writes nothing if the branch shows
// the same values already, and returns "". Several processes may write at once: none loses what another has written.
func (r Store) Write(ctx context.Context, records []reviewed.Record, now time.Time) (commit string, err error) {
	if len(records) == 0 {
		return "", nil
	}
	c := r.config
	keeping := reviewed.Keeping{Cluster: c.Cluster, MaxAge: c.Policy.Review.MaxAge, Now: now}
	if keeping.Sign, err = signing(c); err != nil {
		return "", err
	}
	if keeping.Verify, _, err = verifier(c.Policy.Review.Signers); err != nil {
		return "", err
	}
	hash, changed, err := r.branch().Commit(ctx, git.Change{
		Dir:      reviewed.Dir(c.Cluster),
		Message:  message.OfReviews(c.Cluster, version.String(), records),
		When:     now,
		Author:   c.Status.Author.Name,
		Email:    c.Status.Author.Email,
		Signer:   statusbranch.Signer(c),
		MayWrite: r.mayWrite,
		Edit: func(present map[string][]byte) (map[string][]byte, error) {
			return keeping.Add(present, records...)
		},
	})
	if err != nil {
		return "", fmt.Errorf("write the reviews: %w", err)
	}
	if !changed {
		return "", nil
	}
	return string(hash), nil
}
