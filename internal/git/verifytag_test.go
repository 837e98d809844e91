// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// signTag makes a tag of a commit, signed by a key.
func (s *signers) signTag(key, name, commit string) {
	s.t.Helper()
	s.repo.Git("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "gpg.format=ssh",
		"-c", "user.signingkey="+filepath.Join(s.dir, key), "tag", "--force", "--sign", "-m", "release", name, commit)
}

// TestVerifyTag follows tags with and without signatures that count. What git verify-tag accepts is accepted.
func TestVerifyTag(t *testing.T) {
	overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
		s := newSigners(t, repo, "platform", "visitor")
		first := s.commit("platform", map[string]string{"f": "1"})
		second := s.commit("platform", map[string]string{"f": "2"})
		r := mustOpen(t, Options{URL: url, Tag: "v1"})
		want := func(reason string) {
			t.Helper()
			c := mustFetch(t, r)
			err := r.VerifyTag(c, s.allowed("platform"))
			var refused *TagSignatureError
			switch {
			case reason == "" && err != nil:
				t.Errorf("%v", err)
			case reason != "" && (!errors.As(err, &refused) || !strings.Contains(err.Error(), reason) ||
				!strings.Contains(refused.Hint(), "git tag --sign")):
				t.Errorf("%v, want %q with a hint", err, reason)
			}
			if r.Verify(t.Context(), c, []SignerRule{{".", s.allowed("platform")}}) != nil {
				t.Error("the commit is signed")
			}
		}
		repo.Git("tag", "v1", first)
		want("not annotated")
		annotate(repo, "v1", first)
		want("not signed")
		s.signTag("visitor", "v1", first)
		want("not among the allowed signers")
		s.signTag("platform", "v1", first)
		repo.Git("-c", "gpg.format=ssh", "-c", "gpg.ssh.allowedSignersFile="+s.allowed("platform"), "verify-tag", "v1")
		want("")
		s.signTag("platform", "v1", second)
		want("")

		s.signTag("platform", "v0", first)
		repo.Git("update-ref", "refs/tags/v1", repo.Git("rev-parse", "refs/tags/v0"))
		want(`made as the tag "v0"`)

		s.signTag("platform", "v1", second)
		tag := repo.Git("cat-file", "tag", "v1") + "\n"
		forged := strings.Replace(tag, "object "+second, "object "+first, 1)
		repo.Git("update-ref", "refs/tags/v1", repo.GitInput(forged, "hash-object", "-t", "tag", "-w", "--stdin"))
		want("signature is wrong")
		twice := strings.Replace(tag, "object "+second, "object "+second+"\ntype commit\ntag v0", 1)
		repo.Git("update-ref", "refs/tags/v1",
			repo.GitInput(twice, "hash-object", "-t", "tag", "-w", "--literally", "--stdin"))
		want("twice")
	})
}

func TestVerifyTagOfABranch(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "1"}, "first")
	r := openMain(t, repo.Dir)
	if err := r.VerifyTag(mustFetch(t, r), "no such file"); err != nil {
		t.Errorf("no tag is followed: %v", err)
	}
}
