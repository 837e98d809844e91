// SPDX-License-Identifier: Apache-2.0

package pullrequest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// proposal is a repository with one Workspace on main, and a pull request of a branch "topic".
type proposal struct {
	t      *testing.T
	git    *gittest.Repo
	forge  *reviewtest.Repository
	config config.Config
	number int
}

// propose commits files to a new branch, and opens a pull request.
func propose(t *testing.T, files map[string]string) *proposal {
	t.Helper()
	p := &proposal{t: t, git: apptest.Repository(t), forge: reviewtest.NewRepository()}
	p.config = apptest.Config(t, p.git.Dir)
	p.config.Capacity.Mode, p.config.Capacity.AKS.Location = config.ModeAKS, "eastus"
	p.config.Kubeconfig = ""
	p.git.Git("branch", "topic", gittest.Main)
	head := p.git.CommitTo("topic", files, "change")
	p.number = p.forge.Propose(review.PullRequest{Head: head, Target: "main"})
	p.git.Git("update-ref", "refs/pull/1/head", head)
	return p
}

// once reviews the pull request as a step of a pipeline.
func (p *proposal) once(change ...func(*pullrequest.Request)) review.Result {
	p.t.Helper()
	r := pullrequest.Request{Config: p.config, Repository: p.git.Dir, Number: p.number}
	for _, c := range change {
		c(&r)
	}
	result, err := pullrequest.ReviewOn(p.t.Context(), p.forge.Forge(), r)
	if err != nil {
		p.t.Fatal(err)
	}
	return result
}

func (p *proposal) expect(result review.Result, state review.State, texts ...string) {
	p.t.Helper()
	if result.State != state {
		p.t.Errorf("state %s (%s), want %s\n%s", result.State, result.Line, state, result.Body)
	}
	for _, text := range texts {
		if !strings.Contains(result.Line+"\n"+result.Body, text) {
			p.t.Errorf("%s\n%s\nhas no %q", result.Line, result.Body, text)
		}
	}
}

// expectRecord expects the record of the new Workspace alone on the status branch.
func (p *proposal) expectRecord() {
	p.t.Helper()
	files := p.git.Files("syncer/status")
	if len(files) != 1 || !strings.HasPrefix(files[0], "reviews/demo/default/two/") {
		p.t.Errorf("records %q", files)
	}
}

func second(name string) string { return strings.ReplaceAll(apptest.Phi, "phi}", name+"}") }

// TestReviewOnce: the plan is compared with the commit where the branch forked off, and stands on the pull request.
func TestReviewOnce(t *testing.T) {
	p := propose(t, map[string]string{"workspaces/two.yaml": second("two")})
	p.git.Commit(map[string]string{"workspaces/three.yaml": second("three")}, "main goes on")
	result := p.once()
	p.expect(result, review.Success, "1 model created", "two")
	if strings.Contains(result.Body, "three") {
		t.Errorf("the comment shows what others have merged:\n%s", result.Body)
	}
	if got := p.forge.Comments(p.number); len(got) != 1 || got[0].Body != result.Body {
		t.Errorf("%+v", got)
	}
	if s := p.forge.Statuses(result.PullRequest.Head)["syncer/demo/plan"]; s.State != review.Success ||
		!strings.Contains(s.Description, "1 model created") || s.URL == "" {
		t.Errorf("%+v", s)
	}
	if files := p.git.Git("for-each-ref", "refs/heads/syncer"); files != "" {
		t.Errorf("a review that records nothing wrote %s", files)
	}
	p.expect(p.once(func(r *pullrequest.Request) { r.Record = true }), review.Success)
	p.expectRecord()
}

// TestReviewRefused: what is wrong with the head is on the pull request, with its place.
func TestReviewRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"broken file": {
			map[string]string{"workspaces/two.yaml": strings.Replace(second("two"), "inference:", "inferense:", 1)},
			[]string{"blocked", "workspaces/two.yaml:7:1"},
		},
		"remote base": {
			map[string]string{"workspaces/x/kustomization.yaml": "resources: [https://example.com/x?ref=main]\n"},
			[]string{"blocked", "workspaces/x/kustomization.yaml"},
		},
		"generator that runs a program": {
			map[string]string{
				"workspaces/x/kustomization.yaml": "generators: [exec.yaml]\n",
				"workspaces/x/exec.yaml": "apiVersion: x/v1\nkind: X\nmetadata:\n  name: x\n  annotations:\n" +
					"    config.kubernetes.io/function: |\n      exec: {path: /bin/true}\n",
			},
			[]string{"blocked", "workspaces/x/kustomization.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := propose(t, tt.files)
			p.expect(p.once(), review.Failure, tt.want...)
		})
	}
}

// TestReviewWithoutFolder: a head that cannot be read at all is refused in words, and is no error of syncer.
func TestReviewWithoutFolder(t *testing.T) {
	p := propose(t, nil)
	p.git.Git("update-ref", "refs/pull/1/head", gittest.Main)
	p.config.Source.Path = "elsewhere"
	p.git.Commit(map[string]string{"elsewhere/phi.yaml": apptest.Phi}, "a folder")
	p.git.Git("update-ref", "refs/heads/topic", gittest.Main)
	head := p.git.CommitTo("topic", map[string]string{"elsewhere": "a file"}, "no folder")
	p.forge.Move(p.number, head)
	p.expect(p.once(), review.Failure, "no plan can be made of this pull request", "What merging it would change is")
}

// TestReviewPolicyOfTarget: a head that relaxes the policy is judged by the policy of the target.
func TestReviewPolicyOfTarget(t *testing.T) {
	p := propose(t, map[string]string{
		"policy":              "relaxed",
		"workspaces/two.yaml": strings.Replace(second("two"), "{name: two}", "{name: two, namespace: other}", 1),
	})
	p.git.Commit(map[string]string{"policy": "strict"}, "policy")
	var read []string
	result := p.once(func(r *pullrequest.Request) {
		r.Policy = func(target fs.FS) (config.Config, error) {
			data, err := fs.ReadFile(target, "policy")
			read = append(read, string(data))
			return p.config, err
		}
	})
	p.expect(result, review.Failure, "other")
	if diff := cmp.Diff([]string{"strict"}, read); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	_, err := pullrequest.ReviewOn(t.Context(), p.forge.Forge(), pullrequest.Request{
		Config: p.config, Repository: p.git.Dir, Number: p.number,
		Policy: func(fs.FS) (config.Config, error) { return config.Config{}, errors.New("it is broken") },
	})
	apptest.WantError(t, err, "read the configuration of the target: it is broken")
}

// TestReviewOpensNoSecret: with a key that opens it, a Secret that was tampered with is found out by its MAC. A review
// does not find it out, because it has no key, and it prints nothing of the Secret.
func TestReviewOpensNoSecret(t *testing.T) {
	text, err := sopstest.Encrypt("apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\n  namespace: default\n"+
		"  annotations: {syncer.dev/secret: only default/token (Opaque)}\n"+
		"stringData:\n  token: hunter2hunter2\n", sopstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tampered := strings.Replace(text, "kind: Secret\n", "kind: Secret\nimmutable: true\n", 1)
	p := propose(t, map[string]string{"workspaces/secret.yaml": tampered})
	key := filepath.Join(t.TempDir(), "age.txt")
	if err := os.WriteFile(key, []byte(sopstest.Identity), 0o600); err != nil {
		t.Fatal(err)
	}
	p.config.Source.Decryption.AgeKeyFile, p.config.Objects = key, []string{"ConfigMap", "Secret"}
	both := compare.Request{Repository: p.git.Dir, Base: "main", Head: "topic"}
	made, err := compare.Commits(t.Context(), p.config, both)
	if err != nil || made.Verdict().Outcome != plan.Blocked {
		t.Fatalf("with the key: %+v, error %v", made.Verdict(), err)
	}
	for _, fork := range []bool{false, true} {
		pr, err := p.forge.Forge().PullRequest(t.Context(), p.number)
		if err != nil {
			t.Fatal(err)
		}
		pr.Fork = fork
		p.number = p.forge.Propose(pr)
		result := p.once()
		if body := result.Body; result.State != review.Success || strings.Contains(body, "MAC") ||
			strings.Contains(body, "hunter2") {
			t.Errorf("fork %v: %s\n%s", fork, result.State, result.Body)
		}
	}
}

// dryRunner counts the objects that it is asked about.
type dryRunner struct{ asked []string }

func (d *dryRunner) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	var out []cluster.Preview
	for _, o := range objects {
		d.asked = append(d.asked, o.GetKind()+"/"+o.GetName())
		out = append(out, cluster.Preview{Ref: cluster.RefOf(o), After: o})
	}
	return out, nil
}

func (d *dryRunner) Look(context.Context, []cluster.Ref, time.Time) (map[cluster.Ref]cluster.Reference, error) {
	return nil, nil
}

// TestDryRunsOfPullRequests: the API server gets nothing of a fork, and no Secret of any pull request.
func TestDryRunsOfPullRequests(t *testing.T) {
	object := func(version, kind, name string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{}
		o.SetAPIVersion(version)
		o.SetKind(kind)
		o.SetName(name)
		return o
	}
	objects := []*unstructured.Unstructured{
		object("v1", "ConfigMap", "a"), object("v1", "Secret", "b"), object("apps/v1", "StatefulSet", "c"),
	}
	known := engine.Live{}
	known.Asked.Cluster = true
	d := &dryRunner{}
	live, asked := pullrequest.ForPullRequest(review.PullRequest{}, known, d)
	previews, err := asked.Preview(t.Context(), objects)
	if err != nil || !live.Asked.Cluster {
		t.Fatal(err)
	}
	for i, p := range previews {
		if p.Ref != cluster.RefOf(objects[i]) || p.After != objects[i] {
			t.Errorf("preview %d is %+v", i, p)
		}
	}
	if diff := cmp.Diff([]string{"ConfigMap/a", "StatefulSet/c"}, d.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	live, asked = pullrequest.ForPullRequest(review.PullRequest{Fork: true}, known, d)
	if asked != nil || live.Asked.Cluster || live.ClusterWhy == "" {
		t.Errorf("of a fork: %v, %+v", asked, live.Asked)
	}
}

// TestReviewing: a daemon fetches the head by its ref, plans again when the target moves, and follows what is merged.
func TestReviewing(t *testing.T) {
	p := propose(t, map[string]string{"workspaces/two.yaml": second("two")})
	c, _ := apptest.OnAKS(t, apptest.Config(t, p.git.Dir))
	c.Review.Interval = time.Minute
	v, err := pullrequest.ReviewerOn(p.forge.Forge(), c)
	if err != nil {
		t.Fatal(err)
	}
	pass := func() {
		t.Helper()
		if err := v.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pass()
	head := p.git.Head("topic")
	own := p.forge.Comments(p.number)
	if s := p.forge.Statuses(head)["syncer/demo/plan"]; s.State != review.Success || len(own) != 1 {
		t.Fatalf("%+v, comments %+v", s, own)
	}
	p.expectRecord()
	writes := p.forge.Writes()
	pass()
	if got := p.forge.Writes() - writes; got != 0 {
		t.Errorf("%d writes without a change", got)
	}

	merged := p.git.Commit(map[string]string{"workspaces/two.yaml": second("two")}, "squashed")
	p.forge.MergeAs(p.number, merged)
	pass()
	ready := func() review.CommitStatus { return p.forge.Statuses(merged)["syncer/demo/ready"] }
	if s := ready(); s.State != review.Pending {
		t.Errorf("before the pass: %+v", s)
	}
	after := p.git.Commit(map[string]string{"README.md": "hello"}, "words")
	report := status.Report{
		Key: workspace.Key{Namespace: "default", Name: "two"}, State: status.Ready, ObservedCommit: after,
	}
	v.Passed(reconcile.Outcome{Commit: after, Plan: plan.Plan{Cluster: "demo"}, Reports: []*status.Report{&report}})
	v.Passed(reconcile.Outcome{}) // a pass that got nowhere
	pass()
	if s := ready(); s.State != review.Success || !strings.Contains(s.Description, "carried out with "+after[:12]) {
		t.Errorf("after the pass: %+v", s)
	}
}

// TestReviewingMovedRef: Git already has another head than the forge says. The reviewer waits until both agree.
func TestReviewingMovedRef(t *testing.T) {
	p := propose(t, map[string]string{"workspaces/two.yaml": second("two")})
	c, _ := apptest.OnAKS(t, apptest.Config(t, p.git.Dir))
	v, err := pullrequest.ReviewerOn(p.forge.Forge(), c)
	if err != nil {
		t.Fatal(err)
	}
	newer := p.git.CommitTo("topic", map[string]string{"README.md": "x"}, "newer")
	p.git.Git("update-ref", "refs/pull/1/head", newer)
	if err := v.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.forge.Comments(p.number); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	p.forge.Move(p.number, newer)
	if err := v.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.forge.Statuses(newer)["syncer/demo/plan"]; s.State != review.Success {
		t.Errorf("%+v", s)
	}
}

// TestReviewingMergeRef: of a fork on Azure DevOps, Git has the merge commit alone.
func TestReviewingMergeRef(t *testing.T) {
	p := propose(t, map[string]string{"workspaces/two.yaml": second("two")})
	head := p.git.Head("topic")
	tree := p.git.Git("rev-parse", "topic^{tree}")
	merge := p.git.Git("-c", "user.name=A", "-c", "user.email=a@example.com",
		"commit-tree", tree, "-p", p.git.Head(gittest.Main), "-p", head, "-m", "merge")
	p.git.Git("update-ref", "refs/pull/1/merge", merge)
	p.git.Git("update-ref", "-d", "refs/heads/topic")
	p.git.Git("update-ref", "-d", "refs/pull/1/head")
	p.forge.Close(p.number)
	p.number = p.forge.Propose(review.PullRequest{
		Head: head, HeadRef: "refs/pull/1/merge", Target: "main", Fork: true,
	})
	c, _ := apptest.OnAKS(t, apptest.Config(t, p.git.Dir))
	v, err := pullrequest.ReviewerOn(p.forge.Forge(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.forge.Statuses(head)["syncer/demo/plan"]; s.State != review.Success {
		t.Errorf("%+v", s)
	}
}
