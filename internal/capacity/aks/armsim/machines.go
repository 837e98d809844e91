// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
)

// machineName is what AKS calls a machine and its node.
func (c *cluster) machineName(p *pool, m machine) string {
	return c.scaleSet(p) + fmt.Sprintf("%06s", strconv.FormatInt(int64(m.Number), 36))
}

func (c *cluster) scaleSet(p *pool) string {
	return fmt.Sprintf("aks-%s-%08d-vmss", p.Name, crc32.ChecksumIEEE([]byte(c.ResourceGroup+"/"+c.Name))%100_000_000)
}

func (s *Server) listMachines(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	p := c.Pools[r.PathValue("pool")]
	if p == nil {
		notFound(w, r)
		return
	}
	out := []any{}
	for _, m := range p.Machines {
		out = append(out, map[string]any{"name": c.machineName(p, m), "properties": map[string]any{}})
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": out})
}

// deleteMachines deletes the named machines, and lowers the count. Like Azure, it looks at no precondition.
func (s *Server) deleteMachines(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	p := c.Pools[r.PathValue("pool")]
	var body struct {
		MachineNames []string `json:"machineNames"`
	}
	switch err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); {
	case err != nil || len(body.MachineNames) == 0:
		writeError(w, http.StatusBadRequest, "InvalidRequestContent", "machineNames is missing")
		return
	case p == nil:
		notFound(w, r)
		return
	case busy(p.State):
		writeBusy(w, p)
		return
	}
	var doomed []int
	for _, name := range body.MachineNames {
		i := slices.IndexFunc(p.Machines, func(m machine) bool { return c.machineName(p, m) == name })
		if i < 0 {
			writeError(w, http.StatusBadRequest, "InvalidParameter", "Machine "+name+" does not belong to the agent pool")
			return
		}
		doomed = append(doomed, p.Machines[i].Number)
	}
	p.State, p.Doomed, p.Done, p.ETag = "Scaling", doomed, s.options.Now().Add(s.options.DeleteDelay), s.etag()
	p.Target = len(p.Machines) - len(doomed)
	p.spoil(asyncFault(r.Context()))
	s.begin(w, r, c, p)
	s.save()
	w.WriteHeader(http.StatusAccepted)
}

// abort gives up the operation in flight.
func (s *Server) abort(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	p := c.Pools[r.PathValue("pool")]
	switch {
	case p == nil:
		notFound(w, r)
		return
	case !busy(p.State):
		writeError(w, http.StatusConflict, "OperationNotAllowed", "There is no operation in progress on the agent pool")
		return
	}
	p.State, p.Stuck, p.Gone, p.Fail, p.Doomed = "Canceling", false, false, nil, nil
	p.Done, p.ETag = s.options.Now().Add(s.options.DeleteDelay), s.etag()
	s.begin(w, r, c, p)
	s.save()
	w.WriteHeader(http.StatusAccepted)
}

// spoil lets the operation in flight end as the fault says.
func (p *pool) spoil(f *Fault) {
	switch {
	case f == nil:
	case f.Stuck:
		p.Stuck = true
	default:
		p.Fail = &provisioningError{Code: f.Code, Message: f.Message, Details: f.Details}
	}
}

// MachineNames names the machines of a pool that are there.
func (s *Server) MachineNames(resourceGroup, clusterName, poolName string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clusters[lower(resourceGroup+"/"+clusterName)]
	if c == nil {
		return nil
	}
	now := s.options.Now()
	s.settle(c, now)
	p := c.Pools[poolName]
	if p == nil {
		return nil
	}
	var out []string
	for _, m := range p.Machines {
		if !now.Before(m.Boot) {
			out = append(out, c.machineName(p, m))
		}
	}
	return out
}

// Ready counts the machines of each pool that are there and have GPUs, as a cluster would see their nodes.
func (s *Server) Ready(resourceGroup, clusterName string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	c := s.clusters[lower(resourceGroup+"/"+clusterName)]
	if c == nil || c.Stopped {
		return out
	}
	now := s.options.Now()
	s.settle(c, now)
	for name, p := range c.Pools {
		size := fmt.Sprint(p.Properties["vmSize"])
		if sku, ok := lookupSize(size); !ok || sku.gpus == 0 || s.sizes[lower(size)].NoGPUs {
			continue
		}
		for _, m := range p.Machines {
			if !now.Before(m.Boot) && !p.leaves(m) {
				out[name]++
			}
		}
	}
	return out
}

// AddPool adds a pool as another client would create it.
func (s *Server) AddPool(resourceGroup, clusterName, name string, properties map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.get("", resourceGroup, clusterName)
	p := &pool{
		Name:       name,
		Properties: properties,
		State:      "Succeeded",
		ETag:       s.etag(),
		Target:     intOf(properties["count"]),
	}
	p.grow(p.Target, s.options.Now(), 0)
	c.Pools[name] = p
	s.save()
}
