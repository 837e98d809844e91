// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/diag"
)

// TestLikeness: Judge finds something in both of two objects of the same likeness, or in neither, under any policy.
func TestLikeness(t *testing.T) {
	policies := []Policy{
		{},
		{Level: Restricted},
		{Level: Privileged},
		{Secrets: []string{"a"}},
		{ServiceAccounts: []string{}, Secrets: []string{}},
		{Verdict: diag.Off},
		{Verdict: diag.Warn, NoLoadBalancers: true},
	}
	bases := []map[string]any{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, spec := range []string{plain, full} {
			bases = append(bases, object(t, strings.Replace(kinds[kind].text, "%s", spec, 1)))
		}
	}
	alike, clean := 0, 0
	for seed := range uint64(25_000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := policies[rng.IntN(len(policies))]
		a := edited(rng, bases[rng.IntN(len(bases))]).(map[string]any)
		b := edited(rng, a).(map[string]any)
		la, ok1 := p.Likeness(a)
		lb, ok2 := p.Likeness(b)
		if !ok1 || !ok2 || la != lb || reflect.DeepEqual(a, b) {
			continue
		}
		alike++
		fa, fb := p.Judge(a), p.Judge(b)
		if len(fa) == 0 {
			clean++
		}
		if (len(fa) == 0) != (len(fb) == 0) {
			t.Fatalf("seed %d: two objects are alike\n%v\n%v\nand the policy finds %v and %v", seed, a, b, found(fa), found(fb))
		}
	}
	if alike < 200 || clean < 100 {
		t.Errorf("%d objects are alike, of which %d have no findings", alike, clean)
	}
}

// TestLikenessOfPolicies: what one policy admits is not alike under another, which may refuse it: no list of names
// admits all of them, and an empty one none.
func TestLikenessOfPolicies(t *testing.T) {
	o := object(t, strings.Replace(kinds["Pod"].text, "%s", full, 1))
	seen := map[Likeness]int{}
	for i, p := range []Policy{
		{},
		{Secrets: []string{}},
		{Secrets: []string{""}},
		{Secrets: []string{"a"}},
		{ServiceAccounts: []string{}},
		{ServiceAccounts: []string{"a"}},
		{Verdict: diag.Off},
		{Verdict: diag.Warn},
		{Level: Restricted},
		{NoLoadBalancers: true},
	} {
		l, known := p.Likeness(o)
		if other, twice := seen[l]; twice || !known {
			t.Errorf("policies %d and %d: alike", i, other)
		}
		seen[l] = i
	}
}

// full is a pod with texts in all the places that a likeness leaves out.
const full = `{serviceName: x, nodeSelector: {a/b: c, d: e},
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [
    {matchExpressions: [{key: a/b, operator: In, values: [x, y]}]}]}}},
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, labelSelector: {matchLabels: {a/b: c, app: d}}}],
  volumes: [{name: v, ephemeral: {volumeClaimTemplate: {
    metadata: {name: n, labels: {a/b: c}, annotations: {syncer.dev/x: y}},
    spec: {selector: {matchLabels: {a/b: c}}}}}}],
  initContainers: [{name: i, image: i, args: [a],
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}],
  containers: [{name: c, image: i, args: [a, b], command: [x],
    env: [{name: a, value: b}, {name: c, valueFrom: {secretKeyRef: {name: a}}}],
    resources: {limits: {nvidia.com/gpu: "1"}}, volumeMounts: [{name: v, mountPath: /x}],
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}`

// words are names of fields that a rule looks at, or that a likeness leaves out the values of, and texts of all sorts.
var (
	fieldNames = []string{
		"metadata", "name", "namespace", "labels", "matchLabels", "nodeSelector", "selector", "annotations", "containers",
		"initContainers", "ephemeralContainers", "volumes", "args", "command", "env", "value", "values", "matchExpressions",
		"serviceName", "a/b",
		"syncer.dev/x",
		"container.apparmor.security.beta.kubernetes.io/c", "image", "securityContext", "hostNetwork", "nodeName",
		"serviceAccountName", "secretName", "secretRef", "secret", "secrets", "imagePullSecrets", "type", "spec",
		"privileged",
		"hostPath", "path", "ports", "hostPort", "procMount", "runAsUser", "runAsNonRoot", "kind", "apiVersion", "operator",
		"targetPort", "externalIPs", "nvidia.com/gpu", "limits", "key", "valueFrom", "livenessProbe", "httpGet", "host",
	}
	texts = []string{
		"", "a", "x/y", "c", "Unmasked", "LoadBalancer", "Service", "v1", "ServiceAccount", "unconfined", "1", "many", "In",
		"NetworkPolicy", "windows", "runtime/default", "ray",
	}
)

// edited returns a copy of a value with a few changes, drawn at random.
func edited(rng *rand.Rand, v any) any {
	leaf := func() any {
		switch rng.IntN(12) {
		case 0:
			return []any{nil, true, false, int64(0), int64(6379), 1.5, 2.0, 2, int64(2)}[rng.IntN(9)]
		case 1:
			return []any{texts[rng.IntN(len(texts))], "b"}
		case 2:
			return map[string]any{fieldNames[rng.IntN(len(fieldNames))]: texts[rng.IntN(len(texts))]}
		case 3:
			return []any{map[string]any{
				"name": "a", fieldNames[rng.IntN(len(fieldNames))]: texts[rng.IntN(len(texts))],
			}}
		}
		return texts[rng.IntN(len(texts))]
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[key] = edited(rng, v[key])
		}
		if rng.IntN(60) == 0 {
			out[fieldNames[rng.IntN(len(fieldNames))]] = leaf()
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, edited(rng, item))
		}
		if rng.IntN(40) == 0 {
			out = append(out, leaf())
		}
		return out
	}
	if rng.IntN(20) == 0 {
		return leaf()
	}
	return v
}

// TestLikenessOfTypes: in a pod, the fields that a likeness leaves out are texts, or lists and maps of texts: any text
// is as good as any other to a decoder.
func TestLikenessOfTypes(t *testing.T) {
	text, textList, textMap := reflect.TypeFor[string](), reflect.TypeFor[[]string](), reflect.TypeFor[map[string]string]()
	spec := reflect.TypeFor[corev1.PodSpec]()
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || seen[of] {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			want := f.Type
			switch name {
			case "matchExpressions":
				values, _ := f.Type.Elem().FieldByName("Values")
				key, _ := f.Type.Elem().FieldByName("Key")
				if values.Type != textList || key.Type != text {
					t.Errorf("%s has a field %s of type %s", of, name, f.Type)
				}
			case "labels", "matchLabels", "nodeSelector", "annotations":
				want = textMap
			case "serviceName":
				want = text
			case "selector":
				if want == text || want.Kind() == reflect.Map && want != textMap {
					t.Errorf("%s has a selector of type %s", of, want)
				}
			case "args", "command", "env", "name", "value":
				if of == spec { // it may be an item of a list of containers
					t.Errorf("a pod has a field %s", name)
				}
			}
			if f.Type != want {
				t.Errorf("%s has a field %s of type %s", of, name, f.Type)
			}
			walk(f.Type)
		}
	}
	walk(spec)
	for _, container := range []reflect.Type{
		reflect.TypeFor[corev1.Container](), reflect.TypeFor[corev1.EphemeralContainerCommon](),
	} {
		for field, want := range map[string]reflect.Type{
			"Name": text, "Args": textList, "Command": textList, "Env": reflect.TypeFor[[]corev1.EnvVar](),
		} {
			if f, _ := container.FieldByName(field); f.Type != want {
				t.Errorf("%s has a field %s of type %v", container, field, f.Type)
			}
		}
	}
}
