// SPDX-License-Identifier: Apache-2.0

package reviewrecords_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/reviewrecords"
	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/reviews"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// project is a repository with pull requests, as syncer and a CI job see it.
type project struct {
	t      *testing.T
	repo   *gittest.Repo
	config config.Config
	opened *git.Repository
}

func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	repo := gittest.NewRepo(t)
	repo.Commit(files, "first")
	c := config.Default()
	c.Cluster, c.Source.URL, c.Source.Path = "demo", repo.URL(), "workspaces"
	c.Capacity.AKS.Location = "eastus"
	c.Policy.Review.Verdict = config.ReviewRequire
	return &project{t: t, repo: repo, config: c, opened: open(t, c)}
}

func open(t *testing.T, c config.Config) *git.Repository {
	t.Helper()
	r, err := access.AsPerson(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plan compares two commits, in a clone of its own.
func (p *project) plan(base, head string) plan.Plan {
	p.t.Helper()
	repo := open(p.t, p.config)
	revision := func(name string) engine.Revision {
		commit, err := repo.Resolve(p.t.Context(), name)
		if err != nil {
			p.t.Fatal(err)
		}
		rev, err := upstream.Read(repo, commit, p.config, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		return rev
	}
	e := engine.New(engine.Settings{
		Policy: source.PolicyOf(p.config), Read: source.NewReader(p.config).Revision,
	}, nil)
	out, err := e.Between(p.t.Context(), revision(base), revision(head))
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// show plans a branch into main and writes what it shows.
func (p *project) show(branch string, c config.Config) []reviewed.Record {
	p.t.Helper()
	shown := p.plan("refs/heads/main", "refs/heads/"+branch)
	records := reviews.Records(&shown, reviews.Showing{
		PullRequest: "https://git.example.com/pulls/1", Commit: p.repo.Head(branch), At: time.Now(),
	})
	if _, err := reviewrecords.Of(open(p.t, c), c).Write(p.t.Context(), records, time.Now()); err != nil {
		p.t.Fatal(err)
	}
	return records
}

// write writes records in a clone of its own, as another process does.
func (p *project) write(c config.Config, records ...reviewed.Record) (string, error) {
	return reviewrecords.Of(open(p.t, c), c).Write(p.t.Context(), records, time.Now())
}

// squash writes the files of a commit into a commit on main, as a squash does.
func (p *project) squash(branch, message string) {
	p.t.Helper()
	tree := p.repo.Git("merge-tree", "--write-tree", "main", branch)
	p.commit(tree, message, "main")
}

func (p *project) commit(tree, message string, parents ...string) string {
	p.t.Helper()
	args := []string{
		"-c", "user.name=T", "-c", "user.email=t@example.com", "commit-tree", tree, "-m", message,
	}
	for _, parent := range parents {
		args = append(args, "-p", parent)
	}
	hash := p.repo.Git(args...)
	p.repo.Reset(gittest.Main, hash)
	return hash
}

const phiPath = "workspaces/phi.yaml"

// cheap is the Workspace of the fixtures on a smaller size.
var cheap = strings.Replace(reconciletest.Phi, "Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", 1)

// TestDigestAcrossHistories: the same change has the same digest, however it gets onto the branch, and with any
// other change; another change has another.
func TestDigestAcrossHistories(t *testing.T) {
	other := map[string]string{
		"workspaces/other.yaml": reconciletest.Named(reconciletest.Automatic, "other"), "README.md": "x",
	}
	for name, merged := range map[string]struct {
		merge func(p *project)
		same  bool
	}{
		"merge commit": {func(p *project) {
			p.commit(p.repo.Git("merge-tree", "--write-tree", "main", "topic"), "merge", "main", "topic")
		}, true},
		"squash":                    {func(p *project) { p.squash("topic", "squash") }, true},
		"another one merged before": {func(p *project) { p.repo.Commit(other, "other"); p.squash("topic", "squash") }, true},
		"another one merged after":  {func(p *project) { p.squash("topic", "squash"); p.repo.Commit(other, "other") }, true},
		"rebase": {func(p *project) {
			p.repo.Commit(other, "other")
			p.repo.Commit(map[string]string{phiPath: "# rebased\n" + cheap}, "rebased")
		}, true},
		"moved": {func(p *project) {
			p.repo.Remove("move", phiPath)
			p.repo.Commit(map[string]string{"workspaces/a/b.yaml": cheap}, "x")
		}, true},
		"changed": {func(p *project) {
			p.repo.Commit(map[string]string{phiPath: cheap + "  # x\n  config: c\n"}, "x")
		}, false},
		"preset of the repository": {func(p *project) {
			p.squash("topic", "squash")
			p.repo.Commit(map[string]string{
				"presets/models/phi-4-mini-instruct/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\n" +
					"kind: Kustomization\n" +
					"resources: [../../base/inference]\ncommonAnnotations: {team: x}\n",
			}, "preset")
		}, false},
		"patch beside it": {func(p *project) {
			p.squash("topic", "squash")
			p.repo.Commit(map[string]string{"workspaces/phi.patch.yaml": "apiVersion: apps/v1\nkind: StatefulSet\n" +
				"metadata: {name: phi}\nspec: {template: {metadata: {labels: {team: x}}}}\n"}, "patch")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, map[string]string{phiPath: reconciletest.Phi})
			first := p.repo.Head(gittest.Main)
			p.repo.Reset("topic", first)
			p.repo.CommitTo("topic", map[string]string{phiPath: cheap}, "topic")
			records := p.show("topic", p.config)
			if len(records) != 1 || records[0].Shown.InstanceType != "Standard_NV36ads_A10_v5" || records[0].Digest == "" {
				t.Fatalf("shown: %+v", records)
			}
			merged.merge(p)
			after := p.plan(first, "refs/heads/main")
			i := slices.IndexFunc(after.Workspaces, func(w *plan.Workspace) bool { return w.Key.Name == "phi" })
			if i < 0 || len(after.Workspaces[i].Blocked) > 0 && merged.same {
				t.Fatalf("%+v", after.Workspaces)
			}
			if same := after.Workspaces[i].Digest == records[0].Digest; same != merged.same {
				t.Errorf("digest %s, and shown was %s", after.Workspaces[i].Digest, records[0].Digest)
			}
		})
	}
}

// TestReviewsBesideStatus: writing reviews leaves status alone, and the other way round; two writers at once lose
// nothing, and each cluster has its own.
func TestReviewsBesideStatus(t *testing.T) {
	p := newProject(t, map[string]string{phiPath: reconciletest.Phi})
	p.repo.Reset("topic", p.repo.Head(gittest.Main))
	p.repo.CommitTo("topic", map[string]string{phiPath: cheap}, "topic")
	recorder := statusbranch.Recorder{Branch: open(t, p.config).Branch(p.config.Status.Branch), Config: p.config}
	files := map[string][]byte{"default/phi.yaml": []byte("x"), "README.md": []byte("x")}
	if _, err := recorder.Record(t.Context(), reconcile.Recording{
		All: func() map[string][]byte { return files }, Message: "status", When: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	record := p.show("topic", p.config)[0]
	prod := p.config
	prod.Cluster = "prod"
	elsewhere := record
	elsewhere.Cluster = "prod"
	var others sync.WaitGroup
	for i := range 4 {
		others.Go(func() {
			another := record
			another.Workspace = workspace.Key{Namespace: "default", Name: "w" + string(rune('a'+i))}
			if _, err := p.write(p.config, another); err != nil {
				t.Error(err)
			}
		})
	}
	others.Wait()
	if _, err := p.write(prod, elsewhere); err != nil {
		t.Fatal(err)
	}
	files["README.md"] = []byte("y")
	if _, err := recorder.Record(t.Context(), reconcile.Recording{
		All: func() map[string][]byte { return files }, Message: "status", When: time.Now(),
	}); err != nil {
		t.Fatal(err)
	}
	name := reviewed.FileName(record.Workspace, record.Digest)
	on := p.repo.Files(p.config.Status.Branch)
	for _, want := range []string{
		"status/demo/README.md", "status/demo/default/phi.yaml", "reviews/demo/" + name, "reviews/prod/" + name,
		"reviews/demo/" + strings.Replace(name, "/phi/", "/wa/", 1),
		"reviews/demo/" + strings.Replace(name, "/phi/", "/wd/", 1),
	} {
		if !slices.Contains(on, want) {
			t.Errorf("%s is not on the branch: %q", want, on)
		}
	}
	before := p.repo.Head(p.config.Status.Branch)
	if commit, err := p.write(p.config, record); commit != "" || err != nil {
		t.Errorf("the same review again: commit %q, %v", commit, err)
	}
	if p.repo.Head(p.config.Status.Branch) != before {
		t.Error("the same review again is pushed")
	}
	p.repo.Fsck()
	for c, want := range map[string]int{"demo": 5, "prod": 1, "other": 0} {
		at := p.config
		at.Cluster = c
		got, err := reviewrecords.Of(open(t, at), at).Records(t.Context(), time.Now())
		if err != nil || got.Len() != want || len(got.Ignored) != 0 {
			t.Errorf("%s: %d records, ignored %q, %v", c, got.Len(), got.Ignored, err)
		}
	}
}

// keyFile makes an SSH key, and returns its file and the line that allows it.
func keyFile(t *testing.T, principal string) (file, allowed string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return file, principal + ` namespaces="syncer-review" ` + string(public)
}

// TestSignedThroughGit: with signers, only what one of them wrote counts; ssh-keygen accepts the signature too.
// Symbolic links and large files are no reviews.
func TestSignedThroughGit(t *testing.T) {
	p := newProject(t, map[string]string{phiPath: reconciletest.Phi})
	p.repo.Reset("topic", p.repo.Head(gittest.Main))
	p.repo.CommitTo("topic", map[string]string{phiPath: cheap}, "topic")
	key, allowed := keyFile(t, "ci@example.com")
	unknown, _ := keyFile(t, "mallory@example.com")
	signers := filepath.Join(t.TempDir(), "signers")
	if err := os.WriteFile(signers, []byte(allowed), 0o600); err != nil {
		t.Fatal(err)
	}
	p.config.Policy.Review.Signers = signers
	count := func(want int, why string) reviewed.Records {
		t.Helper()
		got, err := reviewrecords.Of(open(t, p.config), p.config).Records(t.Context(), time.Now())
		if err != nil || got.Len() != want {
			t.Errorf("%s: %d records, ignored %q, %v", why, got.Len(), got.Ignored, err)
		}
		return got
	}
	unsigned := p.config
	record := p.show("topic", unsigned)[0]
	if got := count(0, "unsigned"); len(got.Ignored) != 1 || !strings.Contains(got.Ignored[0], "it is not signed") {
		t.Errorf("%q", got.Ignored)
	}
	by := p.config
	by.Status.Signing.KeyFile = unknown
	p.show("topic", by)
	count(0, "of an unknown key")
	by.Status.Signing.KeyFile = key
	p.show("topic", by)
	if _, ok := count(1, "of an allowed signer").Find(record.Workspace, record.Digest); !ok {
		t.Error("the signed review is not found")
	}
	path := "reviews/demo/" + reviewed.FileName(record.Workspace, record.Digest)
	good := p.repo.Show(p.config.Status.Branch, path) + "\n"
	text, armored, _ := strings.Cut(good, "signature: |\n")
	signature := filepath.Join(t.TempDir(), "signature")
	if err := os.WriteFile(signature, []byte(unindented(armored)), 0o600); err != nil {
		t.Fatal(err)
	}
	verify := exec.Command("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "ci@example.com", "-n", "syncer-review",
		"-s", signature)
	verify.Stdin = strings.NewReader(text)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen: %v: %s", err, out)
	}
	llama := strings.Replace(path, "/phi/", "/llama/", 1)
	for why, files := range map[string]map[string]string{
		"changed": {path: strings.Replace(good, "nodes: 1", "nodes: 2", 1)},
		"a link":  {path: "symlink:" + filepath.Base(llama), llama: "x"},
		"huge":    {path: good + strings.Repeat("#\n", 1<<20)},
		"moved":   {path: "x", llama: good},
	} {
		p.repo.CommitTo(p.config.Status.Branch, files, why)
		count(0, why)
	}
	p.show("topic", by)
	if got := count(1, "written again"); len(got.Ignored) != 1 {
		t.Errorf("ignored %q", got.Ignored)
	}
}

// unindented is the text of a block in YAML.
func unindented(block string) string {
	var b strings.Builder
	for line := range strings.Lines(block) {
		b.WriteString(strings.TrimLeft(line, " "))
	}
	return b.String()
}

// TestSignersTrouble: a mistake in the keys is an error that names the setting.
func TestSignersTrouble(t *testing.T) {
	p := newProject(t, map[string]string{phiPath: reconciletest.Phi})
	p.config.Policy.Review.Signers = filepath.Join(t.TempDir(), "none")
	if _, err := reviewrecords.Of(p.opened, p.config).Records(t.Context(), time.Now()); err == nil ||
		!strings.Contains(err.Error(), "policy.review.signers") {
		t.Errorf("%v", err)
	}
	key := filepath.Join(t.TempDir(), "pgp")
	if err := os.WriteFile(key, []byte("-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.config.Status.Signing.KeyFile = key
	p.config.Policy.Review.Signers = key
	record := reviewed.Record{Cluster: "demo"}
	_, err := reviewrecords.Of(p.opened, p.config).Write(t.Context(), []reviewed.Record{record}, time.Now())
	if err == nil || !strings.Contains(err.Error(), "signed with an SSH key") {
		t.Errorf("%v", err)
	}
}

// cluster is a simulated cluster and Azure behind a real repository.
type simulated struct {
	*project
	*reconciletest.Simulator
	loop *reconcile.Loop
}

func (p *project) simulate() *simulated {
	s := &simulated{project: p, Simulator: reconciletest.New(p.t)}
	s.restart()
	return s
}

func (s *simulated) restart() {
	s.Review = reconcile.ReviewSettings{Policy: reviewed.Policy{
		Verdict: reviewed.Require, CostTolerance: 10, MaxAge: s.config.Policy.Review.MaxAge,
	}}
	parts := s.Parts()
	repo := open(s.project.t, s.config)
	parts.Source = upstream.Source{Repository: repo, Config: s.config}
	parts.Recorder = statusbranch.Recorder{Branch: repo.Branch(s.config.Status.Branch), Config: s.config}
	parts.Reviews = reviewrecords.Of(repo, s.config)
	parts.Read = source.NewReader(s.config).Revision
	s.loop = reconcile.New(s.Settings(), parts)
}

// passes runs passes without waiting.
func (s *simulated) passes(n int) (last reconcile.Outcome) {
	s.project.t.Helper()
	for range n {
		last = s.loop.Pass(context.Background(), reconciletest.All)
		if last.Err != nil {
			s.project.t.Fatal(last.Err)
		}
		s.Azure.Nodes.Step()
	}
	return last
}

func (s *simulated) applied(out reconcile.Outcome) status.Condition {
	for _, r := range out.Reports {
		for _, c := range r.Conditions {
			if c.Type == status.Applied {
				return c
			}
		}
	}
	return status.Condition{}
}

// TestRequireThroughGit: real commits, pushed to a real server: an unreviewed change is held over a restart, the
// trailer counts on the followed branch only, and a reviewed change goes on after a squash and a rebase.
func TestRequireThroughGit(t *testing.T) {
	p := newProject(t, map[string]string{"README.md": "x"})
	s := p.simulate()
	p.repo.Commit(map[string]string{phiPath: reconciletest.Phi}, "unreviewed")
	s.passes(2)
	s.restart()
	c := s.applied(s.passes(1))
	if c.Reason != string(diag.NotReviewed) || len(s.Owned()) != 0 {
		t.Fatalf("condition %+v, pools %v", c, s.Owned())
	}
	_, digest, ok := strings.Cut(c.Message, reviewed.TrailerAccept+": ")
	if !ok || len(digest) < 64 {
		t.Fatalf("no digest in %q", c.Message)
	}
	digest = digest[:64]
	trailer := "accept\n\n" + reviewed.TrailerAccept + ": "
	p.repo.Reset("topic", p.repo.Head(gittest.Main))
	p.repo.CommitTo("topic", map[string]string{"a.md": "x"}, trailer+digest)
	p.repo.Commit(map[string]string{"b.md": "x"}, trailer+strings.Repeat("0", 64))
	p.repo.Commit(map[string]string{"b.md": "y"}, reviewed.TrailerAccept+": "+digest+"\n\nin the wrong place\n")
	if s.passes(2); len(s.Owned()) != 0 {
		t.Fatal("a trailer counts that is wrong, or elsewhere")
	}
	p.commit(p.repo.Git("merge-tree", "--write-tree", "main", "topic"), "merge", "main", "topic")
	if s.passes(2); len(s.Owned()) != 0 {
		t.Fatal("the trailer of a commit in a merged branch counts")
	}
	p.repo.Commit(map[string]string{"c.md": "x"}, trailer+digest+"\n")
	p.repo.Commit(map[string]string{"c.md": "y"}, "one more before syncer looks\n")
	if out := s.passes(3); len(s.Owned()) != 1 || s.applied(out).Type != "" {
		t.Fatalf("an accepted plan is held: %+v", out.Reports)
	}
	p.repo.Reset("next", p.repo.Head(gittest.Main))
	p.repo.CommitTo("next", map[string]string{phiPath: cheap}, "next")
	p.show("next", p.config)
	p.repo.Commit(map[string]string{"d.md": "x"}, "in between")
	p.squash("next", "squash")
	out := s.passes(6)
	if pools := s.Owned(); len(pools) != 1 || pools[0].Size != "Standard_NV36ads_A10_v5" || s.applied(out).Type != "" {
		t.Errorf("a reviewed change is not carried out: %v, %+v", pools, out.Reports)
	}
	if on := p.repo.Files(p.config.Status.Branch); !slices.ContainsFunc(on, func(f string) bool {
		return strings.HasPrefix(f, "reviews/demo/default/phi/")
	}) {
		t.Errorf("the status commits removed the reviews: %q", on)
	}
}
