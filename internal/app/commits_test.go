// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/reconcile"
)

// fetch returns the revision of a configuration.
func fetch(t *testing.T, c config.Config, head string) (reconcile.Revision, error) {
	t.Helper()
	repo, err := app.OpenRepository(c, c.Source.URL)
	if err != nil {
		t.Fatal(err)
	}
	return app.RevisionSource{Repository: repo, Config: c, Head: head}.Fetch(t.Context())
}

// TestInputs checks which commits have the same inputs as the one before: a pass with equal inputs renders nothing.
func TestInputs(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(*config.Config)
		files   map[string]string
		changed bool
	}{
		{"a Workspace", nil, map[string]string{"workspaces/b.yaml": "x"}, true},
		{"another folder", nil, map[string]string{"docs/b.md": "x"}, false},
		{"presets in the root", nil, map[string]string{"presets/models/x/preset.yaml": "x"}, true},
		{
			"status of another branch in the same folder",
			func(c *config.Config) { c.Source.Path = "." },
			map[string]string{"status/demo/x.yaml": "x"},
			true,
		},
		{
			"status on the same branch",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"status/demo/x.yaml": "x"},
			false,
		},
		{
			"reviews on the same branch",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"reviews/demo/default/x/y.yaml": "x"},
			false,
		},
		{
			"a folder of that name on another branch",
			func(c *config.Config) { c.Source.Path = "." },
			map[string]string{"reviews/a.yaml": "x"},
			true,
		},
		{
			"a Workspace beside status",
			func(c *config.Config) { c.Source.Path, c.Status.Branch = ".", "main" },
			map[string]string{"workspaces/b.yaml": "x"},
			true,
		},
		{
			"status inside the folder of Workspaces",
			func(c *config.Config) { c.Status.Path, c.Status.Branch = "workspaces/status", "main" },
			map[string]string{"workspaces/status/demo/x.yaml": "x"},
			false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRepository(t)
			c := configFor(t, r.Dir)
			if test.edit != nil {
				test.edit(&c)
			}
			r.Commit(map[string]string{
				"status/demo/old.yaml":            "x",
				"workspaces/status/demo/old.yaml": "x",
			}, "status")
			before, err := fetch(t, c, "")
			if err != nil {
				t.Fatal(err)
			}
			r.Commit(test.files, "two")
			after, err := fetch(t, c, "")
			if err != nil {
				t.Fatal(err)
			}
			if changed := before.Inputs != after.Inputs; changed != test.changed || before.Commit == after.Commit {
				t.Errorf("inputs %q and %q, want changed %t", before.Inputs, after.Inputs, test.changed)
			}
		})
	}
}

// TestInputsElsewhere follows an overlay whose base lies outside of source.path: a change there makes a pass due.
func TestInputsElsewhere(t *testing.T) {
	r := newRepository(t)
	c := configFor(t, r.Dir)
	r.Commit(map[string]string{
		"workspaces/kustomization.yaml": "resources: [../base]\n",
		"base/kustomization.yaml":       "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [../data/f.txt]}]\n",
		"base/a.yaml":                   "a: 1\n",
	}, "overlay")
	inputs := func() string {
		t.Helper()
		rev, err := fetch(t, c, "")
		if err != nil {
			t.Fatal(err)
		}
		if rev.Root != "workspaces" {
			t.Errorf("the root is %q", rev.Root)
		}
		return rev.Inputs
	}
	before := inputs()
	for _, change := range []struct {
		file    string
		changed bool
	}{{"docs/x.md", false}, {"base/a.yaml", true}, {"data/f.txt", true}, {"data/other.txt", false}} {
		r.Commit(map[string]string{change.file: "changed"}, change.file)
		after := inputs()
		if (before != after) != change.changed {
			t.Errorf("%s: inputs %q and %q, want changed %t", change.file, before, after, change.changed)
		}
		before = after
	}
}

func TestFetch(t *testing.T) {
	r := newRepository(t)
	first := r.Head(gittest.Main)
	r.Commit(map[string]string{
		"workspaces/link":   "symlink:phi.yaml",
		"elsewhere/link":    "symlink:x",
		"presets/README.md": "x",
	}, "two\n\nSyncer-Allow-Empty: true\n")
	c := configFor(t, r.Dir)
	tip, err := fetch(t, c, "")
	if err != nil || !tip.AllowEmpty {
		t.Fatalf("allow empty %t, %v", tip.AllowEmpty, err)
	}
	if at, why := files.Blocked(tip.Files, "workspaces/link"); at == "" || why != files.Link {
		t.Errorf("the link is %q", why)
	}
	if _, err := fs.Stat(tip.Files, "presets/README.md"); err != nil {
		t.Errorf("presets in the root: %v", err)
	}
	old, err := fetch(t, c, first)
	if err != nil || old.Commit != first || old.AllowEmpty {
		t.Errorf("the first commit: %+v, %v", old, err)
	}
	_, err = fetch(t, c, "nosuch")
	wantError(t, err, "nosuch")
	c.Source.Path = "nowhere"
	_, err = fetch(t, c, first)
	wantError(t, err, `no folder "nowhere" (configuration: source.path, which starts at the root`)
}

// TestRecorder writes status files, reads them back, and commits nothing when nothing changed.
func TestRecorder(t *testing.T) {
	r := newRepository(t)
	c := configFor(t, r.Dir)
	repo, err := app.OpenRepository(c, r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	recorder := app.Recorder{Branch: repo.Branch(c.Status.Branch), Config: c}
	files := map[string][]byte{"default/phi.yaml": []byte("state: ready\n")}
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	what := reconcile.Recording{Files: files, Message: "phi is ready", When: when}
	commit, err := recorder.Record(t.Context(), what)
	if err != nil || commit != r.Head(c.Status.Branch) {
		t.Fatalf("commit %q, %v", commit, err)
	}
	if again, err := recorder.Record(t.Context(), what); again != "" || err != nil {
		t.Errorf("the same files again: commit %q, %v", again, err)
	}
	got, err := recorder.Read(t.Context())
	if diff := cmp.Diff(files, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if paths := r.Files(c.Status.Branch); !cmp.Equal(paths, []string{"status/demo/default/phi.yaml"}) {
		t.Errorf("files on the branch: %q", paths)
	}
}

func TestPlanCommits(t *testing.T) {
	r := newRepository(t)
	first := r.Head(gittest.Main)
	larger := strings.Replace(phi, "NC24ads_A100_v4", "NC40ads_H100_v5", 1)
	r.Commit(map[string]string{"workspaces/phi.yaml": larger}, "two")
	c := configFor(t, r.Dir)
	c.Capacity.Mode, c.Capacity.AKS.Location = config.ModeAKS, "eastus"
	p, err := app.PlanCommits(t.Context(), c, app.Comparison{Repository: r.Dir, Base: first, Head: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Workspaces) != 1 || p.Workspaces[0].InstanceType != "Standard_NC40ads_H100_v5" {
		t.Errorf("plan: %+v", p.Workspaces)
	}
	for _, names := range [][2]string{{"nosuch", "main"}, {"main", "nosuch"}} {
		_, err := app.PlanCommits(t.Context(), c, app.Comparison{Repository: r.Dir, Base: names[0], Head: names[1]})
		wantError(t, err, "look up the commit: resolve \"nosuch\"")
	}
	_, err = app.PlanCommits(t.Context(), c, app.Comparison{Repository: "ftp://example.com/x", Base: "main", Head: "main"})
	wantError(t, err, "ftp")
}

// TestPlanLiveWithoutServer returns the error of the API server instead of a plan.
func TestPlanLiveWithoutServer(t *testing.T) {
	c := configFor(t, newRepository(t).Dir)
	_, err := app.PlanLive(t.Context(), c, "")
	wantError(t, err, "refused")
	c.Cluster = ""
	_, err = app.PlanLive(t.Context(), c, "")
	wantError(t, err, "cluster: is required")
}

func TestTreeAt(t *testing.T) {
	r := newRepository(t)
	c := configFor(t, r.Dir)
	files, err := app.TreeAt(t.Context(), c, r.Dir, "main")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := fs.ReadFile(files, "workspaces/phi.yaml"); err != nil || string(text) != phi {
		t.Errorf("%q, %v", text, err)
	}
	_, err = app.TreeAt(t.Context(), c, r.Dir, "nosuch")
	wantError(t, err, "nosuch")
}

// TestConnect checks the values that each mode needs.
func TestConnect(t *testing.T) {
	r := newRepository(t)
	byo := configFor(t, r.Dir)
	aks, _ := onAKS(t, byo)
	karpenter := byo
	karpenter.Capacity.Mode = config.ModeKarpenter
	karpenter.Capacity.Karpenter.NodeClass = config.NodeClass{
		Group: "karpenter.azure.com",
		Kind:  "AKSNodeClass",
		Name:  "default",
	}
	withoutGroup := aks
	withoutGroup.Capacity.AKS.ResourceGroup = ""
	badURL := byo
	badURL.Source.URL = "ftp://example.com/x"
	for _, test := range []struct {
		name string
		c    config.Config
		want string
	}{
		{"byo", byo, ""},
		{"aks", aks, ""},
		{"aks without a resource group", withoutGroup, "capacity.aks.resourceGroup: is required"},
		{"karpenter of Azure without a region", karpenter, "capacity.aks.location: is required"},
		{"a URL that is not supported", badURL, "ftp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := app.Connect(test.c)
			if test.want != "" {
				wantError(t, err, test.want)
				return
			}
			if err != nil || p.Cluster == nil || p.Repository == nil {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestLookUpModel(t *testing.T) {
	_, err := app.LookUpModel(t.Context(), "http://mirror.example", "", "team/model", "")
	wantError(t, err, "HF_ENDPOINT: the endpoint must be https")

	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err = app.LookUpModel(t.Context(), server.URL, "", "team/model", "")
	var unreachable *app.UnreachableHubError
	if wantError(t, err, "404"); errors.As(err, &unreachable) {
		t.Errorf("an answer counts as unreachable: %v", err)
	}

	_, err = app.LookUpModel(t.Context(), "http://"+refusedAddr(t), "", "team/model", "")
	if wantError(t, err, "refused"); !errors.As(err, &unreachable) {
		t.Errorf("a refused connection does not count as unreachable: %v", err)
	}
}

func TestFetchPrices(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "syncer/") {
			t.Errorf("user agent %q", r.UserAgent())
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	_, err := app.FetchPrices(t.Context(), server.URL, []string{"eastus"}, "2026-01-02")
	wantError(t, err, "403")
}
