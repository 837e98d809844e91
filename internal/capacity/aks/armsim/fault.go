// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// Fault is an error of the next requests that match it.
type Fault struct {
	Method   string `json:"method"`   // "" fits any
	Contains string `json:"contains"` // part of the path
	Times    int    `json:"times"`    // how often; 0 is once
	Status   int    `json:"status"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	// RetryAfter is sent as the header of that name, in seconds.
	RetryAfter int `json:"retryAfter"`
	// Async lets the request be accepted, and the operation end with Code and Message.
	Async bool `json:"async"`
	// Drop closes the connection without an answer; with After, once the request has been carried out.
	Drop  bool `json:"drop"`
	After bool `json:"after"`
	// Wrapped puts an "error" around the answer, as the compute provider does; AKS answers flat.
	Wrapped bool `json:"wrapped"`
	// Details are inside the error, as the codes of a wrapper's causes.
	Details []Detail `json:"details"`
	// Stuck lets the operation be accepted, and never end by itself.
	Stuck bool `json:"stuck"`
}

// Detail is an error inside an error.
type Detail struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Details []Detail `json:"details,omitempty"`
}

// Inject adds a fault.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Times = max(f.Times, 1)
	s.faults = append(s.faults, &f)
}

// fault takes the first fault that fits the request. The lock is held.
func (s *Server) fault(r *http.Request) *Fault {
	for _, f := range s.faults {
		if f.Times > 0 && (f.Method == "" || f.Method == r.Method) && strings.Contains(r.URL.Path, f.Contains) {
			f.Times--
			return f
		}
	}
	return nil
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	body := map[string]any{"code": f.Code, "message": f.Message, "details": f.Details, "subcode": ""}
	if f.Wrapped {
		body = map[string]any{"error": body}
	}
	writeJSON(w, f.Status, body)
}

// late reports whether the fault shows only once the operation is under way.
func (f *Fault) late() bool { return f.Async || f.Stuck }

func (s *Server) postFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&f); err != nil {
		writeError(w, http.StatusBadRequest, "InvalidFault", err.Error())
		return
	}
	s.Inject(f)
	w.WriteHeader(http.StatusNoContent)
}

type faultKey struct{}

func withFault(ctx context.Context, f *Fault) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

func asyncFault(ctx context.Context) *Fault {
	f, _ := ctx.Value(faultKey{}).(*Fault)
	return f
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone, or has its answer
}

// writeError answers as AKS does: flat, without the "error" around it that other providers have.
func writeError(w http.ResponseWriter, status int, code, message string) {
	writeJSON(w, status, map[string]any{"code": code, "message": message, "details": nil, "subcode": ""})
}
