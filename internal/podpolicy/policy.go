// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"cmp"
	"slices"

	"syncer.dev/syncer/internal/diag"
)

// Level is one of the levels of Kubernetes' Pod Security Standards.
type Level string

// The levels, from the strictest to the one that allows everything.
const (
	Restricted Level = "restricted"
	Baseline   Level = "baseline"
	Privileged Level = "privileged"
)

// Levels lists the levels.
var Levels = []Level{Restricted, Baseline, Privileged}

// MaxReported bounds the findings of one object that callers report: a reader cannot use more. The list that Judge
// returns is complete, because Exempt has to see all of it.
const MaxReported = 100

// Policy is what objects of the repository may ask for. The zero value is the level baseline, with any service account,
// any Secret and load balancers.
type Policy struct {
	// Verdict is what becomes of pods that ask for more: fail (also if empty), warn, or off. Services and selectors are
	// refused in any case.
	Verdict diag.Verdict
	Level   Level // empty for Baseline
	// ServiceAccounts and Secrets are the names that pods may use: nil for any, an empty list for none.
	ServiceAccounts []string
	Secrets         []string
	// NoLoadBalancers refuses Services of type LoadBalancer.
	NoLoadBalancers bool
}

// Finding is one field of an object that the policy refuses.
type Finding struct {
	Reason  diag.Reason
	Path    Path // of the field; it may be absent where the fault is that it is missing
	Message string
	Hint    string
	Warn    bool // the object is admitted all the same

	check string // the ID of the Pod Security check, if one found it
	pod   Path   // the pod spec that the field is in, if any
}

// Judge returns what the policy refuses of an object, in the order of its fields. It does not change the object.
func (p Policy) Judge(object map[string]any) []Finding {
	if hasData(object) {
		return nil
	}
	out := append(p.judgeService(object), p.judgeSelector(object)...)
	if p.Verdict != diag.Off {
		out = append(out, p.judgePods(object)...)
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path.String(), b.Path.String()), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(out, func(a, b Finding) bool {
		return a.Path.String() == b.Path.String() && a.Message == b.Message
	})
}

// judgePods returns what the section policy.pods refuses of an object, or warns about.
func (p Policy) judgePods(object map[string]any) []Finding {
	var out []Finding
	for _, pod := range podsIn(object) {
		out = append(out, p.judgePod(pod)...)
	}
	for _, c := range containersIn(object) {
		out = append(out, p.judgeContainer(c)...)
	}
	if text(object["kind"]) == "ServiceAccount" {
		out = append(out, p.judgeSecrets(object, nil)...)
	}
	for i := range out {
		out[i].Warn = p.Verdict == diag.Warn
	}
	return out
}

// Diagnostic returns a finding as an error, or as a warning if the object is admitted.
func (f Finding) Diagnostic() diag.Diagnostic {
	as := diag.Errorf
	if f.Warn {
		as = diag.Warningf
	}
	return as(f.Reason, "%s", f.Message).On(f.Path.String()).Suggest(f.Hint)
}

// dataOnly are the kinds of the core group that start nothing and name nothing.
var dataOnly = map[string]bool{"ConfigMap": true, "Secret": true, "PersistentVolumeClaim": true}

// hasData reports whether an object starts nothing and names nothing.
func hasData(object map[string]any) bool {
	return dataOnly[text(object["kind"])] && text(object["apiVersion"]) == "v1"
}

// level returns the level that applies.
func (p Policy) level() Level { return cmp.Or(p.Level, Baseline) }

// allows reports whether a list of names admits one.
func allows(names []string, name string) bool { return names == nil || slices.Contains(names, name) }
