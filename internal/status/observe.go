package status

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Input is what is known about one Workspace.
type Input struct {
	workspace.Key
	Workspace *workspace.Workspace // nil: its file cannot be read any more
	Commit    string
	Source    string
	Inputs    string              // workspace.Workspace.Digest
	Problems  []workspace.Problem // errors for which nothing is done
	Notes     []string            // what is not as the user wrote it
	Missing   []string            // what the Workspace names and the cluster does not have

	InstanceType string
	Nodes        int // that the model runs on
	Brought      bool
	Waiting      bool               // it is not known yet on what it can run
	NodeTrouble  cluster.Trouble    // what brought nodes lack
	NodePool     *capacity.NodePool // of Karpenter; nil in other modes
	NodePools    []cluster.NodePool // that are live
	NodePoolHeld string             // why the NodePool is not made
	NodePoolErr  error              // of applying it
	Finished     bool               // the tuning is over, and its nodes are given back
	Pool         *capacity.Pool
	Pools        []capacity.LivePool // of this Workspace, or that it shares
	Shared       bool                // others may run on Pool as well
	Cost         capacity.Cost       // of its part of Pool
	PoolErr      error               // of the last write to a pool
	PoolHeld     string              // why a pool is not made
	Objects      []string            // "Kind/name"

	Workload  *cluster.Workload
	LiveNodes []cluster.Node // of the cluster
	ApplyErrs []error
}

// Observe draws the conclusions. previous is the last Report, or nil; now is the time of transitions.
func Observe(previous *Report, in Input, now time.Time) Report {
	var old Report
	if previous != nil {
		old = *previous
	}
	r := Report{
		Key: in.Key, State: Pending, Source: in.Source, InstanceType: in.InstanceType, TargetNodeCount: in.Nodes,
		Inputs: in.Inputs, ObservedCommit: in.Commit, Objects: slices.Clone(in.Objects),
	}
	if old.Inputs == in.Inputs && old.ObservedCommit != "" {
		r.ObservedCommit = old.ObservedCommit
	}
	if in.Workspace == nil { // what runs goes on running
		r.Inputs, r.ObservedCommit, r.Objects = old.Inputs, old.ObservedCommit, old.Objects
		r.InstanceType, r.TargetNodeCount = old.InstanceType, old.TargetNodeCount
	}
	if in.Waiting { // what runs goes on running, on what it was made for
		r.InstanceType, r.TargetNodeCount, r.Objects = old.InstanceType, old.TargetNodeCount, old.Objects
	}
	r.WorkerNodes = workers(in)
	for _, p := range in.Pools {
		r.Pools = append(r.Pools, Pool{Name: p.Name, State: string(p.State), Nodes: p.Count, Shared: p.Shared()})
	}
	for _, p := range in.NodePools {
		if p.Workspace == in.Key {
			q := PoolOfKarpenter(p)
			r.Pools = append(r.Pools, Pool{Name: q.Name, State: q.State, Nodes: q.Nodes})
		}
	}
	if in.Pool != nil {
		r.HourlyCost = in.Pool.HourlyCost.String()
		if in.Shared {
			r.HourlyCost = in.Cost.String()
		}
	}
	if in.NodePool != nil {
		r.HourlyCost = in.NodePool.HourlyCost.String()
	}
	var conditions []Condition
	switch {
	case len(in.Problems) > 0 || in.Workspace == nil:
		r.State, conditions = invalid(in, old)
	case in.Workspace.Tuning != nil:
		r.State, conditions = tuning(in)
	default:
		r.State, conditions = inference(in, old.State)
		r.Endpoint = endpoint(in)
	}
	r.Conditions = transitions(old.Conditions, conditions, now)
	return r
}

// invalid reports a Workspace that has errors. What is live for it is left as it is.
func invalid(in Input, old Report) (State, []Condition) {
	var texts []string
	for _, p := range in.Problems {
		texts = append(texts, p.String())
	}
	text := strings.Join(texts, "\n")
	if text == "" {
		text = in.Source + " cannot be read"
	}
	if in.Workload != nil || len(in.Pools) > 0 {
		text += "\nwhat runs for it stays as it is"
	}
	out := []Condition{condition(WorkspaceSucceeded, false, "InvalidWorkspace", text)}
	for _, c := range old.Conditions {
		if c.Type != WorkspaceSucceeded && in.Workload != nil {
			out = append(out, c)
		}
	}
	return Failed, out
}

// tuning follows KAITO: failures count first, then success, then activity.
func tuning(in Input) (State, []Condition) {
	resource := resourceReady(in)
	w := in.Workload
	if w != nil && w.Inputs != in.Inputs {
		w = nil // the job of an earlier version
	}
	switch {
	case w != nil && w.Failed:
		return Failed, []Condition{
			resource, condition(JobStarted, false, "WorkspaceTuningJobStatusFailed", "the job has failed"+podTrouble(w)),
			condition(WorkspaceSucceeded, false, "workspaceFailed", "the job has failed"+podTrouble(w)),
		}
	case w != nil && w.Complete:
		return Succeeded, []Condition{
			resource, condition(JobStarted, true, "WorkspaceTuningJobStatusStarted", "the job has finished"),
			condition(WorkspaceSucceeded, true, "workspaceSucceeded", "the job has finished"),
		}
	case w != nil && slices.ContainsFunc(w.Pods, func(p cluster.Pod) bool { return p.Phase == "Running" }):
		return Running, []Condition{
			resource, condition(JobStarted, true, "WorkspaceTuningJobStatusStarted", "the job runs"+podTrouble(w)+missing(in)),
			condition(WorkspaceSucceeded, false, "workspacePending", "the job runs"),
		}
	}
	reason, message := waiting(in, w, "WorkspaceTuningJobStatusPending", "the job has not started")
	return Pending, []Condition{
		resource, condition(JobStarted, false, reason, message),
		condition(WorkspaceSucceeded, false, "workspacePending", message),
	}
}

// inference is ready when every replica is, on nodes that are.
func inference(in Input, old State) (State, []Condition) {
	resource := resourceReady(in)
	w := in.Workload
	suspended := in.Workspace.Suspended()
	ready := w != nil && w.Current && w.Replicas > 0 && w.Ready >= w.Replicas && w.Endpoints > 0
	if ready && resource.Status == "True" && !suspended {
		return Ready, []Condition{
			resource, condition(InferenceReady, true, "WorkspaceInferenceStatusSuccess", fmt.Sprintf("%d of %d replicas are ready", w.Ready, w.Replicas)+missing(in)),
			condition(WorkspaceSucceeded, true, "workspaceSucceeded", "the model is served"),
		}
	}
	state := Pending
	if old == Ready || old == NotReady {
		state = NotReady
	}
	reason, message := waiting(in, w, "WorkspaceInferenceStatusPending", "the model is not served yet")
	if w != nil && reason == "WorkspaceInferenceStatusPending" {
		message = fmt.Sprintf("%d of %d replicas are ready", w.Ready, w.Replicas)
	}
	if suspended {
		reason, message = "Suspended", "suspended by annotation "+workspace.AnnotationSuspend
	}
	return state, []Condition{
		resource, condition(InferenceReady, false, reason, message),
		condition(WorkspaceSucceeded, false, "workspacePending", message),
	}
}

// waiting says what a workload waits for: the error of applying it, what is wrong with its pods, or nothing special.
func waiting(in Input, w *cluster.Workload, reason, message string) (string, string) {
	if len(in.ApplyErrs) > 0 {
		return "ApplyFailed", errors.Join(in.ApplyErrs...).Error()
	}
	if w != nil {
		for _, p := range w.Pods {
			// Until its nodes are there a pod cannot be scheduled: that is no news, ResourceReady tells it.
			if p.Reason != "" && (p.Reason != "Unschedulable" || nodesReady(in)) {
				return p.Reason, fmt.Sprintf("pod %s: %s", p.Name, p.Message) + missing(in)
			}
		}
	}
	if len(in.Missing) > 0 {
		return ReferenceMissing, message + missing(in)
	}
	return reason, message
}

// missing says what the Workspace names and the cluster does not have.
func missing(in Input) string {
	if len(in.Missing) == 0 {
		return ""
	}
	return "; " + strings.Join(in.Missing, "; ")
}

func podTrouble(w *cluster.Workload) string {
	for _, p := range w.Pods {
		if p.Reason != "" {
			return fmt.Sprintf("; pod %s: %s: %s", p.Name, p.Reason, p.Message)
		}
	}
	return ""
}

// resourceReady says whether the nodes are there, with their GPUs, and what is in the way.
func resourceReady(in Input) Condition {
	notes := ""
	if len(in.Notes) > 0 {
		notes = "; " + strings.Join(in.Notes, "; ")
	}
	var trouble *capacity.CloudError
	switch {
	case in.Brought:
		return broughtReady(in, notes)
	case in.NodePool != nil:
		return nodePoolReady(in, notes)
	case in.NodeTrouble.Reason == Moving: // and serves on
		serves := in.Workload != nil && in.Workload.Replicas > 0 && in.Workload.Ready >= in.Workload.Replicas
		return condition(ResourceReady, serves, Moving, in.NodeTrouble.Message+notes)
	case in.NodeTrouble.Reason != "": // there is no place for it
		return condition(ResourceReady, false, in.NodeTrouble.Reason, in.NodeTrouble.Message+notes)
	case in.Pool == nil:
		return condition(ResourceReady, false, "PoolPending", "the pool is not planned yet"+notes)
	case in.Finished:
		return condition(ResourceReady, true, "PoolReleased", released(in)+", the job is over"+notes)
	case in.Pool.Count == 0, in.Workspace != nil && in.Workspace.Suspended():
		return condition(ResourceReady, false, "Suspended", released(in)+notes)
	case in.PoolErr != nil && errors.As(in.PoolErr, &trouble):
		return condition(ResourceReady, false, "Pool"+string(trouble.Class), fmt.Sprintf("pool %s: %s", in.Pool.Name, trouble.Error())+cure(trouble)+notes)
	case in.PoolErr != nil:
		return condition(ResourceReady, false, "PoolFailed", fmt.Sprintf("pool %s: %v", in.Pool.Name, in.PoolErr)+notes)
	}
	count := fmt.Sprintf("pool %s: %d of %d nodes", in.Pool.Name, len(workers(in)), wanted(in))
	if in.Shared {
		count = "shared " + count
	}
	i := slices.IndexFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == in.Pool.Name })
	switch {
	case i < 0 && in.PoolHeld != "":
		return condition(ResourceReady, false, "PoolHeld", fmt.Sprintf("pool %s: %s", in.Pool.Name, in.PoolHeld)+notes)
	case i < 0:
		return condition(ResourceReady, false, "PoolPending", fmt.Sprintf("pool %s: is about to be created", in.Pool.Name)+notes)
	case in.Pools[i].State == capacity.Failed:
		return condition(ResourceReady, false, "PoolFailed", fmt.Sprintf("%s; %s: %s", count, in.Pools[i].ErrorCode, in.Pools[i].Error)+notes)
	case nodesReady(in):
		return condition(ResourceReady, true, "PoolReady", count+notes)
	}
	return condition(ResourceReady, false, "PoolNotReady", count+", "+string(in.Pools[i].State)+notes)
}

// released says how far the nodes of a Workspace that takes none are given back.
func released(in Input) string {
	i := slices.IndexFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == in.Pool.Name })
	switch {
	case in.Pool.Count > 0:
		return fmt.Sprintf("pool %s: none of its nodes", in.Pool.Name)
	case i >= 0 && in.Pools[i].Count > 0 && in.PoolHeld != "":
		return fmt.Sprintf("pool %s: still has %d nodes: %s", in.Pool.Name, in.Pools[i].Count, in.PoolHeld)
	case i >= 0 && in.Pools[i].Count > 0:
		return fmt.Sprintf("pool %s: to be scaled to zero", in.Pool.Name)
	}
	return fmt.Sprintf("pool %s: scaled to zero", in.Pool.Name)
}

// cure says what helps against trouble, if anything does.
func cure(t *capacity.CloudError) string {
	if c := t.Class.Cure(); c != "" {
		return " (" + c + ")"
	}
	return ""
}

// nodesReady reports whether enough nodes are ready and have their GPUs.
func nodesReady(in Input) bool {
	want := wanted(in)
	if in.NodePool != nil {
		want = in.NodePool.Nodes
	}
	return want > 0 && in.NodeTrouble.Reason == "" && len(workers(in)) >= want
}

// wanted is how many nodes the Workspace runs on. Of a pool that it shares, that is not all of them.
func wanted(in Input) int {
	if in.Pool != nil && (!in.Shared || in.Pool.Count == 0) {
		return in.Pool.Count
	}
	return in.Nodes
}

// workers are the ready nodes with GPUs that the Workspace has: those of its pools, or brought ones with its labels.
func workers(in Input) []string {
	var out []string
	for _, n := range in.LiveNodes {
		mine := slices.ContainsFunc(in.Pools, func(p capacity.LivePool) bool { return p.Name == n.Pool })
		switch {
		case in.Brought && in.Workspace != nil:
			mine = covers(n.Labels, in.Workspace.NodeLabels())
		case in.NodePool != nil:
			mine = n.Labels[cluster.LabelNodePool] == in.NodePool.Name
		case in.Shared:
			mine = mine && hosts(n.Name, in.Workload)
		}
		if mine && n.Ready && (n.GPUs > 0 || in.Brought && len(n.Slices) > 0) {
			out = append(out, n.Name)
		}
	}
	slices.Sort(out)
	return out
}

// hosts reports whether a pod of the workload is on the node.
func hosts(node string, w *cluster.Workload) bool {
	return w != nil && slices.ContainsFunc(w.Pods, func(p cluster.Pod) bool { return p.Node == node })
}

func covers(have, want map[string]string) bool {
	for k, v := range want {
		if have[k] != v {
			return false
		}
	}
	return true
}

func endpoint(in Input) string {
	if in.Workload == nil {
		return ""
	}
	return fmt.Sprintf("http://%s.%s.svc:80", in.Name, in.Namespace)
}

func condition(kind string, ok bool, reason, message string) Condition {
	status := "False"
	if ok {
		status = "True"
	}
	return Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

// transitions gives each condition the time at which its status last changed, and puts them in KAITO's order.
func transitions(old, next []Condition, now time.Time) []Condition {
	for i := range next {
		c := &next[i]
		c.LastTransitionTime = now.UTC().Truncate(time.Second)
		c.Message = Redact(c.Message)
		for _, o := range old {
			if o.Type == c.Type && o.Status == c.Status {
				c.LastTransitionTime = o.LastTransitionTime
			}
		}
	}
	order := []string{ResourceReady, InferenceReady, JobStarted, WorkspaceSucceeded}
	slices.SortStableFunc(next, func(a, b Condition) int {
		return cmp.Compare(slices.Index(order, a.Type), slices.Index(order, b.Type))
	})
	return next
}
