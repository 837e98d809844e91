package apply

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// workloadOf reads a StatefulSet or a Job.
func workloadOf(u *unstructured.Unstructured) cluster.Workload {
	w := cluster.Workload{Ref: cluster.RefOf(u), Inputs: u.GetAnnotations()[cluster.AnnotationInputs]}
	w.Pool, w.GPUs = requiredPool(u), gpusOf(templateOf(u))
	if u.GetKind() == "Job" {
		w.Current = true
		w.Active = number(u, "status", "active")
		failed := number(u, "status", "failed")
		w.Failed = condition(u, "Failed") || condition(u, "FailureTarget") || failed > number(u, "spec", "backoffLimit")
		w.Complete = condition(u, "Complete") || condition(u, "SuccessCriteriaMet")
		return w
	}
	w.Replicas = 1
	if n, found, _ := unstructured.NestedInt64(u.Object, "spec", "replicas"); found {
		w.Replicas = n
	}
	w.Ready = number(u, "status", "readyReplicas")
	// kstatus: the newest generation was seen, and all replicas are of the newest revision and ready.
	if r, err := status.Compute(u); err == nil {
		w.Current = r.Status == status.CurrentStatus
	}
	return w
}

// templateOf returns the pod that a workload makes, in the form of one.
func templateOf(u *unstructured.Unstructured) *unstructured.Unstructured {
	spec, _, _ := unstructured.NestedMap(u.Object, "spec", "template", "spec")
	return &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
}

// requiredPool returns the agent pool that the pods of a workload require, or "".
func requiredPool(u *unstructured.Unstructured) string {
	terms, _, _ := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "affinity", "nodeAffinity",
		"requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	for _, t := range terms {
		term, _ := t.(map[string]any)
		expressions, _, _ := unstructured.NestedSlice(term, "matchExpressions")
		for _, e := range expressions {
			m, _ := e.(map[string]any)
			if values, _ := m["values"].([]any); m["key"] == labelAgentPool && len(values) == 1 {
				pool, _ := values[0].(string)
				return pool
			}
		}
	}
	return ""
}

// labelAgentPool is set by AKS.
const labelAgentPool = "kubernetes.azure.com/agentpool"

func condition(u *unstructured.Unstructured, kind string) bool {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if m, _ := c.(map[string]any); m["type"] == kind && m["status"] == "True" {
			return true
		}
	}
	return false
}

func number(u *unstructured.Unstructured, path ...string) int64 {
	n, _, _ := unstructured.NestedInt64(u.Object, path...)
	return n
}

func quantity(u *unstructured.Unstructured, path ...string) int64 {
	s, _, _ := unstructured.NestedString(u.Object, path...)
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return 0
	}
	return q.Value()
}

// podOf reads a pod, and what is wrong with it in the words of KAITO's condition reasons.
func podOf(u *unstructured.Unstructured) cluster.Pod {
	text := func(path ...string) string { s, _, _ := unstructured.NestedString(u.Object, path...); return s }
	p := cluster.Pod{Name: u.GetName(), Node: text("spec", "nodeName"), Phase: text("status", "phase"), Ready: condition(u, "Ready")}
	if text("status", "reason") == "Evicted" {
		p.Reason, p.Message = "PodEvicted", text("status", "message")
		return p
	}
	for _, list := range []string{"initContainerStatuses", "containerStatuses"} {
		statuses, _, _ := unstructured.NestedSlice(u.Object, "status", list)
		for _, s := range statuses {
			m, _ := s.(map[string]any)
			if p.Reason, p.Message = containerTrouble(m); p.Reason != "" {
				return p
			}
		}
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if m, _ := c.(map[string]any); m["type"] == "PodScheduled" && m["status"] == "False" {
			p.Reason = "Unschedulable"
			p.Message, _ = m["message"].(string)
		}
	}
	return p
}

// containerTrouble classifies what is wrong with one container.
func containerTrouble(m map[string]any) (reason, message string) {
	text := func(path ...string) string { s, _, _ := unstructured.NestedString(m, path...); return s }
	name := text("name")
	ready, _, _ := unstructured.NestedBool(m, "ready")
	waiting, terminated, last := text("state", "waiting", "reason"), text("state", "terminated", "reason"), text("lastState", "terminated", "reason")
	switch {
	case terminated == "OOMKilled", last == "OOMKilled" && !ready: // one that has recovered is fine
		return "ContainerOOMKilled", "container " + name + " ran out of memory"
	case strings.HasPrefix(waiting, "ErrImage"), strings.HasPrefix(waiting, "ImagePull"), waiting == "InvalidImageName", waiting == "ImageInspectError":
		return "ImagePullError", "container " + name + ": " + text("state", "waiting", "message")
	case waiting == "CrashLoopBackOff":
		return "ContainerCrashLoopBackOff", "container " + name + ": " + text("state", "waiting", "message")
	case waiting == "CreateContainerConfigError", waiting == "CreateContainerError", waiting == "RunContainerError":
		return "ContainerStartError", "container " + name + ": " + text("state", "waiting", "message")
	case terminated == "StartError":
		return "ContainerStartError", "container " + name + ": " + text("state", "terminated", "message")
	}
	return "", ""
}
