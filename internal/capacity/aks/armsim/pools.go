// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

var poolNameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// immutable are the properties that cannot change once a pool exists.
var immutable = []string{
	"vmSize",
	"type",
	"scaleSetPriority",
	"spotMaxPrice",
	"osDiskType",
	"osDiskSizeGB",
	"availabilityZones",
	"vnetSubnetID",
	"maxPods",
}

func (s *Server) listPools(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	out := []any{}
	for _, name := range slices.Sorted(maps.Keys(c.Pools)) {
		c.Pools[name].Looks++
		out = append(out, c.json(c.Pools[name]))
	}
	writeJSON(w, http.StatusOK, map[string]any{"value": out})
}

func (s *Server) getPool(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	p := c.Pools[r.PathValue("pool")]
	if p == nil {
		notFound(w, r)
		return
	}
	p.Looks++
	writeJSON(w, http.StatusOK, c.json(p))
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusNotFound, map[string]any{
		"code":    "NotFound",
		"message": "Could not find the agentpool: " + r.PathValue("pool"),
		"details": nil,
		"subcode": "GetAgentPool_NotFound",
	})
}

func (s *Server) of(r *http.Request) *cluster {
	return s.get(r.PathValue("sub"), r.PathValue("rg"), r.PathValue("cluster"))
}

// putPool creates or changes a pool, after the checks that Azure makes before it accepts an operation.
func (s *Server) putPool(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil || body.Properties == nil {
		writeError(
			w,
			http.StatusBadRequest,
			"InvalidRequestContent",
			"The request content was invalid and could not be deserialized",
		)
		return
	}
	c, name := s.of(r), r.PathValue("pool")
	old := c.Pools[name]
	next := maps.Clone(body.Properties)
	for _, readOnly := range []string{
		"provisioningState",
		"eTag",
		"nodeImageVersion",
		"status",
		"currentOrchestratorVersion",
		"powerState",
	} {
		delete(next, readOnly)
	}
	if old != nil { // what is left out stays
		kept := maps.Clone(old.Properties)
		maps.Copy(kept, next)
		next = kept
	}
	if status, code, message := s.refuse(r, c, old, next); status != 0 {
		writeError(w, status, code, message)
		return
	}
	if b := s.sizes[lower(fmt.Sprint(next["vmSize"]))]; b.refuses(old, next) {
		writeJSON(w, http.StatusBadRequest, provisioningError{Code: b.Fails, Message: b.Message, Details: b.Details})
		return
	}
	status := http.StatusOK
	now := s.options.Now()
	count := intOf(next["count"])
	had := 0
	if old == nil {
		status = http.StatusCreated
		old = &pool{Name: name, State: "Creating"}
		c.Pools[name] = old
		old.grow(count, now.Add(s.options.CreateDelay), s.options.NodeDelay)
	} else {
		had = len(old.Machines)
		switch {
		case count > had:
			old.State = "Scaling"
			old.grow(count, now.Add(s.options.ScaleDelay), s.options.NodeDelay)
		case count < had:
			old.State, old.Done = "Scaling", now.Add(s.options.DeleteDelay)
		default:
			old.State, old.Done = "Updating", now.Add(s.options.ScaleDelay)
		}
	}
	old.Properties, old.Target, old.ETag, old.Error = next, count, s.etag(), nil
	old.spoil(asyncFault(r.Context()))
	if count > had {
		old.behave(s.sizes[lower(fmt.Sprint(next["vmSize"]))])
	}
	if old.Fail != nil || old.Stuck { // no machine comes of it
		old.Machines = old.Machines[:min(had, len(old.Machines))]
	}
	s.begin(w, r, c, old)
	s.save()
	writeJSON(w, status, c.json(old))
}

// grow lets nodes boot one after another, the first at the given time.
func (p *pool) grow(count int, first time.Time, step time.Duration) {
	p.Done = first
	for i := 0; len(p.Machines) < count; i++ {
		p.Done = first.Add(time.Duration(i) * step)
		p.Machines = append(p.Machines, machine{p.Next, p.Done})
		p.Next++
	}
}

// refuses reports whether a request for more nodes is refused at once.
func (b Behaviour) refuses(old *pool, next map[string]any) bool {
	had := 0
	if old != nil {
		had = len(old.Machines)
	}
	return b.AtOnce && intOf(next["count"]) > had && !(b.FailsEphemeral && next["osDiskType"] == "Managed")
}

// behave applies the behaviour of the size to an operation that grows the pool.
func (p *pool) behave(b Behaviour) {
	if b.Fails != "" && !b.AtOnce && !(b.FailsEphemeral && p.Properties["osDiskType"] == "Managed") {
		p.Fail = &provisioningError{Code: b.Fails, Message: b.Message, Details: b.Details}
	}
	p.Stuck = p.Stuck || b.Stuck
	if b.NoNodes {
		p.Machines = nil
	}
}

func (s *Server) deletePool(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.of(r)
	p := c.Pools[r.PathValue("pool")]
	switch {
	case c.Stopped:
		writeStopped(w)
		return
	case p == nil:
		w.WriteHeader(http.StatusNoContent)
		return
	case mismatch(r, p):
		writeError(
			w,
			http.StatusPreconditionFailed,
			"PreconditionFailed",
			"The ETag of the agent pool does not match the If-Match header",
		)
		return
	case busy(p.State):
		writeBusy(w, p)
		return
	case p.Properties["mode"] == "System":
		writeError(
			w,
			http.StatusBadRequest,
			"OperationNotAllowed",
			"There has to be at least one system node pool in the cluster",
		)
		return
	}
	p.State, p.Gone, p.Done, p.ETag = "Deleting", true, s.options.Now().Add(s.options.DeleteDelay), s.etag()
	if f := asyncFault(r.Context()); f == nil || f.Code != "PodDrainFailure" ||
		r.URL.Query().Get("ignore-pod-disruption-budget") != "true" {
		p.spoil(f)
	}
	s.begin(w, r, c, p)
	s.save()
	w.WriteHeader(http.StatusAccepted)
}

// refuse returns the error that Azure answers a PUT with at once, or status 0.
func (s *Server) refuse(
	r *http.Request,
	c *cluster,
	old *pool,
	next map[string]any,
) (status int, code, message string) {
	name, size := r.PathValue("pool"), fmt.Sprint(next["vmSize"])
	sku, known := lookupSize(size)
	switch {
	case c.Stopped:
		return http.StatusConflict, "OperationNotAllowed", stoppedMessage
	case !poolNameRule.MatchString(name):
		return http.StatusBadRequest, "InvalidParameter", "The value of parameter agentPoolProfile.name is invalid"
	case old != nil && r.Header.Get("If-None-Match") == "*":
		return http.StatusPreconditionFailed, "PreconditionFailed", "The agent pool exists already"
	case mismatch(r, old):
		return http.StatusPreconditionFailed, "PreconditionFailed",
			"The ETag of the agent pool does not match the If-Match header"
	case old != nil && old.State == "Deleting":
		return http.StatusConflict, "OperationNotAllowed",
			"Operation is not allowed on agent pool " + name + " since deletion was issued on it"
	case old != nil && busy(old.State):
		return http.StatusConflict, "OperationNotAllowed", busyMessage(old)
	case old != nil && changed(old.Properties, next) != "":
		return http.StatusBadRequest, "PropertyChangeNotAllowed", "Changing property 'properties." + changed(
			old.Properties,
			next,
		) + "' is not allowed."
	case !known || sku.retired:
		return http.StatusBadRequest, "BadRequest", fmt.Sprintf(
			"The VM size of %s is not supported for subscription %s in location %s.",
			size,
			c.Subscription,
			c.Location,
		)
	}
	more := intOf(next["count"])
	if old != nil {
		more -= len(old.Machines)
	}
	if code, message := s.shortOf(c, sku, more, next["scaleSetPriority"] == "Spot"); code != "" {
		return http.StatusBadRequest, code, message
	}
	return 0, "", ""
}

func mismatch(r *http.Request, p *pool) bool {
	want := r.Header.Get("If-Match")
	return want != "" && want != "*" && (p == nil || strings.Trim(want, `"`) != p.ETag)
}

func writeBusy(w http.ResponseWriter, p *pool) {
	writeError(w, http.StatusConflict, "OperationNotAllowed", busyMessage(p))
}

// stoppedMessage is a guess: the words are those of a report without the body of the answer.
const stoppedMessage = "managed cluster is in stopped state. Start the cluster before operating on node pools."

func writeStopped(w http.ResponseWriter) {
	writeError(w, http.StatusConflict, "OperationNotAllowed", stoppedMessage)
}

func busyMessage(p *pool) string {
	return fmt.Sprintf(
		"Operation is not allowed: Another agentpool operation (%s - %s) is in progress, "+
			"please wait for it to finish before starting a new operation.",
		p.Name,
		p.State,
	)
}

// changed returns the first property that may not change but would.
func changed(old, next map[string]any) string {
	for _, k := range immutable {
		if !strings.EqualFold(fmt.Sprint(cmpOr(old[k])), fmt.Sprint(cmpOr(next[k]))) {
			return k
		}
	}
	return ""
}

func cmpOr(v any) any { return cmp.Or(v, any("")) }

func intOf(v any) int { f, _ := v.(float64); return int(f) }

// json is the pool as ARM shows it.
func (c *cluster) json(p *pool) map[string]any {
	props := maps.Clone(p.Properties)
	props["provisioningState"] = p.State
	props["eTag"] = p.ETag
	props["count"] = p.Target
	props["powerState"] = map[string]any{"code": "Running"}
	if c.Stopped {
		props["powerState"] = map[string]any{"code": "Stopped"}
	}
	if p.Error != nil {
		props["status"] = map[string]any{"provisioningError": p.Error}
	}
	return map[string]any{
		"id": fmt.Sprintf(
			"/subscriptions/%s/resourcegroups/%s/providers/Microsoft.ContainerService/managedClusters/%s/agentPools/%s",
			c.Subscription,
			c.ResourceGroup,
			c.Name,
			p.Name,
		),
		"name": p.Name, "type": "Microsoft.ContainerService/managedClusters/agentPools", "properties": props,
	}
}
