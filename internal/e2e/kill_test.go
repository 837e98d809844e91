// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv"
)

// TestKilledAfterEverySideEffect lets each process write once. The server carries out the first write of a process, and
// then the process is killed, before it learns of it; it gets to write nothing else. The next process has to find out
// what is there. Each process does exactly one thing, on any machine: the number of kills is the number of writes.
func TestKilledAfterEverySideEffect(t *testing.T) {
	e := setup(t)
	e.repo.Commit(
		map[string]string{
			"workspaces/phi.yaml":  inference("phi", "phi-4-mini-instruct"),
			"workspaces/tune.yaml": tuning("tune"),
		},
		"work",
	)
	var effects []string
	for {
		effect := e.untilFirstWrite()
		if effect == "" && e.finished() {
			break // and not only because there was nothing to do while the job ran
		}
		if effect != "" {
			effects = append(effects, effect)
		}
		if len(effects) > 100 {
			t.Fatalf("it never settles: it was killed after %q", effects)
		}
	}
	t.Logf("killed after %q", effects)

	pushes := 0
	effects = slices.DeleteFunc(effects, func(effect string) bool {
		if effect == "push" {
			pushes++
		}
		return effect == "push"
	})
	if n := e.statusCommits(); n != fmt.Sprint(pushes) || pushes == 0 {
		t.Errorf("killed after %d pushes; the status branch has %s commits", pushes, n)
	}
	// Nothing is done twice: what a killed process has made is known to the next one.
	phi, tune := e.waitState("phi", status.Ready), e.waitState("tune", status.Succeeded)
	want := []string{
		"create agentPools/" + phi.Pools[0].Name,
		"create agentPools/" + tune.Pools[0].Name,
		"create configmaps/qlora-params-template",
		"create jobs/tune",
		"create services/phi",
		"create services/phi-headless",
		"create statefulsets/phi",
		"update agentPools/" + tune.Pools[0].Name, // without nodes, after the job
	}
	slices.Sort(effects)
	if d := cmp.Diff(want, effects); d != "" {
		t.Errorf("killed after (-want +got):\n%s", d)
	}
	nodes := 0
	for _, n := range e.gpuNodes() {
		if n.Labels["app"] == "phi" {
			nodes++
		}
	}
	if nodes != 1 {
		t.Errorf("%d nodes for phi", nodes)
	}
	e.repo.Fsck()
}

// finished reports whether all is recorded as done: phi serves, and the job of tune has ended and costs nothing.
func (e *env) finished() bool {
	phi, err1 := e.report("phi")
	tune, err2 := e.report("tune")
	return err1 == nil && err2 == nil && phi.State == status.Ready && tune.State == status.Succeeded &&
		len(tune.Pools) == 1 && tune.Pools[0].Nodes == 0 && tune.Pools[0].State == "Succeeded"
}

// untilFirstWrite runs a process and kills it after its first write, which it returns; "" when the process ended by
// itself because it had nothing to write.
func (e *env) untilFirstWrite() (effect string) {
	e.Helper()
	g := newGate(e)
	defer g.close()
	config := e.config
	e.config = g.config
	p := e.start("run", "--wait")
	e.config = config
	ctx, cancel := testenv.Context(e.T)
	defer cancel()
	select {
	case effect = <-g.written:
		p.kill()
	case <-p.done:
		select {
		case effect = <-g.written:
		default:
			if code := p.cmd.ProcessState.ExitCode(); code != 0 {
				e.Fatalf("exit code %d", code)
			}
		}
	case <-ctx.Done():
		e.Fatal("neither an end nor a write")
	}
	return effect
}

// front is the servers as one process sees them.
//
// It has addresses of its own: a request that a killed process has left in a connection must not count for the next.
type front struct {
	config  string // of a process that goes through the front
	servers []*httptest.Server
}

// newFront returns a front with what wrap makes of each server. The caller must close it.
func newFront(e *env, wrap func(http.Handler) http.Handler) *front {
	e.Helper()
	f := &front{}
	target, err := url.Parse(e.rest.Host)
	if err != nil {
		e.Fatal(err)
	}
	transport, err := rest.TransportFor(e.rest)
	if err != nil {
		e.Fatal(err)
	}
	git, azure := f.serve(wrap(e.repo), false), f.serve(wrap(e.azure), false)
	api := f.serve(wrap(&httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches get their events at once
		ErrorLog:      log.New(io.Discard, "", 0),
	}), true)
	dir := e.TempDir()
	authority := filepath.Join(dir, "ca.crt")
	write(e.T, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})))
	kubeconfig := filepath.Join(dir, "kubeconfig") // the front signs in
	write(e.T, kubeconfig, fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: gate, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: gate, user: {}}]
contexts: [{name: gate, context: {cluster: gate, user: gate}}]
current-context: gate
`, api.URL, authority))
	config, err := os.ReadFile(e.config)
	if err != nil {
		e.Fatal(err)
	}
	f.config = filepath.Join(dir, "syncer.yaml")
	write(e.T, f.config, strings.NewReplacer(
		e.repo.Dir, git.URL+"/"+filepath.Base(e.repo.Dir),
		e.azure.URL(), azure.URL,
		e.kubeconfig, kubeconfig,
	).Replace(string(config)))
	return f
}

func (f *front) serve(next http.Handler, secure bool) *httptest.Server {
	s := httptest.NewUnstartedServer(next)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // killed clients are no news
	s.EnableHTTP2 = secure
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	f.servers = append(f.servers, s)
	return s
}

// close ends the servers.
func (f *front) close() {
	for _, s := range f.servers {
		s.CloseClientConnections()
		s.Close()
	}
}

// gate is a front that lets all reads pass, and one write: that is carried out, and not answered. A write that is
// refused does not count.
type gate struct {
	*front
	written chan string // gets what the process has written
	closed  chan struct{}

	mu  sync.Mutex // held while a write is carried out
	met bool       // the one write has happened
}

// newGate returns a gate, which the caller must close.
func newGate(e *env) *gate {
	e.Helper()
	g := &gate{written: make(chan string, 1), closed: make(chan struct{})}
	g.front = newFront(e, g.handler)
	return g
}

// close drops the requests that wait, and ends the servers.
func (g *gate) close() {
	close(g.closed)
	g.front.close()
}

func (g *gate) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !writes(r) {
			next.ServeHTTP(w, r)
			return
		}
		if answer := g.carryOut(next, r); answer != nil {
			for key, values := range answer.Header() {
				w.Header()[key] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
			return
		}
		<-g.closed
		panic(http.ErrAbortHandler)
	})
}

// carryOut returns the answer to a write that was refused. It returns nil for the one write, and for all after it,
// which do not happen.
func (g *gate) carryOut(next http.Handler, r *http.Request) *httptest.ResponseRecorder {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.met {
		return nil
	}
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	if answer.Code >= http.StatusMultipleChoices {
		return answer
	}
	g.met = true
	g.written <- effect(r, answer.Code)
	return nil
}

// writes reports whether a request to Git, Azure or the API server changes something.
func writes(r *http.Request) bool {
	return r.Method != http.MethodGet && !r.URL.Query().Has("dryRun") &&
		!strings.HasSuffix(r.URL.Path, "/git-upload-pack")
}

// effect names what a write did, such as "create services/phi".
func effect(r *http.Request, code int) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if parts[len(parts)-1] == "git-receive-pack" {
		return "push"
	}
	object := strings.Join(parts[max(0, len(parts)-2):], "/")
	switch {
	case r.Method == http.MethodDelete:
		return "delete " + object
	case code == http.StatusCreated:
		return "create " + object
	case r.Method == http.MethodPost:
		return "post " + object
	}
	return "update " + object
}
