// SPDX-License-Identifier: Apache-2.0

package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
)

// Token is the token that the emulators accept.
const Token = "opensesame-0123456789"

// Handle answers an operation with a status and a document, which is text or an error for statuses from 400. It is
// called with the lock of the repository held.
type Handle func(op *Operation, r *http.Request, body map[string]any) (status int, document any)

// Server is the HTTP side of an emulator.
type Server struct {
	*Repository
	Description *Description
	Prefix      string // of all paths of the description
	Handle      Handle
	// Limited returns the answer of the forge to a request before the time at which its limit ends.
	Limited func(w http.ResponseWriter)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refused(w, r) {
		return
	}
	op := s.Description.find(r, s.Prefix)
	if op == nil {
		s.fault(w, "%s %s is not in the description", r.Method, r.URL)
		return
	}
	s.Do(func() { s.log = append(s.log, op.Name) })
	in, err := s.Description.check(r, op)
	if err != nil {
		s.fault(w, "%s %s: %v", r.Method, r.URL, err)
		return
	}
	answer := httptest.NewRecorder()
	lost := s.serve(answer, op, r)
	if err := checkAnswer(in, answer); err != nil {
		s.fault(w, "the emulator answers %s: %v", op.Name, err)
		return
	}
	if lost {
		http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
		return
	}
	s.send(w, r, answer)
}

func (s *Server) fault(w http.ResponseWriter, format string, args ...any) {
	s.T.Errorf(format, args...)
	http.Error(w, fmt.Sprintf(format, args...), http.StatusNotImplemented)
}

// refused answers requests without the token, and those that a knob refuses.
func (s *Server) refused(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token:
		http.Error(w, `{"message":"401 Unauthorized"}`, http.StatusUnauthorized)
	case s.refuse != nil:
		status, header, body := s.refuse()
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	case !s.limit.IsZero():
		s.Limited(w)
	default:
		return false
	}
	return true
}

// LimitEnd returns the end of the limit in seconds since 1970. The caller holds the lock.
func (s *Server) LimitEnd() string { return strconv.FormatInt(s.limit.Unix(), 10) }

// serve carries out an operation, and reports whether its answer is to be lost.
func (s *Server) serve(w http.ResponseWriter, op *Operation, r *http.Request) (lost bool) {
	var body map[string]any
	if data, _ := io.ReadAll(r.Body); len(data) > 0 {
		if err := json.Unmarshal(data, &body); err != nil {
			s.T.Errorf("%s: %v", op.Name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if r.Method != http.MethodGet {
		s.writes++
		s.reads--
		if lost = s.lose > 0; lost {
			s.lose--
		}
	}
	status, document := s.Handle(op, r, body)
	if list, ok := document.([]map[string]any); ok {
		document = paged(w, r, list)
	}
	if text, ok := document.(string); ok {
		document = map[string]any{"message": text}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(document); err != nil {
		s.T.Error(err)
	}
	return lost
}

// send sends an answer, with an entity tag where it was read, as Rack does it.
func (s *Server) send(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	for k, v := range answer.Header() {
		w.Header()[k] = v
	}
	s.mu.Lock()
	tagged := !s.noTags && r.Method == http.MethodGet && answer.Code == http.StatusOK
	s.mu.Unlock()
	if tagged {
		sum := sha256.Sum256(append(answer.Body.Bytes(), strings.Join(answer.Header()["Link"], "")...))
		tag := fmt.Sprintf(`W/"%x"`, sum[:16])
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			s.Do(func() { s.unchanged++ })
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, bytes.NewReader(answer.Body.Bytes()))
}

// paged returns the page that was asked for, and links the next one as both forges do (RFC 8288).
func paged(w http.ResponseWriter, r *http.Request, list []map[string]any) []map[string]any {
	query := r.URL.Query()
	size, page := number(query, "per_page", 20), number(query, "page", 1)
	size = min(size, 100)
	from, to := min((page-1)*size, len(list)), min(page*size, len(list))
	if to < len(list) {
		query.Set("page", strconv.Itoa(page+1))
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: query.Encode()}
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, next.String()))
		w.Header().Set("X-Next-Page", strconv.Itoa(page+1))
	}
	return append([]map[string]any{}, list[from:to]...)
}

func number(query url.Values, name string, missing int) int {
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 1 {
		return missing
	}
	return n
}
