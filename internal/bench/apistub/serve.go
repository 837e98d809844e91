// SPDX-License-Identifier: Apache-2.0

package apistub

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// address is what a path names.
type address struct {
	kind            kind
	namespace, name string
}

// parse reads a path such as /apis/apps/v1/namespaces/default/statefulsets/phi.
func parse(path string) (address, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) > 2 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) > 3 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return address{}, false
	}
	var a address
	if len(parts) > 2 && parts[0] == "namespaces" {
		a.namespace, parts = parts[1], parts[2:]
	}
	var known bool
	a.kind, known = kindOf(parts[0])
	if len(parts) > 1 {
		a.name = parts[1]
	}
	return a, known && len(parts) <= 2
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	q := r.URL.Query()
	a, named := parse(r.URL.Path)
	watch, dry := q.Get("watch") == "true" || q.Get("watch") == "1", q.Has("dryRun")
	s.mu.Lock()
	method := r.Method
	switch {
	case watch:
		method = "WATCH"
	case dry:
		method += " dry run"
	case !named:
		method = "other"
	}
	s.requests[method]++
	s.mu.Unlock()
	switch {
	case !named:
		s.discovery(w, r.URL.Path)
	case q.Get("sendInitialEvents") != "":
		fail(w, http.StatusUnprocessableEntity, "Invalid") // it does not stream lists
	case watch:
		s.watch(w, r, a)
	case r.Method == http.MethodGet && a.name == "":
		s.list(w, a, q)
	case r.Method == http.MethodGet:
		s.one(w, a)
	case r.Method == http.MethodPatch:
		s.patch(w, r, a, dry)
	case r.Method == http.MethodDelete:
		s.remove(w, a)
	default:
		fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func fail(w http.ResponseWriter, code int, reason string) {
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":%q}`,
		reason, code, strings.ToLower(reason))
}

// notFound says that an object is not there, as a server does that knows its kind.
func notFound(w http.ResponseWriter, a address) {
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(encode(object{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound,
		"message": fmt.Sprintf("%s %q not found", a.kind.resource, a.name),
		"details": object{"name": a.name, "group": a.kind.group, "kind": a.kind.resource},
	}))
}

// discovery answers what the server is and which kinds it has.
func (s *Server) discovery(w http.ResponseWriter, path string) {
	groups := map[string]string{}
	var resources []any
	for _, k := range kinds {
		if k.group != "" {
			groups[k.group] = k.version
		}
		if path == "/apis/"+k.group+"/"+k.version || k.group == "" && path == "/api/v1" {
			resources = append(resources, object{
				"name": k.resource, "singularName": strings.ToLower(k.kind), "namespaced": k.namespaced, "kind": k.kind,
				"verbs": []any{"get", "list", "watch", "patch", "delete"},
			})
		}
	}
	switch {
	case path == "/version":
		fmt.Fprint(w, `{"major":"1","minor":"36","gitVersion":"v1.36.0"}`)
	case path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case path == "/apis":
		var list []any
		for _, g := range slices.Sorted(maps.Keys(groups)) {
			v := object{"groupVersion": g + "/" + groups[g], "version": groups[g]}
			list = append(list, object{"name": g, "versions": []any{v}, "preferredVersion": v})
		}
		_, _ = w.Write(encode(object{"kind": "APIGroupList", "apiVersion": "v1", "groups": list}))
	case len(resources) > 0:
		version := strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/")
		_, _ = w.Write(encode(object{
			"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources,
		}))
	default:
		fail(w, http.StatusNotFound, "NotFound")
	}
}

// listBuffer is how much of a list goes to the client at once.
const listBuffer = 64 << 10

// list answers the objects of a kind, in pages where the client asks for them. A page begins after the key that the one
// before ends with.
func (s *Server) list(w http.ResponseWriter, a address, q url.Values) {
	limit, _ := strconv.Atoi(q.Get("limit"))
	s.mu.Lock()
	all, version := s.objects[a.kind.resource], s.version
	keys := s.sorted(a.kind.resource)
	from, _ := slices.BinarySearch(keys, q.Get("continue")+"\x00")
	var items [][]byte
	next := ""
	for i, key := range keys[from:] {
		if a.namespace != "" && !strings.HasPrefix(key, a.namespace+"/") {
			continue
		}
		items = append(items, all[key])
		if len(items) == limit && from+i+1 < len(keys) {
			next = key
			break
		}
	}
	s.mu.Unlock()
	group := a.kind.version
	if a.kind.group != "" {
		group = a.kind.group + "/" + group
	}
	out := bufio.NewWriterSize(w, listBuffer)
	fmt.Fprintf(out, `{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"%d","continue":%q},"items":[`,
		a.kind.kind+"List", group, version, next)
	for i, item := range items {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_, _ = out.Write(item)
	}
	fmt.Fprint(out, "]}")
	_ = out.Flush()
}

// watch sends the events after a version until the client goes.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, a address) {
	after, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	flusher, _ := w.(http.Flusher)
	flusher.Flush()
	sent := 0
	for {
		s.mu.Lock()
		events, changed := s.events[a.kind.resource], s.changed
		s.mu.Unlock()
		if sent == 0 {
			sent, _ = slices.BinarySearchFunc(events, after+1, func(e event, v int) int { return e.version - v })
		}
		for _, e := range events[sent:] {
			if a.namespace == "" || e.namespace == a.namespace {
				if _, err := fmt.Fprintf(w, `{"type":%q,"object":%s}`+"\n", e.what, e.object); err != nil {
					return
				}
			}
		}
		sent = len(events)
		flusher.Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Server) one(w http.ResponseWriter, a address) {
	s.mu.Lock()
	data, exists := s.objects[a.kind.resource][a.namespace+"/"+a.name]
	s.mu.Unlock()
	if !exists {
		notFound(w, a)
		return
	}
	_, _ = w.Write(data)
}

// patch applies an object, or says what applying it would give.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, a address, dry bool) {
	body, err := io.ReadAll(r.Body)
	var sent object
	if err == nil {
		err = json.Unmarshal(body, &sent)
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "BadRequest")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.get(a.kind.resource, a.namespace+"/"+a.name)
	meta := path(sent, "metadata")
	if expected, _ := meta["resourceVersion"].(string); expected != "" { // "1" asks for a creation
		if before != nil && path(before, "metadata")["resourceVersion"] != expected {
			fail(w, http.StatusConflict, "Conflict")
			return
		}
		delete(meta, "resourceVersion")
	}
	after, changed := apply(before, sent, r.URL.Query().Get("fieldManager"))
	if dry {
		if changed && before != nil { // a dry run of a creation has no version
			path(after, "metadata")["resourceVersion"] = strconv.Itoa(s.version + 1)
		}
		_, _ = w.Write(encode(after))
		return
	}
	if changed {
		s.written++
		what := "MODIFIED"
		if before == nil {
			what = "ADDED"
		}
		s.put(a.kind.resource, what, after)
		if a.kind.resource == "statefulsets" {
			s.runSet(after)
		}
	}
	if before == nil {
		w.WriteHeader(http.StatusCreated)
	}
	_, _ = w.Write(encode(after))
}

func (s *Server) remove(w http.ResponseWriter, a address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.get(a.kind.resource, a.namespace+"/"+a.name)
	if o == nil {
		notFound(w, a)
		return
	}
	s.put(a.kind.resource, "DELETED", o)
	_, _ = w.Write(encode(object{"kind": "Status", "apiVersion": "v1", "status": "Success"}))
}
