// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status/serving"
	"syncer.dev/syncer/internal/workspace"
)

// Input is the desired and the live state of one Workspace.
type Input struct {
	workspace.Key
	Workspace *workspace.Workspace // nil: its file has become unreadable
	Commit    string
	Source    string
	Inputs    string            // workspace.Workspace.Digest
	Problems  []diag.Diagnostic // errors; syncer changes nothing for a Workspace with any
	Notes     []string          // deviations from the file
	Missing   []string          // references that the cluster lacks

	Model        string // see Report
	Revision     string
	Runtime      string
	Why          string // it has InstanceType; "" if nothing is known
	InstanceType string
	Nodes        int                 // desired number
	NodeSource   Nodes               // nil for AgentPools
	Waiting      bool                // its nodes are unknown
	NodeFailure  cluster.Failure     // why its nodes do not suffice
	NodePool     *karpenter.NodePool // only of NodePools
	NodePools    []cluster.NodePool  // live ones
	NodePoolHeld string              // why syncer does not apply the NodePool
	NodePoolErr  error               // of applying it
	Finished     bool                // the tuning is over, and syncer releases its nodes
	Pool         *capacity.Pool
	Pools        []capacity.LivePool // of this Workspace, or that it shares
	Shared       bool                // other Workspaces may use Pool
	Cost         capacity.Cost       // of its part of Pool
	PricesDate   string              // of Cost and of the price of Pool
	PoolErr      error               // of the last write to a pool
	PoolHeld     string              // why syncer does not create a pool
	Objects      []string            // "Kind/name"

	Workload  *cluster.Workload
	LiveNodes []cluster.Node // of the cluster
	ApplyErrs []error        // of objects that the API server refuses, each with the name of its object
	// Leaving lists what is left of a Workspace that the source no longer asks for.
	Leaving []string
	// Incomplete says that not every object was sent, because the API server went away.
	Incomplete bool
	// Review compares the change with what was reviewed; nil if there is nothing to compare.
	Review *Review
	// Held is why nothing of the Workspace changes: a policy holds it, it is not reviewed, or it waits for one that is
	// held.
	Held string
	// Halted is the reason for which a switch of the source holds it, Suspended or Observed, and Differs what differs from
	// Git meanwhile; both empty for other reasons.
	Halted  diag.Reason
	Differs string
	// HeldReason is the reason of Applied with Held; "" for ApplyHeld, or that of Review.
	HeldReason string
	// CarriedOut is what is carried out once nothing is held back; zero if reviews are not compared.
	CarriedOut reviewed.CarriedOut
}

// Observe returns the Report on a Workspace. previous is the last Report, or nil; now is the time of transitions.
func Observe(previous *Report, in Input, now time.Time) Report {
	var old Report
	if previous != nil {
		old = *previous
	}
	r := Report{
		Key:             in.Key,
		State:           Pending,
		Source:          in.Source,
		Model:           in.Model,
		Revision:        in.Revision,
		Runtime:         in.Runtime,
		InstanceType:    in.InstanceType,
		TargetNodeCount: in.Nodes,
		Objects:         in.Objects,
		FirstSeen:       old.FirstSeen,
	}
	if r.FirstSeen.IsZero() {
		r.FirstSeen = now.UTC().Truncate(time.Second)
	}
	r.commits(old, in)
	if in.Workspace == nil || in.Waiting { // its live objects stay, on their nodes
		r.InstanceType, r.TargetNodeCount, r.Objects = old.InstanceType, old.TargetNodeCount, old.Objects
		r.Model, r.Revision, r.Runtime = old.Model, old.Revision, old.Runtime
	}
	r.Why = why(old, in, r.InstanceType)
	r.Output = outputOf(old, in)
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
	r.price(in.source().cost(in))
	if r.HourlyCost != "" {
		r.PricesDate = in.PricesDate
	}
	var conditions []Condition
	switch {
	case in.Workspace == nil && len(in.Leaving) > 0 && len(in.Problems) == 0:
		r.State, conditions = leaving(in, old)
	case in.Workspace == nil && in.Held != "":
		r.State, conditions = staying(in, old)
	case len(in.Problems) > 0 || in.Workspace == nil:
		r.State, conditions = invalid(in, old)
		r.runs(old, in)
	case in.Workspace.Tuning != nil:
		r.State, conditions = tuning(in)
	default:
		r.State, conditions = inference(in, old.State)
		r.Endpoint = endpoint(in)
	}
	if c, ok := applied(in, r); ok {
		conditions = append(conditions, c)
	}
	if c, ok := reviewedAs(in, r, old); ok {
		conditions = append(conditions, c)
	}
	r.Conditions = transitions(old.Conditions, conditions, now)
	return r
}

// invalid reports a Workspace with errors, whose live objects stay.
func invalid(in Input, old Report) (State, []Condition) {
	var texts []string
	for _, p := range in.Problems {
		texts = append(texts, p.String())
	}
	text, reason := strings.Join(texts, "\n"), diag.UnreadableFile
	if text == "" {
		text = in.Source + " is unreadable"
	} else {
		reason = cmp.Or(in.Problems[0].Reason, diag.InvalidValue)
	}
	if in.Workload != nil || len(in.Pools) > 0 {
		text += "\nits live objects stay as they are"
	}
	out := []Condition{condition(WorkspaceSucceeded, false, string(reason), text)}
	for _, c := range old.Conditions {
		switch {
		case in.Workload == nil, c.Type == WorkspaceSucceeded, c.Type == Applied, c.Type == Reviewed:
		case c.Type == InferenceReady:
			out = append(out, servesStill(in.Workload))
		default:
			out = append(out, c)
		}
	}
	return Failed, out
}

// servesStill reports whether the workload of a Workspace with errors serves.
func servesStill(w *cluster.Workload) Condition {
	if serving.Ready(w) {
		return condition(InferenceReady, true, "WorkspaceInferenceStatusSuccess", serving.Replicas(w))
	}
	return condition(InferenceReady, false, "WorkspaceInferenceStatusPending", serving.Replicas(w)+serving.Unserved(w))
}

// runs says of a Workspace with errors what still runs, which is what ran before the errors: it goes on serving, and
// costing.
func (r *Report) runs(old Report, in Input) {
	if in.Workload == nil {
		return
	}
	r.Model, r.Revision, r.Runtime, r.Why = old.Model, old.Revision, old.Runtime, old.Why
	r.InstanceType, r.TargetNodeCount, r.Objects = old.InstanceType, old.TargetNodeCount, old.Objects
	r.Endpoint = old.Endpoint
	r.HourlyCost, r.MonthlyCost, r.PricesDate = old.HourlyCost, old.MonthlyCost, old.PricesDate
}

// leaving reports a Workspace that the source no longer asks for while its deletion does not end.
func leaving(in Input, old Report) (State, []Condition) {
	text := "the Workspace is gone from the repository, and its deletion has not ended: " + strings.Join(in.Leaving, "; ")
	out := []Condition{condition(WorkspaceSucceeded, false, DeletionPending, text)}
	for _, c := range old.Conditions {
		if c.Type == ResourceReady {
			out = append(out, c)
		}
	}
	return NotReady, out
}

// tuning follows KAITO: failures count first, then success, then activity.
func tuning(in Input) (State, []Condition) {
	resource := in.source().ready(in, remarks(in))
	w := in.Workload
	if w != nil && w.Inputs != in.Inputs {
		w = nil // the job of an earlier version
	}
	state, conditions := job(in, w)
	return state, append([]Condition{resource}, conditions...)
}

// job returns the conditions of a tuning that follow from its Job alone; w is nil without one.
func job(in Input, w *cluster.Workload) (State, []Condition) {
	switch {
	case w != nil && w.Failed:
		return Failed, []Condition{
			condition(JobStarted, false, "WorkspaceTuningJobStatusFailed", "the job has failed"+serving.Failure(w)),
			condition(WorkspaceSucceeded, false, "workspaceFailed", "the job has failed"+serving.Failure(w)),
		}
	case w != nil && w.Complete:
		return Succeeded, []Condition{
			condition(JobStarted, true, "WorkspaceTuningJobStatusStarted", "the job has finished"),
			condition(WorkspaceSucceeded, true, "workspaceSucceeded", "the job has finished"),
		}
	case w != nil && slices.ContainsFunc(w.Pods, hasStarted): // the Job follows its pod after a moment
		return Running, []Condition{
			condition(JobStarted, true, "WorkspaceTuningJobStatusStarted", "the job runs"+serving.Failure(w)+missing(in)),
			condition(WorkspaceSucceeded, false, "workspacePending", "the job runs"),
		}
	}
	reason, message := waiting(in, w, "WorkspaceTuningJobStatusPending", "the job has not started")
	return Pending, []Condition{
		condition(JobStarted, false, reason, message),
		condition(WorkspaceSucceeded, false, "workspacePending", message),
	}
}

func hasStarted(p cluster.Pod) bool { return p.Phase == "Running" || p.Phase == "Succeeded" }

// inference is ready when every replica is, on nodes that are.
func inference(in Input, old State) (State, []Condition) {
	resource := in.source().ready(in, remarks(in))
	w := in.Workload
	suspended := in.suspended()
	ready := w != nil && serving.Ready(w)
	if ready && resource.Status == "True" && !suspended {
		return Ready, []Condition{
			resource,
			condition(InferenceReady, true, "WorkspaceInferenceStatusSuccess", serving.Replicas(w)+missing(in)),
			condition(WorkspaceSucceeded, true, "workspaceSucceeded", "the model is served"),
		}
	}
	state := Pending
	if old == Ready || old == NotReady {
		state = NotReady
	}
	reason, message := waiting(in, w, "WorkspaceInferenceStatusPending", "the model is not served yet")
	if w != nil && reason == "WorkspaceInferenceStatusPending" {
		message = serving.Replicas(w) + serving.Unserved(w)
	}
	if suspended {
		reason, message = "Suspended", "suspended by annotation "+workspace.AnnotationSuspend
	}
	return state, []Condition{
		resource, condition(InferenceReady, false, reason, message),
		condition(WorkspaceSucceeded, false, "workspacePending", message),
	}
}

// suspended reports whether the Workspace is suspended, and no policy holds that.
func (in Input) suspended() bool {
	return in.Workspace != nil && in.Workspace.Suspended() && in.Held == ""
}

// why returns the reason for which the Workspace got its size: as long as neither its inputs nor its size change, that
// it stays is no reason of its own. Without nodes there is none; the digest of the inputs does not cover suspensions.
func why(old Report, in Input, size string) string {
	same := old.Why != "" && size == old.InstanceType
	if in.NodeFailure.Reason != Moving && old.moving() { // what it says is over, also without a move
		same = false
	}
	switch {
	case size == "" || in.Finished:
		return ""
	case in.Held != "" && same:
		return old.Why
	case in.Held != "": // the reason is that of the size that it would get
		return ""
	case in.Workspace != nil && in.Workspace.Suspended() || in.NodeFailure.Reason == string(diag.Preempted):
		return ""
	case same && (in.Why == "" || in.Inputs == old.Inputs):
		return old.Why
	}
	return in.Why
}

// waiting returns why a workload waits: the error of applying it, the failure of a pod, a missing reference, or by
// default reason and message.
func waiting(in Input, w *cluster.Workload, reason, message string) (string, string) {
	if in.NodeFailure.Reason == Preempted {
		return Preempted, in.NodeFailure.Message
	}
	if len(in.ApplyErrs) > 0 {
		return ApplyFailed, errors.Join(in.ApplyErrs...).Error()
	}
	if w != nil {
		for _, p := range w.Pods {
			// Until its nodes are ready a pod is unschedulable, which ResourceReady reports already.
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

// missing lists the references that the cluster lacks, for the end of a message.
func missing(in Input) string {
	if len(in.Missing) == 0 {
		return ""
	}
	return "; " + strings.Join(in.Missing, "; ")
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

// moving reports whether the Workspace was about to move to other nodes.
func (r *Report) moving() bool {
	return slices.ContainsFunc(r.Conditions, func(c Condition) bool {
		return c.Type == ResourceReady && c.Reason == Moving
	})
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
	order := []string{ResourceReady, InferenceReady, JobStarted, WorkspaceSucceeded, Applied, Reviewed}
	slices.SortStableFunc(next, func(a, b Condition) int {
		return cmp.Compare(slices.Index(order, a.Type), slices.Index(order, b.Type))
	})
	return next
}
