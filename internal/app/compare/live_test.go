// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/app/observe"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/plan"
)

// h100s is what phi needs on the larger size.
const h100s = "standardncadsh100v5family"

// larger returns a repository of which the head of main moves phi to a larger size, and the commit before that.
func larger(t *testing.T) (r *gittest.Repo, before string) {
	t.Helper()
	r = apptest.Repository(t)
	before = r.Head(gittest.Main)
	text := strings.Replace(apptest.Phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1)
	r.Commit(map[string]string{"workspaces/phi.yaml": text}, "two")
	return r, before
}

// texts returns the findings of a kind.
func texts(p plan.Plan, kind plan.FindingKind) string {
	var out []string
	for _, f := range p.Findings {
		if f.Kind == kind {
			out = append(out, f.Text)
		}
	}
	return strings.Join(out, "\n")
}

// TestPlanCommitsAsksAzure compares two commits with the quota of an emulated Azure.
func TestPlanCommitsAsksAzure(t *testing.T) {
	r, before := larger(t)
	c := apptest.Config(t, r.Dir)
	c, azure := apptest.OnAKS(t, c)
	c.Kubeconfig = ""
	plan := func(mode observe.Mode) (p plan.Plan, requests int) {
		t.Helper()
		n := len(azure.Requests())
		p, err := compare.Commits(t.Context(), c, compare.Request{
			Repository: r.Dir, Base: before, Head: "main", Live: mode,
		})
		if err != nil {
			t.Fatal(err)
		}
		return p, len(azure.Requests()) - n
	}
	p, n := plan(observe.Auto)
	if line := p.Verdict().Line; n == 0 || strings.Contains(line, "quota") {
		t.Errorf("with quota, after %d requests: %s", n, line)
	}
	if got := texts(p, "NotCompared"); !strings.Contains(got, "no trusted configuration names kubeconfig or context") {
		t.Errorf("the cluster: %q", got)
	}
	if p, n = plan(observe.Never); n != 0 || !strings.Contains(p.Verdict().Line, "quota unknown") {
		t.Errorf("--live never: %d requests, %s", n, p.Verdict().Line)
	}
	if got := texts(p, "QuotaUnknown"); !strings.HasPrefix(got, "quota: unknown, Azure was not asked; ") {
		t.Errorf("--live never: %q", got)
	}
	_, err := compare.Commits(t.Context(), c, compare.Request{
		Repository: r.Dir, Base: before, Head: "main", Live: observe.Require,
	})
	apptest.WantError(t, err, "ask the cluster: ")
}

// TestPlanCommitsQuotaIsShort says by how much, and what to ask for.
func TestPlanCommitsQuotaIsShort(t *testing.T) {
	r, before := larger(t)
	c, _ := apptest.OnAKS(t, apptest.Config(t, r.Dir))
	azure, err := armsim.Start(armsim.Options{Quota: map[string]int{h100s: 16}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = azure.Close() })
	c.Capacity.AKS.Endpoint = azure.URL() // the cluster refuses connections
	p, err := compare.Commits(t.Context(), c, compare.Request{
		Repository: r.Dir, Base: before, Head: "main", Live: observe.Auto,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "1 model replaced, serving interrupted, +2,414 USD/month, quota short by 24 vCPU: blocked"
	if got := p.Verdict(); got.Line != want || got.Outcome != plan.Blocked {
		t.Errorf("got %+v\nwant %s", got, want)
	}
	i := slices.IndexFunc(p.Findings, func(f plan.Finding) bool { return f.Kind == plan.QuotaShort })
	if i < 0 || !strings.Contains(p.Findings[i].Hint, "az quota update") {
		t.Errorf("findings %+v", p.Findings)
	}
	if got := texts(p, "NotCompared"); !strings.Contains(got, "cluster: unknown, the cluster did not answer: ") {
		t.Errorf("the cluster: %q", got)
	}
}

// TestPlanCommitsWithoutAzure works where Azure does not answer.
func TestPlanCommitsWithoutAzure(t *testing.T) {
	r, before := larger(t)
	c, azure := apptest.OnAKS(t, apptest.Config(t, r.Dir))
	c.Kubeconfig = ""
	_ = azure.Close()
	request := compare.Request{Repository: r.Dir, Base: before, Head: "main", Live: observe.Auto}
	p, err := compare.Commits(t.Context(), c, request)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(p, "QuotaUnknown"); !strings.HasPrefix(got, "quota: unknown, Azure did not answer: ") {
		t.Errorf("%q", got)
	}
	c.Policy.UnknownQuota = "fail"
	if p, err = compare.Commits(t.Context(), c, request); err != nil || p.Verdict().Outcome != plan.Blocked {
		t.Errorf("%+v, %v", p.Verdict(), err)
	}
	c.Capacity.Mode, c.Capacity.AKS = config.ModeBYO, config.Default().Capacity.AKS
	if p, err = compare.Commits(t.Context(), c, request); err != nil || texts(p, "QuotaUnknown") != "" {
		t.Errorf("nodes that exist need no quota: %+v, %v", p.Findings, err)
	}
}
