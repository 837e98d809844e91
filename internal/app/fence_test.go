// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/bench/apistub"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/reconcile"
)

// server is one of the servers that a pass writes to.
type server struct {
	writes atomic.Int32
	at     atomic.Int32 // the number of the write at which the lease is lost; zero: none
}

// before counts the writes to a server, and closes the fence when the one has arrived at which the lease is lost.
func (s *server) before(next http.Handler, writes func(*http.Request) bool, lose func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if writes(r) && s.writes.Add(1) == s.at.Load() {
			lose()
		}
		next.ServeHTTP(w, r)
	})
}

// TestLeaseIsLostInAPass lets the lease run out as the first write of a pass, or one among many, reaches a server: none
// begins after it, to no server, also in the passes that follow, and no error is logged. With the lease the loop
// goes on where it was.
func TestLeaseIsLostInAPass(t *testing.T) {
	const workspaces = 30
	const underWay = 64 // writes that may have asked for permission before: limit.Most
	for name, tt := range map[string]struct{ kubernetes, azure int32 }{
		"first object": {1, 0}, "an object": {7, 0}, "first pool": {0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := apptest.Repository(t)
			files := map[string]string{"workspaces/phi.yaml": ""}
			for i := range workspaces {
				name := fmt.Sprintf("phi-%d", i)
				files["workspaces/"+name+".yaml"] = strings.ReplaceAll(apptest.Phi, "name: phi}", "name: "+name+"}")
			}
			for i := range 2 * underWay {
				files["workspaces/settings.yaml"] += fmt.Sprintf(
					"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings-%d}\ndata: {a: b}\n", i)
			}
			repo.Commit(files, "many")
			c, azure := apptest.OnAKS(t, apptest.Config(t, repo.URL()))
			var parts *adapters.Parts
			lose := func() { parts.Fence.Close() }
			var kubernetes, arm server
			kubernetes.at.Store(tt.kubernetes)
			arm.at.Store(tt.azure)
			api := httptest.NewServer(kubernetes.before(apistub.New(), func(r *http.Request) bool {
				return r.Method != http.MethodGet && r.URL.Query().Get("dryRun") == ""
			}, lose))
			t.Cleanup(func() { api.CloseClientConnections(); api.Close() })
			c.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
			kubeconfig := "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a}}]\n" +
				"clusters: [{name: a, cluster: {server: " + api.URL + "}}]\n"
			if err := os.WriteFile(c.Kubeconfig, []byte(kubeconfig), 0o600); err != nil {
				t.Fatal(err)
			}
			cloud := httptest.NewServer(arm.before(azure, func(r *http.Request) bool {
				return r.Method != http.MethodGet
			}, lose))
			t.Cleanup(cloud.Close)
			c.Capacity.AKS.Endpoint = cloud.URL
			c.Status.Debounce = 0
			parts, err := adapters.Connect(c, access.AsDaemon)
			if err != nil {
				t.Fatal(err)
			}
			parts.Fence.Require(time.Hour)
			parts.Fence.Renewed(time.Now())
			parts.Cluster.Start(t.Context())
			log := &logged{}
			from := upstream.Source{Repository: parts.Repository, Config: c}
			loop := app.NewLoop(parts, access.NewReader(c, nil), from, engine.PreviewUpdates,
				slog.New(slog.NewTextHandler(log, nil)), app.NewHealth(c))
			pass := func() (o reconcile.Outcome) {
				eventually(t, "a pass", func() bool {
					o = loop.Pass(t.Context(), reconcile.Due{Source: true, Cloud: true})
					return !o.Starting
				})
				return o
			}
			if o := pass(); o.Carried && tt.kubernetes > 0 || o.Recorded != "" || o.Err != nil {
				t.Errorf("carried out %t, recorded %q, error %v", o.Carried, o.Recorded, o.Err)
			}
			objects, pools := kubernetes.writes.Load(), arm.writes.Load()
			if tt.kubernetes > 0 && (objects < tt.kubernetes || objects > tt.kubernetes+underWay || pools > 0) ||
				tt.azure > 0 && pools != tt.azure {
				t.Errorf("%d writes to Kubernetes and %d to Azure", objects, pools)
			}
			for range 3 {
				pass()
			}
			objects, pools = kubernetes.writes.Load()-objects, arm.writes.Load()-pools
			if n := repo.Traffic().Pushes; objects != 0 || pools != 0 || n > 0 {
				t.Errorf("without the lease %d writes to Kubernetes, %d to Azure, %d pushes", objects, pools, n)
			}
			objects = kubernetes.writes.Load()
			if n := log.count("level=ERROR"); n > 0 {
				t.Errorf("%d errors:\n%s", n, log.text.String())
			}
			parts.Fence.Renewed(time.Now())
			eventually(t, "the loop to go on", func() bool {
				pass()
				return repo.Traffic().Pushes > 0 && (kubernetes.writes.Load() > objects || tt.azure > 0)
			})
		})
	}
}
