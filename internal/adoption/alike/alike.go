// SPDX-License-Identifier: Apache-2.0

package alike

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
)

// object is a value of an unstructured object.
type object = map[string]any

// comparison collects the differences of two pod templates.
type comparison struct {
	live, want object // the specs of two StatefulSets
	found      []string
}

// Differences returns the fields of the pod template because of which the pods of a live StatefulSet have to restart to
// become those of the wanted one, each with both values; none if they may run on. live and want are specs.
func Differences(live, want map[string]any) []string {
	c := comparison{live: live, want: want}
	c.labels()
	a, b := podOf(live), podOf(want)
	c.containers(a, b)
	c.initContainers(a, b)
	c.differ("affinity", nodesOf(a), nodesOf(b))
	c.differ("imagePullSecrets", namesOf(a["imagePullSecrets"]), namesOf(b["imagePullSecrets"]))
	for _, key := range []string{
		"nodeSelector", "serviceAccountName", "hostNetwork", "hostPID", "hostIPC", "runtimeClassName", "priorityClassName",
	} {
		c.differ(key, set(a[key]), set(b[key]))
	}
	return c.found
}

// set returns a value, or nil for one that means the same as none.
func set(v any) any {
	switch v {
	case "", "default", false:
		return nil
	}
	return v
}

// differ notes a field with two different values.
func (c *comparison) differ(field string, live, want any) {
	if !reflect.DeepEqual(live, want) {
		c.found = append(c.found, fmt.Sprintf("%s: %s -> %s", field, text(live), text(want)))
	}
}

// maxText bounds the length of a value in a message, in bytes.
const maxText = 120

func text(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return shortened(s)
	}
	is := reflect.ValueOf(v)
	if v == nil || is.IsZero() || is.Kind() == reflect.Slice && is.Len() == 0 {
		return "none"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return "unknown"
	}
	return shortened(string(data))
}

func shortened(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + "..."
	}
	return s
}

// labels compares the labels that syncer wants on pods, without those that tell whose they are.
func (c *comparison) labels() {
	live, want := labelsOf(c.live), labelsOf(c.want)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if key != cluster.LabelManagedBy && key != cluster.LabelCluster {
			c.differ("label "+key, live[key], want[key])
		}
	}
}

func labelsOf(spec object) object { return at(spec, "template", "metadata", "labels") }
func podOf(spec object) object    { return at(spec, "template", "spec") }

func at(o object, fields ...string) object {
	for _, f := range fields {
		o, _ = o[f].(object)
	}
	return o
}

// byName lists objects by a key of theirs.
func byName(v any, key string) map[string]object {
	out := map[string]object{}
	list, _ := v.([]any)
	for _, item := range list {
		o, _ := item.(object)
		name, _ := o[key].(string)
		out[name] = o
	}
	return out
}

func namesOf(v any) []string { return slices.Sorted(maps.Keys(byName(v, "name"))) }

// containers compares the containers.
func (c *comparison) containers(a, b object) {
	c.differ("containers", namesOf(a["containers"]), namesOf(b["containers"]))
	live, want := byName(a["containers"], "name"), byName(b["containers"], "name")
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if x, ok := live[name]; ok {
			c.container(x, want[name])
		}
	}
}

// container compares two containers. One that does not start KAITO's server is of a template of the user's own, which
// KAITO and syncer copy: all of it counts.
func (c *comparison) container(live, want object) {
	c.differ("image", live["image"], want["image"])
	x, ok1 := commandOf(live)
	y, ok2 := commandOf(want)
	if ok1 && ok2 {
		c.differ("program", x.program, y.program)
		c.flags(x.flags, y.flags)
	} else {
		for _, key := range slices.Sorted(maps.Keys(want)) {
			switch key {
			case "image", "env", "volumeMounts", "resources":
			default:
				if !covers(live[key], want[key]) {
					c.differ(key, live[key], want[key])
				}
			}
		}
		c.differ("command", texts(live["command"]), texts(want["command"]))
		c.differ("args", texts(live["args"]), texts(want["args"]))
	}
	c.variables(live, want)
	c.differ("GPUs", devices(live), devices(want))
	c.mounts(live, want)
}

// covers reports whether a live value has all of the wanted one: the API server adds defaults.
func covers(live, want any) bool {
	switch want := want.(type) {
	case object:
		have, ok := live.(object)
		for key, v := range want {
			ok = ok && covers(have[key], v)
		}
		return ok
	case []any:
		have, ok := live.([]any)
		ok = ok && len(have) == len(want)
		for i := range want {
			ok = ok && covers(have[i], want[i])
		}
		return ok
	}
	return fmt.Sprint(live) == fmt.Sprint(want) // whole numbers have several types
}

func (c *comparison) flags(live, want map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(merged(live, want))) {
		x, has := live[name]
		y, wants := want[name]
		if pins[name] && !(has && wants) {
			continue
		}
		if has != wants || x != y {
			c.differ("flag --"+name, given(x, has), given(y, wants))
		}
	}
}

func merged[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, b)
	return out
}

func given(value string, is bool) any {
	switch {
	case !is:
		return nil
	case value == "":
		return "set"
	}
	return value
}

// plumbing are variables of the scripts of one side: they say nothing that the flags do not say.
var plumbing = map[string]bool{
	"MODEL_REPO": true, "MODEL_REVISION": true, "RAY_CLUSTER_SIZE": true, "RAY_LEADER": true, "POD_INDEX": true,
}

func (c *comparison) variables(live, want object) {
	x, y := byName(live["env"], "name"), byName(want["env"], "name")
	for _, name := range slices.Sorted(maps.Keys(merged(x, y))) {
		if !plumbing[name] && (x[name] == nil || y[name] == nil || !covers(x[name], y[name])) {
			c.differ("variable "+name, source(x[name]), source(y[name]))
		}
	}
}

// source is where a variable has its value from. The value may be a secret: messages do not show it.
func source(v object) any {
	switch {
	case v == nil:
		return nil
	case v["valueFrom"] != nil:
		return v["valueFrom"]
	}
	return "a value"
}

// devices are the GPUs, or the parts of them, that a container asks for.
func devices(container object) map[string]string {
	out := map[string]string{}
	for name, n := range at(container, "resources", "limits") {
		if strings.Contains(name, "/") {
			out[name] = fmt.Sprint(n)
		}
	}
	return out
}

// mounts compares what is mounted where.
func (c *comparison) mounts(live, want object) {
	x, y := mountsOf(c.live, live), mountsOf(c.want, want)
	for _, dir := range slices.Sorted(maps.Keys(merged(x, y))) {
		c.differ("volume at "+dir, set(x[dir]), set(y[dir]))
	}
}

// mountsOf describes the volumes of a container by their folders.
func mountsOf(spec, container object) map[string]string {
	volumes := byName(podOf(spec)["volumes"], "name")
	out := map[string]string{}
	mounts, _ := container["volumeMounts"].([]any)
	for _, item := range mounts {
		m, _ := item.(object)
		dir, _ := m["mountPath"].(string)
		name, _ := m["name"].(string)
		is := object{}
		for kind, v := range volumes[name] {
			if kind == "name" {
				continue
			}
			is[kind] = v
			if o, ok := v.(object); ok {
				o = maps.Clone(o)
				delete(o, "defaultMode")
				if o["type"] == "" {
					delete(o, "type")
				}
				is[kind] = o
			}
		}
		if volumes[name] == nil {
			is["volumeClaimTemplate"] = name
		}
		if sub := set(m["subPath"]); sub != nil {
			is["subPath"] = sub
		}
		data, err := json.Marshal(is)
		if err == nil {
			out[dir] = string(data)
		}
	}
	return out
}

// prepare are init containers of the same work in other words.
var prepare = map[string]bool{"cuda-toolkit-provisioner": true}

func (c *comparison) initContainers(a, b object) {
	x, y := byName(a["initContainers"], "name"), byName(b["initContainers"], "name")
	for _, name := range slices.Sorted(maps.Keys(merged(x, y))) {
		live, want := x[name], y[name]
		switch {
		case live == nil || want == nil:
			c.found = append(c.found, "init container "+name)
		case prepare[name]:
			c.differ("image of init container "+name, live["image"], want["image"])
		case !covers(live["image"], want["image"]) || !covers(live["command"], want["command"]) ||
			!covers(live["args"], want["args"]) || !covers(live["env"], want["env"]):
			c.found = append(c.found, "init container "+name)
		}
	}
}

// nodesOf lists what a pod requires of its node.
func nodesOf(pod object) []string {
	required := at(pod, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	terms, _ := required["nodeSelectorTerms"].([]any)
	var out []string
	for i, t := range terms {
		term, _ := t.(object)
		expressions, _ := term["matchExpressions"].([]any)
		for _, item := range expressions {
			e, _ := item.(object)
			values := strings.Join(texts(e["values"]), "|")
			prefix := ""
			if i > 0 {
				prefix = fmt.Sprintf("or %d: ", i)
			}
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s%v %v %s", prefix, e["key"], e["operator"], values)))
		}
	}
	slices.Sort(out)
	return out
}
