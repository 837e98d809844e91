// Package armsim emulates the parts of Azure Resource Manager that syncer uses: the agent pools of AKS clusters, their
// long-running operations, and the vCPU quota. It speaks HTTP, so that the unmodified Azure SDK talks to it.
//
// It keeps state as Azure does: a pool is Creating until its nodes are there, refuses a second operation meanwhile, has an
// ETag that every change moves, and stays behind as Failed when an operation fails late. Faults can be put in its way. It also
// serves the feed of nodes that exist right now, which a fake kubelet turns into nodes of a cluster.
package armsim

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options are how the emulated cloud behaves.
type Options struct {
	Addr        string         // to listen on, loopback only; default 127.0.0.1:0
	CreateDelay time.Duration  // until the first node of a new pool boots; default 2 s
	ScaleDelay  time.Duration  // until the first node of a grown pool boots; default 1 s
	NodeDelay   time.Duration  // between one node and the next; default 300 ms
	DeleteDelay time.Duration  // until a pool is gone, or has shrunk; default 1 s
	StateFile   string         // keeps the state over restarts; "" keeps it in memory
	Quota       map[string]int // vCPUs by family, in lower case; "cores" is the regional one, "lowprioritycores" that of spot. Default 200 for each
	// Polls is how often a pool, or its operation, has to be looked at before the operation can end; default 0.
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
	s := &Server{options: o, clusters: map[string]*cluster{}, ops: map[string]*operation{}, sizes: map[string]Behaviour{}, requests: map[string]int{}}
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

// Down makes every request to ARM fail without an answer, until Up. The feed of nodes goes on: machines outlive their API.
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

const poolPath = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.ContainerService/managedClusters/{cluster}/agentPools"

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET "+poolPath, s.listPools)
	s.mux.HandleFunc("GET "+poolPath+"/{pool}", s.getPool)
	s.mux.HandleFunc("PUT "+poolPath+"/{pool}", s.putPool)
	s.mux.HandleFunc("DELETE "+poolPath+"/{pool}", s.deletePool)
	s.mux.HandleFunc("GET /subscriptions/{sub}/providers/Microsoft.ContainerService/locations/{location}/operations/{id}", s.getOperation)
	s.mux.HandleFunc("GET "+poolPath+"/{pool}/machines", s.listMachines)
	s.mux.HandleFunc("POST "+poolPath+"/{pool}/deleteMachines", s.deleteMachines)
	s.mux.HandleFunc("POST "+poolPath+"/{pool}/abort", s.abort)
	s.mux.HandleFunc("POST "+strings.Replace(poolPath, "managedClusters", "managedclusters", 1)+"/{pool}/abort", s.abort) // as the SDK spells it
	s.mux.HandleFunc("GET /subscriptions/{sub}/providers/Microsoft.Compute/locations/{location}/usages", s.getUsages)
	s.mux.HandleFunc("GET /subscriptions/{sub}/providers/Microsoft.Compute/skus", s.getSKUs)
	s.mux.HandleFunc("GET /_sim/nodes", s.getNodes)
	s.mux.HandleFunc("GET /_sim/requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Requests()) })
	s.mux.HandleFunc("POST /_sim/faults", s.postFault)
	s.mux.HandleFunc("POST /_sim/sizes", s.postBehaviour)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "InvalidResourceType", "armsim does not know "+r.URL.Path)
	})
}

// ServeHTTP counts the request, lets faults have their way, and passes it on.
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

// discard is a ResponseWriter for answers that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
