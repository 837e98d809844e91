package armsim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// begin registers the operation in flight, and tells the client where to follow it. The lock is held.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, c *cluster, p *pool) {
	op := &operation{ID: s.etag(), Started: time.Now(), cluster: c, pool: p}
	s.ops[op.ID], p.Op = op, op.ID
	url := fmt.Sprintf("http://%s/subscriptions/%s/providers/Microsoft.ContainerService/locations/%s/operations/%s?api-version=%s",
		r.Host, c.Subscription, c.Location, op.ID, r.URL.Query().Get("api-version"))
	w.Header().Set("Azure-AsyncOperation", url)
	w.Header().Set("Location", url)
	w.Header().Set("Retry-After", "1")
}

func (s *Server) getOperation(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := s.ops[r.PathValue("id")]
	if op == nil {
		writeError(w, http.StatusNotFound, "NotFound", "The operation is not known")
		return
	}
	s.settle(op.cluster, time.Now())
	body := map[string]any{"name": op.ID, "status": "InProgress", "startTime": op.Started.UTC().Format(time.RFC3339)}
	switch {
	case op.failed != nil:
		body["status"], body["error"] = "Failed", op.failed
	case op.done:
		body["status"] = "Succeeded"
	}
	writeJSON(w, http.StatusOK, body)
}

const defaultQuota = 200

// used sums the vCPUs of all pools by family. The lock is held.
func (s *Server) used() map[string]int {
	out := map[string]int{}
	for _, c := range s.clusters {
		for _, p := range c.Pools {
			if sku, ok := lookupSize(fmt.Sprint(p.Properties["vmSize"])); ok {
				n := max(len(p.Boots), p.Target) * sku.vcpus
				out[lower(sku.family)] += n
				out["cores"] += n
			}
		}
	}
	return out
}

func (s *Server) limit(family string) int {
	if n, ok := s.options.Quota[lower(family)]; ok {
		return n
	}
	return defaultQuota
}

// left returns how many vCPUs may still be had. The lock is held.
func (s *Server) left(_ *cluster, family string) int {
	used := s.used()
	return min(s.limit(family)-used[lower(family)], s.limit("cores")-used["cores"])
}

func (s *Server) getUsages(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := s.used()
	names := map[string]bool{"cores": true, "lowPriorityCores": true}
	for _, sku := range sizes {
		names[sku.family] = true
	}
	var value []any
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value = append(value, map[string]any{
			"currentValue": used[lower(name)], "limit": s.limit(name), "unit": "Count",
			"name": map[string]any{"value": name, "localizedValue": name},
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": value})
}
