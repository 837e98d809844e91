// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Behaviour is how the emulator treats one size, until another call changes it.
type Behaviour struct {
	// Fails is the code with which creating or growing a pool of the size ends, after it was accepted; with Message.
	Fails   string   `json:"fails,omitempty"`
	Message string   `json:"message,omitempty"`
	Details []Detail `json:"details,omitempty"`
	// AtOnce refuses the request itself with that code, instead of ending the operation with it.
	AtOnce bool `json:"atOnce,omitempty"`
	// FailsEphemeral lets Fails hold only for pools whose system disk is on the host.
	FailsEphemeral bool `json:"failsEphemeral,omitempty"`
	// NoNodes lets pools succeed without a node, NoGPUs without a GPU on their nodes.
	NoNodes bool `json:"noNodes,omitempty"`
	NoGPUs  bool `json:"noGPUs,omitempty"`
	// Stuck lets creating a pool never end.
	Stuck bool `json:"stuck,omitempty"`
	// Restricted is the reason for which the list of sizes says that the region does not offer it; NotInZones are zones
	// without it.
	Restricted string   `json:"restricted,omitempty"`
	NotInZones []string `json:"notInZones,omitempty"`
}

// Behave sets the behaviour of a size.
func (s *Server) Behave(size string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes[lower(size)] = b
	s.save()
}

func (s *Server) postBehaviour(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Size string `json:"size"`
		Behaviour
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil || in.Size == "" {
		writeError(w, http.StatusBadRequest, "InvalidBehaviour", "give a size and its behaviour")
		return
	}
	s.Behave(in.Size, in.Behaviour)
	w.WriteHeader(http.StatusNoContent)
}

// Write is a request to change a pool.
type Write struct {
	Method  string
	Pool    string
	Path    string
	Owner   string // owner tag of the pool at that time; "" when there is none
	System  bool
	Busy    bool // an operation was in flight
	Existed bool
}

// note keeps a write for Log. The lock is held.
func (s *Server) note(r *http.Request) {
	if r.Method == http.MethodGet {
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	i := slices.Index(parts, "agentPools")
	if i < 1 || i+1 >= len(parts) {
		return
	}
	w := Write{Method: r.Method, Pool: parts[i+1], Path: r.URL.Path}
	if c := s.clusters[lower(parts[3]+"/"+parts[i-1])]; c != nil {
		s.settle(c, s.options.Now())
		if p := c.Pools[w.Pool]; p != nil {
			tags, _ := p.Properties["tags"].(map[string]any)
			w.Owner, _ = tags["syncer.dev_cluster"].(string)
			w.System, w.Busy, w.Existed = p.Properties["mode"] == "System", busy(p.State), true
		}
	}
	s.log = append(s.log, w)
}

// Log returns the writes so far, those that were refused included.
func (s *Server) Log() []Write {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Heal ends all faults and behaviours; what they have done stays.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.sizes, s.down = nil, map[string]Behaviour{}, false
	s.save()
}

// Busy counts the pools of a cluster that have an operation in flight.
func (s *Server) Busy(resourceGroup, clusterName string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	if c := s.clusters[lower(resourceGroup+"/"+clusterName)]; c != nil {
		s.settle(c, s.options.Now())
		for _, p := range c.Pools {
			if busy(p.State) {
				n++
			}
		}
	}
	return n
}
