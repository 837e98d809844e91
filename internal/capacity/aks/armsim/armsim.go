// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options is the behaviour of the emulated cloud.
type Options struct {
	Addr        string        // to listen on, loopback only; default 127.0.0.1:0
	CreateDelay time.Duration // until the first node of a new pool boots; default 2 s
	ScaleDelay  time.Duration // until the first node of a grown pool boots; default 1 s
	NodeDelay   time.Duration // between one node and the next; default 300 ms
	DeleteDelay time.Duration // until a pool is gone, or has shrunk; default 1 s
	StateFile   string        // keeps the state over restarts; "" keeps it in memory
	// Quota is the vCPUs by family, in lower case; "cores" is the regional quota, "lowprioritycores" the quota of spot.
	// The default of each is 200.
	Quota map[string]int
	// Polls is the number of requests for a pool or its operation before the operation can end; default 0.
	Polls int
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Server is a running emulator.
type Server struct {
	options  Options
	listener net.Listener
	http     *http.Server
	mux      *http.ServeMux
	patterns []string // of mux

	mu       sync.Mutex
	clusters map[string]*cluster   // key: resource group / cluster, in lower case
	ops      map[string]*operation // by id
	faults   []*Fault
	sizes    map[string]Behaviour // by size, in lower case
	requests map[string]int       // by method and kind
	log      []Write
	down     bool
	serial   int64
}

// New returns an emulator that does not listen: it is an http.Handler.
func New(o Options) (*Server, error) {
	orDefault(&o.CreateDelay, 2*time.Second)
	orDefault(&o.ScaleDelay, time.Second)
	orDefault(&o.NodeDelay, 300*time.Millisecond)
	orDefault(&o.DeleteDelay, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		options:  o,
		clusters: map[string]*cluster{},
		ops:      map[string]*operation{},
		sizes:    map[string]Behaviour{},
		requests: map[string]int{},
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

// Start listens and serves until Close.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(o.Addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("armsim listens on loopback addresses only, not %q", o.Addr)
	}
	s, err := New(o)
	if err != nil {
		return nil, err
	}
	if s.listener, err = net.Listen("tcp", o.Addr); err != nil {
		return nil, err
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(s.listener) }() // ends with Close
	return s, nil
}

func orDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// URL is the endpoint to give to the SDK.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// NodesURL is the feed of the nodes of one AKS cluster.
func (s *Server) NodesURL(cluster string) string { return s.URL() + "/_sim/nodes?cluster=" + cluster }

// Close stops serving.
func (s *Server) Close() error { return s.http.Close() }

// Down makes every request to ARM fail without an answer, until Up. The feed of nodes goes on: machines outlive their
// API.
func (s *Server) Down() { s.mu.Lock(); defer s.mu.Unlock(); s.down = true }

// Up ends Down.
func (s *Server) Up() { s.mu.Lock(); defer s.mu.Unlock(); s.down = false }

// Writes counts the requests that changed something, or tried to.
func (s *Server) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[http.MethodPut] + s.requests[http.MethodDelete] + s.requests[http.MethodPost]
}

// Requests counts the requests to ARM by method.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for k, v := range s.requests {
		out[k] = v
	}
	return out
}

const poolPath = "/subscriptions/{sub}/resourceGroups/{rg}" +
	"/providers/Microsoft.ContainerService/managedClusters/{cluster}/agentPools"

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	const compute = "/subscriptions/{sub}/providers/Microsoft.Compute"
	asTheSDKSpells := strings.Replace(poolPath, "managedClusters", "managedclusters", 1)
	for _, r := range []struct {
		pattern string
		handler http.HandlerFunc
	}{
		{"GET " + poolPath, s.listPools},
		{"GET " + poolPath + "/{pool}", s.getPool},
		{"PUT " + poolPath + "/{pool}", s.putPool},
		{"DELETE " + poolPath + "/{pool}", s.deletePool},
		{
			"GET /subscriptions/{sub}/providers/Microsoft.ContainerService/locations/{location}/operations/{id}",
			s.getOperation,
		},
		{"GET " + poolPath + "/{pool}/machines", s.listMachines},
		{"POST " + poolPath + "/{pool}/deleteMachines", s.deleteMachines},
		{"POST " + poolPath + "/{pool}/abort", s.abort},
		{"POST " + asTheSDKSpells + "/{pool}/abort", s.abort},
		{"GET " + compute + "/locations/{location}/usages", s.getUsages},
		{"GET " + compute + "/skus", s.getSKUs},
		{"GET /_sim/nodes", s.getNodes},
		{"GET /_sim/requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Requests()) }},
		{"POST /_sim/faults", s.postFault},
		{"POST /_sim/sizes", s.postBehaviour},
		{"/", func(w http.ResponseWriter, r *http.Request) {
			writeError(w, http.StatusNotFound, "InvalidResourceType", "armsim does not know "+r.URL.Path)
		}},
	} {
		s.mux.HandleFunc(r.pattern, r.handler)
		s.patterns = append(s.patterns, r.pattern)
	}
}

// ServeHTTP counts the request, applies faults, and passes it on.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.Path) < 6 || r.URL.Path[:6] != "/_sim/" {
		s.mu.Lock()
		s.requests[r.Method]++
		down := s.down
		s.note(r)
		fault := s.fault(r)
		s.mu.Unlock()
		if down || fault != nil && fault.Drop && !fault.After {
			drop(w)
			return
		}
		if fault != nil && !fault.late() {
			if fault.Drop { // done, but the answer is lost
				s.mux.ServeHTTP(discard{http.Header{}}, r)
				drop(w)
				return
			}
			fault.answer(w)
			return
		}
		if fault != nil {
			r = r.WithContext(withFault(r.Context(), fault))
		}
	}
	s.mux.ServeHTTP(w, r)
}

// drop closes the connection without an answer.
func drop(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			_ = c.Close()
		}
	}
}

// discard is a ResponseWriter for responses without a receiver.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
