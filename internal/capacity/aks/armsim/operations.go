// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"fmt"
	"net/http"
	"time"
)

// begin registers the operation in flight, and tells the client where to follow it. The lock is held.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, c *cluster, p *pool) {
	op := &operation{ID: s.etag(), Started: s.options.Now(), cluster: c, pool: p}
	s.ops[op.ID], p.Op, p.Looks = op, op.ID, 0
	url := fmt.Sprintf(
		"http://%s/subscriptions/%s/providers/Microsoft.ContainerService/locations/%s/operations/%s?api-version=%s",
		r.Host,
		c.Subscription,
		c.Location,
		op.ID,
		r.URL.Query().Get("api-version"),
	)
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
	op.pool.Looks++
	s.settle(op.cluster, s.options.Now())
	body := map[string]any{"name": op.ID, "status": "InProgress", "startTime": op.Started.UTC().Format(time.RFC3339)}
	switch {
	case op.failed != nil:
		body["status"], body["error"] = "Failed", op.failed
	case op.done:
		body["status"] = "Succeeded"
	}
	writeJSON(w, http.StatusOK, body)
}
