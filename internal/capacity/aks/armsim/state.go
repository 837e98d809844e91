// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cluster is one AKS cluster. The first request for it creates it, with the system pool that every cluster has.
type cluster struct {
	Subscription  string           `json:"subscription"`
	ResourceGroup string           `json:"resourceGroup"`
	Name          string           `json:"name"`
	Location      string           `json:"location"`
	Pools         map[string]*pool `json:"pools"`
	Stopped       bool             `json:"stopped,omitempty"`
}

// pool is one agent pool: the properties as they were put, and what Azure adds.
type pool struct {
	Name       string             `json:"name"`
	Properties map[string]any     `json:"properties"`
	ETag       string             `json:"etag"`
	State      string             `json:"state"`
	Error      *provisioningError `json:"error,omitempty"`
	// Machines are the nodes, in the order of their numbers, which are never used again. Those that boot later are not
	// there yet.
	Machines []machine `json:"machines"`
	Next     int       `json:"next"` // number of the next machine
	// Done is when the operation in flight ends, and what becomes of the pool then.
	Done   time.Time          `json:"done"`
	Gone   bool               `json:"gone"`   // it is deleted at Done
	Target int                `json:"target"` // nodes at Done
	Doomed []int              `json:"doomed"` // numbers of the machines that are gone at Done
	Stuck  bool               `json:"stuck"`  // the operation never ends by itself
	Looks  int                `json:"looks"`  // how often it was looked at since the operation began
	Fail   *provisioningError `json:"fail,omitempty"`
	// Op is the operation in flight.
	Op string `json:"op"`
}

// machine is one node of a pool.
type machine struct {
	Number int       `json:"number"`
	Boot   time.Time `json:"boot"`
}

type provisioningError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Details []Detail `json:"details,omitempty"`
}

// operation is a long-running operation, for those who poll it.
type operation struct {
	ID      string
	Started time.Time
	cluster *cluster
	pool    *pool
	done    bool
	failed  *provisioningError
}

// get returns a cluster after all changes that are due. The lock is held.
func (s *Server) get(sub, rg, name string) *cluster {
	key := strings.ToLower(rg + "/" + name)
	c := s.clusters[key]
	if c == nil {
		c = &cluster{
			Subscription:  sub,
			ResourceGroup: rg,
			Name:          name,
			Location:      location,
			Pools:         map[string]*pool{},
		}
		c.Pools["nodepool1"] = &pool{
			Name:   "nodepool1",
			State:  "Succeeded",
			ETag:   s.etag(),
			Target: 1,
			Properties: map[string]any{
				"mode":   "System",
				"vmSize": "Standard_D4s_v5",
				"count":  1.0,
				"type":   "VirtualMachineScaleSets",
				"osType": "Linux",
			},
		}
		s.clusters[key] = c
	}
	if c.Subscription == "" { // AddPool added it before the first request
		c.Subscription = sub
	}
	s.settle(c, s.options.Now())
	return c
}

// Stop stops a cluster: its machines are away, and every write to its pools is refused, until Start.
func (s *Server) Stop(resourceGroup, clusterName string) { s.power(resourceGroup, clusterName, true) }

// Start ends Stop.
func (s *Server) Start(resourceGroup, clusterName string) { s.power(resourceGroup, clusterName, false) }

func (s *Server) power(resourceGroup, clusterName string, stopped bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.get("", resourceGroup, clusterName).Stopped = stopped
	s.save()
}

// settle makes all changes of a cluster that are due. The lock is held.
func (s *Server) settle(c *cluster, now time.Time) {
	for name, p := range c.Pools {
		if !busy(p.State) || p.Stuck || p.Looks < s.options.Polls || now.Before(p.Done) {
			continue
		}
		op := s.ops[p.Op]
		switch {
		case p.Fail != nil:
			p.State, p.Error = "Failed", p.Fail
			p.Target = max(p.Target, len(p.Machines)) // what was asked for stays the count
		case p.State == "Canceling":
			p.State = "Canceled"
		case p.Gone:
			delete(c.Pools, name)
		default:
			p.State, p.Error = "Succeeded", nil
			p.Machines = slices.DeleteFunc(p.Machines, p.leaves)
		}
		if op != nil {
			op.done, op.failed = true, p.Fail
		}
		p.Fail, p.Op, p.ETag, p.Doomed, p.Gone = nil, "", s.etag(), nil, false
	}
	s.save()
}

func busy(state string) bool {
	return state != "Succeeded" && state != "Failed" && state != "Canceled"
}

// leaves reports whether a machine is gone at the end of the operation in flight: the named ones, or those with the
// highest numbers of a pool that shrinks.
func (p *pool) leaves(m machine) bool {
	if len(p.Doomed) > 0 {
		return slices.Contains(p.Doomed, m.Number)
	}
	return p.Target < len(p.Machines) && slices.Index(p.Machines, m) >= p.Target
}

func (s *Server) etag() string {
	s.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", s.serial, s.options.Now().UnixNano()))
	return fmt.Sprintf("%x", sum[:8])
}

// saved is the content of a state file. It has no operations: a restart forgets those that a client polls, as Azure
// forgets them after some time.
type saved struct {
	Clusters map[string]*cluster  `json:"clusters"`
	Sizes    map[string]Behaviour `json:"sizes,omitempty"`
	Serial   int64                `json:"serial"`
}

func (s *Server) load() error {
	if s.options.StateFile == "" {
		return nil
	}
	data, err := os.ReadFile(s.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var st saved
	if err := json.Unmarshal(data, &st); err != nil {
		return fmt.Errorf("read %s: %w", s.options.StateFile, err)
	}
	s.clusters, s.serial = st.Clusters, st.Serial
	for k, v := range st.Sizes {
		s.sizes[k] = v
	}
	return nil
}

// save writes the state file by renaming, so that it is never half written. An emulator that cannot write goes on in
// memory.
func (s *Server) save() {
	if s.options.StateFile == "" {
		return
	}
	data, err := json.Marshal(saved{Clusters: s.clusters, Sizes: s.sizes, Serial: s.serial})
	if err != nil {
		return
	}
	tmp := filepath.Join(filepath.Dir(s.options.StateFile), ".armsim.tmp")
	if os.WriteFile(tmp, data, 0o600) == nil {
		_ = os.Rename(tmp, s.options.StateFile)
	}
}
