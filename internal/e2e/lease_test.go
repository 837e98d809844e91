// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
)

// election is the end of the configuration of a replica: the times are shorter than the usual ones.
const election = "lease: {enabled: always, namespace: default, duration: 6s, renewDeadline: 4s, retry: 1s}\n"

// tap is a front that notes the writes of one process, but for those of the Lease, and can hold one of them up.
type tap struct {
	*front
	mu     sync.Mutex
	writes []string
	paths  []string // of the writes
	held   *hold
}

// hold is a write that has been sent, and that the server does not get before it is released.
type hold struct {
	matches  func(r *http.Request) bool
	arrived  chan string   // gets its name
	released chan struct{} // is closed to let it go on
	answered chan int      // gets the status of the answer
	body     string        // of the answer
}

func (t *tap) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !writes(r) || strings.Contains(r.URL.Path, "/leases") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body) // all of it is here before the process may be stopped
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		t.mu.Lock()
		t.writes = append(t.writes, effect(r, http.StatusOK))
		t.paths = append(t.paths, r.URL.Path)
		h := t.held
		if h != nil && h.matches(r) {
			t.held = nil
		} else {
			h = nil
		}
		t.mu.Unlock()
		if h == nil {
			next.ServeHTTP(w, r)
			return
		}
		h.arrived <- effect(r, http.StatusOK)
		<-h.released
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
		h.body = answer.Body.String()
		h.answered <- answer.Code
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (t *tap) seen() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.writes)
}

// holdNext holds up the next write that matches.
func (t *tap) holdNext(matches func(r *http.Request) bool) *hold {
	h := &hold{
		matches: matches, arrived: make(chan string, 1), released: make(chan struct{}), answered: make(chan int, 1),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = h
	return h
}

// replica is a process with its tap.
type replica struct {
	*process
	tap *tap
}

func (e *env) replica() *replica {
	e.Helper()
	t := &tap{}
	t.front = newFront(e, t.handler)
	e.Cleanup(t.front.close)
	config := e.config
	e.config = t.config
	r := &replica{e.start("run"), t}
	e.config = config
	return r
}

// role is the line about the Lease on /readyz.
func (r *replica) role() string {
	_, body := r.get("/readyz")
	for line := range strings.Lines(body) {
		if role, ok := strings.CutPrefix(line, "[+]lease: "); ok {
			return strings.TrimSpace(role)
		}
	}
	return ""
}

func (r *replica) waitRole(want string) {
	r.Helper()
	r.eventually("the role of a replica to be "+want, func() string {
		if role := r.role(); !strings.HasPrefix(role, want) {
			return "it is " + role
		}
		return ""
	})
}

func (r *replica) send(s os.Signal) {
	r.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.Fatal(err)
	}
}

// replicas starts a leader and a follower.
func (e *env) replicas() (leader, follower *replica) {
	e.Helper()
	data, err := os.ReadFile(e.config)
	if err != nil {
		e.Fatal(err)
	}
	write(e.T, e.config, string(data)+election)
	leader = e.replica()
	leader.waitRole("leader")
	follower = e.replica()
	follower.waitRole("follower, ")
	return leader, follower
}

func settings(value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {value: %q}\n", value)
}

// waitSettings waits until the ConfigMap has a value.
func (e *env) waitSettings(want string) {
	e.Helper()
	e.eventually("the ConfigMap to have "+want, func() string {
		m, err := e.kube.CoreV1().ConfigMaps("default").Get(context.Background(), "settings", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		if m.Data["value"] != want {
			return "it has " + m.Data["value"]
		}
		return ""
	})
}

// TestReplicas: of two processes one writes. One that is stopped is replaced, and starts no write when it goes on; one
// that ends hands over at once; one whose writes are under way overwrites nothing of its successor.
func TestReplicas(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{
		"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct"), "workspaces/settings.yaml": settings("first"),
	}, "work")
	a, b := e.replicas()
	e.waitState("phi", status.Ready)
	e.waitSettings("first")
	b.eventually("the follower to be ready", func() string {
		if code, body := b.get("/readyz"); code != http.StatusOK {
			return body
		}
		return ""
	})
	if w := b.tap.seen(); len(w) > 0 {
		t.Errorf("the follower has written %q", w)
	}
	b.eventually("the metrics of the follower", func() string {
		if _, body := b.get("/metrics"); !strings.Contains(body, `syncer_leader{cluster="e2e"} 0`) ||
			!strings.Contains(body, `syncer_workspaces{cluster="e2e",state="Ready"} 1`) {
			return body
		}
		return ""
	})
	t.Run("stopped", func(t *testing.T) { e.on(t).stopped(a, b) })
	if t.Failed() {
		return
	}
	t.Run("in flight", func(t *testing.T) { e.on(t).inFlight(b, a) })
	if t.Failed() {
		return
	}
	t.Run("handed over", func(t *testing.T) { e.on(t).handedOver(a, b) })
}

// stopped stops the leader, and lets it go on after the other one has taken over.
func (e *env) stopped(a, b *replica) {
	a.send(syscall.SIGSTOP)
	before := a.tap.seen()
	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("second")}, "while it is stopped")
	e.waitSettings("second")
	a.send(syscall.SIGCONT)
	a.waitRole("follower, ")
	b.waitRole("leader")
	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("third")}, "after that")
	e.waitSettings("third")
	a.eventually("the old leader to be ready", func() string {
		if code, body := a.get("/readyz"); code != http.StatusOK {
			return body
		}
		return ""
	})
	a.alive()
	if d := cmp.Diff(before, a.tap.seen()); d != "" {
		e.Errorf("the old leader has written:\n%s", d)
	}
	if _, body := a.get("/metrics"); !strings.Contains(body, `syncer_leader{cluster="e2e"} 0`) {
		e.Errorf("metrics of the old leader:\n%s", body)
	}
}

// inFlight stops the leader after it has sent a write that has not arrived. The next leader writes the same thing and
// more. Then the write arrives: it has no effect.
func (e *env) inFlight(leader, follower *replica) {
	method := func(method, part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, part) }
	}
	conflict := func(code int, _ string) bool { return code == http.StatusConflict }
	for _, tt := range []struct {
		name    string
		matches func(*http.Request) bool
		first   func() // makes the write due
		second  func() // is carried out by the next leader
		refused func(code int, body string) bool
	}{
		{
			"delete an object", method(http.MethodDelete, "/configmaps/settings"),
			func() { e.repo.Remove("no settings", "workspaces/settings.yaml") },
			func() {
				e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("again")}, "settings again")
				e.waitSettings("again")
			},
			conflict,
		},
		{
			"update an object", method(http.MethodPatch, "/configmaps/settings"),
			func() {
				e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("outdated")}, "outdated settings")
			},
			func() {
				e.waitSettings("outdated")
				e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("newer")}, "newer settings")
				e.waitSettings("newer")
			},
			conflict,
		},
		{
			"create an object", method(http.MethodPatch, "/configmaps/fresh"),
			func() {
				e.repo.Commit(map[string]string{
					"workspaces/fresh.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {a: b}\n",
				}, "fresh")
			},
			func() {
				e.eventually("the new ConfigMap", func() string {
					_, err := e.kube.CoreV1().ConfigMaps("default").Get(context.Background(), "fresh", metav1.GetOptions{})
					if err != nil {
						return err.Error()
					}
					return ""
				})
			},
			conflict,
		},
		{
			"push", method(http.MethodPost, "/git-receive-pack"),
			func() {
				e.repo.Commit(map[string]string{"workspaces/other.yaml": inference("other", "phi-4-mini-instruct")}, "other")
			},
			func() { e.waitState("other", status.Ready) },
			func(_ int, body string) bool { return strings.Contains(body, "ng refs/heads/syncer/status") },
		},
		{
			"change a pool", func(r *http.Request) bool {
				return r.Method != http.MethodPost && strings.Contains(r.URL.Path, "/agentPools/")
			},
			func() { e.repo.Remove("no other", "workspaces/other.yaml") },
			func() {
				e.eventually("the pool of other to be gone", func() string {
					if n := len(e.gpuNodes()); n != 1 {
						return fmt.Sprintf("%d nodes", n)
					}
					return ""
				})
			},
			func(code int, _ string) bool {
				return code == http.StatusPreconditionFailed || code == http.StatusConflict || code == http.StatusNotFound
			},
		},
	} {
		h := leader.tap.holdNext(tt.matches)
		tt.first()
		var name string
		leader.eventually(tt.name+": the write", func() string {
			select {
			case name = <-h.arrived:
				return ""
			default:
				return "not sent"
			}
		})
		leader.send(syscall.SIGSTOP)
		follower.waitRole("leader")
		tt.second()
		objects, tip := e.ours(), e.repo.Head("syncer/status")
		close(h.released)
		if code := <-h.answered; !tt.refused(code, h.body) {
			e.Errorf("%s: the answer to %s is %d %s", tt.name, name, code, h.body)
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(objects)), slices.Sorted(maps.Keys(e.ours()))); d != "" {
			e.Errorf("%s: %s has changed objects:\n%s", tt.name, name, d)
		}
		if now := e.repo.Head("syncer/status"); now != tip && tt.name == "push" {
			e.Errorf("%s: the branch has moved", tt.name)
		}
		leader.send(syscall.SIGCONT)
		leader.waitRole("follower, ")
		leader, follower = follower, leader
	}
	e.repo.Fsck()
}

// handedOver ends the leader, as a rolling update does: the follower leads soon, and does not wait for the lease to
// run out.
func (e *env) handedOver(a, b *replica) {
	if strings.HasPrefix(b.role(), "leader") {
		a, b = b, a
	}
	a.waitRole("leader")
	began := time.Now()
	a.send(syscall.SIGTERM)
	b.waitRole("leader")
	e.Logf("the next leader leads after %s", time.Since(began))
	if code := a.ended(); code != 0 {
		e.Errorf("exit code %d", code)
	}
	lease, err := e.kube.CoordinationV1().Leases("default").Get(
		context.Background(), "syncer-"+clusterName, metav1.GetOptions{})
	if err != nil {
		e.Fatal(err)
	}
	// The lease that ran out, and was not given back, would have the duration of the old leader.
	if n := *lease.Spec.LeaseTransitions; n < 2 {
		e.Errorf("%d transitions of the lease", n)
	}
	before := a.tap.seen()
	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("last")}, "after the update")
	e.waitSettings("last")
	if d := cmp.Diff(before, a.tap.seen()); d != "" {
		e.Errorf("the old leader has written:\n%s", d)
	}
}
