// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/lineage"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/signature"
)

// SignerRule says whose signature the last change of a folder must have. Folders of other rules in it are not meant.
type SignerRule struct {
	Path string // slash-separated; "." for the whole tree
	File string // of keys: OpenSSH's allowed_signers, or armored OpenPGP public keys. It is read at each use
}

// SignatureError means that a folder was changed by a commit without a signature that counts.
type SignatureError struct {
	Path   string // of the rule
	Commit Hash   // the last one that changed the folder
	Reason string
	Remedy string // what to do
}

// Error says which commit changed which folder, and what is wrong with its signature.
func (e *SignatureError) Error() string {
	return fmt.Sprintf("commit %s is the last to change folder %s: %s", e.Commit.Short(), e.Path, e.Reason)
}

// Hint names the file of keys.
func (e *SignatureError) Hint() string { return e.Remedy }

// historySteps are how many commits are asked for, one after the other, until the last change is among them. They are
// ours: most pushes are shorter than the first, and the last is longer than any that can be meant.
var historySteps = []int{16, 128, 1024, 16_384}

// Verify checks, for each rule, that the last commit that changed its folder has a signature that counts. It follows
// history as git log does for a folder: a merge that takes the folder from one of its parents did not change it, unless
// another parent has changes that this one has not. What is in one of the folders of exclude, such as the status
// folder, does not count as a change. The error is a *SignatureError, or one of Fetch.
func (r *Repository) Verify(ctx context.Context, c Commit, rules []SignerRule, exclude ...string) error {
	v := verification{repository: r, tip: c.Hash.plumbing()}
	for _, held := range r.held() {
		if held.commit.Hash == c.Hash {
			v.set = held.store
		}
	}
	if v.set == nil {
		return fmt.Errorf("%s: %s: %w", r.remote.URL(), c.Hash.Short(), ErrNotFetched)
	}
	for _, rule := range rules {
		without := append([]string(nil), exclude...)
		for _, other := range rules {
			if path.Clean(other.Path) != path.Clean(rule.Path) {
				without = append(without, path.Clean(other.Path))
			}
		}
		if err := v.rule(ctx, rule, without); err != nil {
			return err
		}
	}
	return nil
}

type verification struct {
	repository *Repository
	tip        plumbing.Hash
	set        objects.Source // the tip, and as much of history as was needed so far
	steps      int            // of historySteps that were taken
}

func (v *verification) rule(ctx context.Context, rule SignerRule, without []string) error {
	data, err := os.ReadFile(rule.File)
	if err != nil {
		return fmt.Errorf("read allowed signers: %w", err)
	}
	keys, err := signature.Parse(data)
	if err != nil {
		return fmt.Errorf("read allowed signers %s: %w", rule.File, err)
	}
	folder := lineage.Folder{Path: path.Clean(rule.Path), Without: without}
	seen := fmt.Sprintf("%x %s", sha256.Sum256(data), v.tip)
	r := v.repository
	r.mu.Lock()
	known := r.verified[folder.Path] == seen
	r.mu.Unlock()
	if known {
		return nil
	}
	changed, err := v.lastChanges(ctx, folder)
	if errors.Is(err, lineage.ErrEntangled) {
		return fmt.Errorf("verify folder %s: %w: change it by a commit that a key in %s signs, and what is before that "+
			"does not count", rule.Path, err, rule.File)
	}
	if err != nil {
		return err
	}
	for _, commit := range changed {
		if err := v.check(commit, keys, rule); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.verified == nil {
		r.verified = map[string]string{}
	}
	r.verified[folder.Path] = seen
	return nil
}

func (v *verification) check(commit plumbing.Hash, keys *signature.Keys, rule SignerRule) error {
	decoded, err := objects.Commit(v.set, commit)
	if err != nil {
		return err
	}
	raw, err := objects.Raw(v.set, plumbing.CommitObject, commit)
	if err != nil {
		return err
	}
	if _, err := keys.Verify(raw, decoded.Committer.When, time.Now()); err != nil {
		text := v.repository.remote.Text(err.Error())
		return &SignatureError{
			Path: rule.Path, Commit: hashOf(commit), Reason: text,
			Remedy: "change the folder by a commit that a key in " + rule.File + " signs, or add the key of the signer to it",
		}
	}
	return nil
}

// lastChanges returns the newest commits that changed a folder.
func (v *verification) lastChanges(ctx context.Context, folder lineage.Folder) ([]plumbing.Hash, error) {
	for {
		changed, err := folder.Changes(v.set, v.tip, v.steps == len(historySteps))
		if !errors.Is(err, objects.ErrMissing) {
			return changed, err
		}
		if err := v.deepen(ctx); err != nil {
			return nil, err
		}
	}
}

// deepen receives more of history.
func (v *verification) deepen(ctx context.Context) error {
	if v.steps == len(historySteps) {
		return limits.TooLarge("", "a history of more than %d commits since the last change of a folder with allowed signers",
			historySteps[v.steps-1])
	}
	up, err := v.repository.remote.OpenUpload(ctx)
	if err != nil {
		return err
	}
	defer up.Close()
	set, err := up.Receive(ctx, remote.Want{Tips: []plumbing.Hash{v.tip}, Depth: historySteps[v.steps], NoFiles: true})
	if err != nil {
		return err
	}
	v.steps++
	v.set = set
	return nil
}
