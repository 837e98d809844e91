// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"fmt"
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
)

// apiPort is the port on which every served model answers, in each of its spellings: the only one that leaves the
// cluster. apiPortName is the name of that port in the pods of presets.
const (
	apiPort     = 5000
	apiPortName = "http"
)

// internalPorts are ports of served models that have neither authentication nor encryption: Ray's own and its
// dashboard, which run any code on request, and the stream of cache events.
var internalPorts = map[int64]string{
	6379:  "Ray",
	8265:  "the Ray dashboard",
	10001: "Ray clients",
	5557:  "the stream of cache events",
}

// internalNames are the names of such ports in the pods of presets.
var internalNames = []string{"ray", "dashboard", "kv-events"}

// judgeService judges a Service: who may be reached through it from outside, and whose traffic it may take.
func (p Policy) judgeService(object map[string]any) []Finding {
	if text(object["kind"]) != "Service" || text(object["apiVersion"]) != "v1" {
		return nil
	}
	spec := mapping(object["spec"])
	var out []Finding
	if p.level() != Privileged && len(list(spec["externalIPs"])) > 0 {
		out = append(out, Finding{
			Reason:  diag.ServiceNotAllowed,
			Path:    Path{"spec", "externalIPs"},
			Message: fmt.Sprintf("takes over traffic to other addresses, which policy.pods.level %s does not admit", p.level()),
			Hint:    "use a Service of type LoadBalancer, which gets an address of its own",
		})
	}
	kind := text(spec["type"])
	if kind != "LoadBalancer" && kind != "NodePort" { // each node answers for a NodePort
		return out
	}
	if p.NoLoadBalancers && kind == "LoadBalancer" {
		return append(out, Finding{
			Reason:  diag.ServiceNotAllowed,
			Path:    Path{"spec", "type"},
			Message: "is a LoadBalancer, which policy.loadBalancers denies",
			Hint:    "leave the Service inside the cluster",
		})
	}
	onlyAPI := selectsModel(spec)
	for i, port := range list(spec["ports"]) {
		why := internal(mapping(port), onlyAPI)
		if why == "" {
			continue
		}
		out = append(out, Finding{
			Reason:  diag.ServiceNotAllowed,
			Path:    Path{"spec", "ports", i},
			Message: fmt.Sprintf("a %s must not publish %s", kind, why),
			Hint:    fmt.Sprintf("publish only the API of the model: targetPort %d", apiPort),
		})
	}
	return out
}

// selectsModel reports whether a Service selects pods of Workspaces.
func selectsModel(spec map[string]any) bool {
	for label := range mapping(spec["selector"]) {
		switch label {
		case wellknown.LabelWorkspace, wellknown.LabelInferenceSet, "statefulset.kubernetes.io/pod-name":
			return true
		}
	}
	return false
}

// internal says what a port publishes that must stay in the cluster, or returns "".
func internal(port map[string]any, onlyAPI bool) string {
	target := port["targetPort"]
	if target == nil {
		target = port["port"]
	}
	number, isNumber := whole(target)
	name := text(target)
	switch {
	case isNumber && internalPorts[number] != "":
		return fmt.Sprintf("port %d, which is for %s", number, internalPorts[number])
	case slices.Contains(internalNames, name):
		return "port " + name
	case onlyAPI && !(isNumber && number == apiPort || name == apiPortName):
		return fmt.Sprintf("port %v of a model", target)
	}
	return ""
}

func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), v == float64(int64(v))
	case int:
		return int64(v), true
	}
	return 0, false
}

// judgeSelector refuses policies that select every pod of a namespace: they would decide over the pods of others.
func (p Policy) judgeSelector(object map[string]any) []Finding {
	if p.level() == Privileged {
		return nil
	}
	var field Path
	switch text(object["kind"]) {
	case "NetworkPolicy":
		field = Path{"spec", "podSelector"}
	case "PodDisruptionBudget":
		field = Path{"spec", "selector"}
	default:
		return nil
	}
	selector := mapping(at(object, field))
	if len(mapping(selector["matchLabels"])) > 0 {
		return nil
	}
	for _, e := range list(selector["matchExpressions"]) {
		switch text(mapping(e)["operator"]) {
		case "In", "Exists":
			return nil
		}
	}
	return []Finding{{
		Reason: diag.SelectorNotAllowed,
		Path:   field,
		Message: fmt.Sprintf("selects pods of others: it names no label that they must have, "+
			"which policy.pods.level %s requires", p.level()),
		Hint: "select by a label of your own pods, such as kaito.sh/workspace",
	}}
}
