// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/signature"
)

// signers are keys, with the files that allow each of them.
type signers struct {
	t     *testing.T
	repo  *gittest.Repo
	dir   string
	clock int
}

func newSigners(t *testing.T, repo *gittest.Repo, names ...string) *signers {
	t.Helper()
	s := &signers{t: t, repo: repo, dir: t.TempDir()}
	for _, name := range names {
		file := filepath.Join(s.dir, name)
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		public, err := os.ReadFile(file + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+".signers", []byte(name+" "+string(public)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *signers) allowed(name string) string { return filepath.Join(s.dir, name+".signers") }

// commit commits files on the main branch, signed by a key unless name is "", with further parents.
func (s *signers) commit(name string, files map[string]string, parents ...string) string {
	s.t.Helper()
	s.clock++
	before := s.repo.Head(gittest.Main)
	tree := s.repo.Commit(files, "tree") + "^{tree}"
	args := []string{
		"-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "gpg.format=ssh",
		"-c", "user.signingkey=" + filepath.Join(s.dir, name), "commit-tree", tree, "-m", fmt.Sprint(s.clock),
	}
	if name != "" {
		args = append(args, "-S")
	}
	if before != "" {
		args = append(args, "-p", before)
	}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	tip := s.repo.Git(args...)
	s.repo.Reset(gittest.Main, tip)
	return tip
}

func TestVerify(t *testing.T) {
	for _, filter := range []string{"true", "false"} {
		t.Run("partial clones "+filter, func(t *testing.T) {
			overBoth(t, func(t *testing.T, repo *gittest.Repo, url string) {
				repo.Git("config", "uploadpack.allowFilter", filter)
				s := newSigners(t, repo, "platform", "team")
				rules := []SignerRule{{".", s.allowed("platform")}, {"team", s.allowed("team")}}
				r := openMain(t, url)
				want := func(step, path, reason string) {
					t.Helper()
					for name, r := range map[string]*Repository{"following": r, "from nothing": openMain(t, url)} {
						err := r.Verify(t.Context(), mustFetch(t, r), rules, "status")
						var refused *SignatureError
						switch {
						case path == "" && err != nil:
							t.Errorf("%s, %s: %v", step, name, err)
						case path != "" && (!errors.As(err, &refused) || refused.Path != path || refused.Hint() == "" ||
							!strings.Contains(err.Error(), reason)):
							t.Errorf("%s, %s: %v, want %s refused: %s", step, name, err, path, reason)
						}
					}
				}
				s.commit("platform", map[string]string{"a": "1"})
				want("first", "", "")
				s.commit("team", map[string]string{"team/x": "1"})
				want("the team in its folder", "", "")
				s.commit("", map[string]string{"status/s": "1"})
				want("unsigned in a folder that does not count", "", "")
				s.commit("team", map[string]string{"a": "2"})
				want("the team elsewhere", ".", "not among the allowed signers")
				s.commit("platform", map[string]string{"a": "3"})
				want("again by the platform", "", "")
				s.commit("platform", map[string]string{"team/x": "2"})
				want("the platform in the team's folder", "team", "not among the allowed signers")
				good := s.commit("team", map[string]string{"team/x": "3"})
				want("again by the team", "", "")
				s.commit("", map[string]string{"team/x": "4"})
				want("unsigned", "team", "it is not signed")
				repo.History(20, func(i int) map[string]string { return map[string]string{"status/s": fmt.Sprint(i, "x")} })
				want("unsigned, long ago", "team", "it is not signed")
				repo.Reset(gittest.Main, good)
				repo.History(20, func(i int) map[string]string { return map[string]string{"status/s": fmt.Sprint(i, "x")} })
				want("signed, long ago", "", "")
				repo.Remove("unsigned removal", "team/x")
				want("removed", "team", "it is not signed")
			})
		})
	}
}

func TestVerifyMerge(t *testing.T) {
	repo := gittest.NewRepo(t)
	s := newSigners(t, repo, "ada", "bob")
	rules := []SignerRule{{"w", s.allowed("ada")}}
	base := s.commit("ada", map[string]string{"w/x": "1"})
	topic := s.commit("ada", map[string]string{"w/x": "2"})
	repo.Reset(gittest.Main, base)
	s.commit("bob", map[string]string{"other": "1"})
	verify := func() error {
		r := openMain(t, repo.URL())
		return r.Verify(t.Context(), mustFetch(t, r), rules)
	}
	s.commit("", map[string]string{"w/x": "2"}, topic) // as a forge merges: unsigned, and w is that of topic
	if err := verify(); err != nil {
		t.Errorf("an unsigned merge of a signed change: %v", err)
	}
	s.commit("", map[string]string{"w/x": "3"}, topic)
	if err := verify(); err == nil {
		t.Error("a merge that changes the folder itself was accepted")
	}
}

// TestVerifyMergesThatTakeBack: a merge may take the folder from a parent only if that has the changes of the others:
// else no signature says that they are to go.
func TestVerifyMergesThatTakeBack(t *testing.T) {
	repo := gittest.NewRepo(t)
	s := newSigners(t, repo, "ada")
	rules := []SignerRule{{"w", s.allowed("ada")}}
	before := s.commit("ada", map[string]string{"other": "1"}) // there is no folder yet
	first := s.commit("ada", map[string]string{"w/x": "1"})
	second := s.commit("ada", map[string]string{"w/x": "2"})
	aside := s.commit("", map[string]string{"other": "2"})
	commit := func(tree string, parents ...string) string {
		args := []string{"-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", tree + "^{tree}", "-m", "m"}
		for _, p := range parents {
			args = append(args, "-p", p)
		}
		return repo.Git(args...)
	}
	back := commit(first, aside) // not signed
	for name, tt := range map[string]struct {
		tip  string
		good bool
	}{
		"of an old branch":                  {commit(aside, aside, commit(first, first)), true},
		"of an old branch, the other way":   {commit(second, commit(first, first), aside), true},
		"to an older change":                {commit(first, second, first), false},
		"to an older change, the other way": {commit(first, first, aside), false},
		"from before there was one":         {commit(before, second, before), false},
		"to nothing of another history":     {commit(before, second, commit(before)), false},
		"of two that have it, one unsigned": {commit(first, first, back), false},
		"of a merge that takes back":        {commit(first, commit(first, second, first), aside), false},
	} {
		repo.Reset(gittest.Main, tt.tip)
		r := openMain(t, repo.URL())
		err := r.Verify(t.Context(), mustFetch(t, r), rules)
		var refused *SignatureError
		if tt.good && err != nil || !tt.good && !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifyReadsKeysAgain(t *testing.T) {
	repo := gittest.NewRepo(t)
	s := newSigners(t, repo, "ada", "bob")
	s.commit("ada", map[string]string{"x": "1"})
	r := openMain(t, repo.URL())
	c := mustFetch(t, r)
	rules := []SignerRule{{".", s.allowed("ada")}}
	if err := r.Verify(t.Context(), c, rules); err != nil {
		t.Fatal(err)
	}
	packs := repo.Traffic().Packs
	if err := r.Verify(t.Context(), c, rules); err != nil || repo.Traffic().Packs != packs {
		t.Errorf("a commit that is known: %v, %d packs", err, repo.Traffic().Packs-packs)
	}
	bobs, err := os.ReadFile(s.allowed("bob"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.allowed("ada"), bobs, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(t.Context(), c, rules); err == nil {
		t.Error("a key that was taken out of the file still counts")
	}
	rules[0].File = filepath.Join(s.dir, "missing")
	if err := r.Verify(t.Context(), c, rules); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no file: %v", err)
	}
}

// TestStatusCommitsThatGitVerifies has git itself check what we sign.
func TestStatusCommitsThatGitVerifies(t *testing.T) {
	repo := gittest.NewRepo(t)
	s := newSigners(t, repo, "syncer")
	change := statusChange(map[string]string{"x": "y"})
	change.Signer = signature.Signer{KeyFile: filepath.Join(s.dir, "syncer")}
	tip, _ := mustCommit(t, openMain(t, repo.URL()).Branch(statusBranch), change)
	repo.Git("-c", "gpg.ssh.allowedSignersFile="+s.allowed("syncer"), "verify-commit", string(tip))
	repo.Fsck()
}
