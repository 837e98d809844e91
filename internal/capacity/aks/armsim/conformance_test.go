// SPDX-License-Identifier: Apache-2.0

package armsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"
)

// facts are what Azure's published description of the API says about one answer: which fields there are, of which type,
// which have to be there, and which values they have. The file names its source.
type facts struct {
	Source     string              `json:"source"`
	APIVersion map[string]string   `json:"apiVersion"`
	Status     map[string][]int    `json:"status"` // by operation
	Types      map[string]typeFact `json:"types"`
	Enums      map[string][]string `json:"enums"`
}

// typeFact is one definition.
type typeFact struct {
	Required []string          `json:"required"`
	Fields   map[string]string `json:"fields"` // "string", "integer", "time", "enum:X", "Y", "[]Y", "{}string"
}

func readFacts(t *testing.T) facts {
	t.Helper()
	data, err := os.ReadFile("testdata/azure.json")
	if err != nil {
		t.Fatal(err)
	}
	var f facts
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// check holds a value of an answer against a type, and returns what differs.
func (f facts) check(path, kind string, v any) []string {
	wrong := func() []string { return []string{fmt.Sprintf("%s is %v, not %s", path, v, kind)} }
	switch {
	case kind == "any":
		return nil
	case kind == "string":
		if _, ok := v.(string); !ok {
			return wrong()
		}
	case kind == "boolean":
		if _, ok := v.(bool); !ok {
			return wrong()
		}
	case kind == "integer", kind == "number":
		n, ok := v.(float64)
		if !ok || kind == "integer" && n != float64(int64(n)) {
			return wrong()
		}
	case kind == "time":
		text, _ := v.(string)
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return wrong()
		}
	case strings.HasPrefix(kind, "enum:"):
		if text, _ := v.(string); !slices.Contains(f.Enums[kind[5:]], text) {
			return wrong()
		}
	case strings.HasPrefix(kind, "[]"):
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		var out []string
		for i, item := range list {
			out = append(out, f.check(fmt.Sprintf("%s[%d]", path, i), kind[2:], item)...)
		}
		return out
	case strings.HasPrefix(kind, "{}"):
		object, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		var out []string
		for k, item := range object {
			out = append(out, f.check(path+"."+k, kind[2:], item)...)
		}
		return out
	default:
		return f.checkObject(path, kind, v)
	}
	return nil
}

func (f facts) checkObject(path, kind string, v any) []string {
	t, known := f.Types[kind]
	object, ok := v.(map[string]any)
	if !known || !ok {
		return []string{fmt.Sprintf("%s is %v, not %s", path, v, kind)}
	}
	var out []string
	for _, name := range t.Required {
		if _, there := object[name]; !there {
			out = append(out, path+" has no "+name)
		}
	}
	for name, value := range object {
		field, there := t.Fields[name]
		switch {
		case !there:
			out = append(out, path+" has "+name+", which "+kind+" has not")
		case value == nil && slices.Contains(t.Required, name):
			out = append(out, path+"."+name+" is null")
		case value != nil:
			out = append(out, f.check(path+"."+name, field, value)...)
		}
	}
	return out
}

// modelled decodes an answer with the SDK's own type and encodes it again: what the type does not have gets lost.
func modelled(into any, body []byte) []string {
	if err := json.Unmarshal(body, into); err != nil {
		return []string{"the SDK refuses it: " + err.Error()}
	}
	again, err := json.Marshal(into)
	if err != nil {
		return []string{err.Error()}
	}
	var before, after any
	if json.Unmarshal(body, &before) != nil || json.Unmarshal(again, &after) != nil {
		return []string{"it is no JSON"}
	}
	if lost := missing("", before, after); len(lost) > 0 {
		return []string{"the SDK's type loses " + strings.Join(lost, ", ")}
	}
	return nil
}

// missing lists what one value has and another has not. Null and absent are the same.
func missing(path string, a, b any) []string {
	var out []string
	switch a := a.(type) {
	case nil:
	case map[string]any:
		other, _ := b.(map[string]any)
		for k, v := range a {
			out = append(out, missing(path+"."+k, v, other[k])...)
		}
	case []any:
		other, _ := b.([]any)
		for i, v := range a {
			if i >= len(other) {
				return append(out, fmt.Sprintf("%s[%d]", path, i))
			}
			out = append(out, missing(fmt.Sprintf("%s[%d]", path, i), v, other[i])...)
		}
	default:
		if !reflect.DeepEqual(a, b) {
			out = append(out, fmt.Sprintf("%s (%v, %v)", path, a, b))
		}
	}
	return out
}

const cluster1 = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c"

// TestAnswersAreAzures holds the answer of each route of the emulator against the published description of Azure's API,
// and against the types of the SDK: names, types, values and required fields, and the status.
func TestAnswersAreAzures(t *testing.T) {
	f := readFacts(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return now }, Quota: map[string]int{"standardncadsh100v5family": 0}})
	if err != nil {
		t.Fatal(err)
	}
	pool := func(more string) string {
		return `{"properties":{"mode":"User","type":"VirtualMachineScaleSets","osType":"Linux","osSKU":"Ubuntu",` +
			`"vmSize":"Standard_NC24ads_A100_v4","count":2,"osDiskSizeGB":200,"enableAutoScaling":false,` +
			`"nodeLabels":{"a":"b"},"nodeTaints":["a=b:NoSchedule"],"tags":{"x":"y"}` + more + `}}`
	}
	spot := `,"scaleSetPriority":"Spot","scaleSetEvictionPolicy":"Delete","spotMaxPrice":-1,"availabilityZones":["1"]`
	var operation string
	routes := map[string]bool{}
	call := func(name, method, path, body, operationID, kind string, model any, status int) {
		t.Helper()
		if !strings.HasPrefix(path, "/") {
			path = cluster1 + "/agentPools" + strings.TrimSuffix("/"+path, "/")
		}
		version := f.APIVersion["Microsoft.ContainerService"]
		r := httptest.NewRequest(method, path+"?api-version="+version, strings.NewReader(body))
		w := httptest.NewRecorder()
		_, pattern := s.mux.Handler(r)
		routes[pattern] = true
		s.ServeHTTP(w, r)
		got, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != status {
			t.Errorf("%s: status %d, want %d: %s", name, w.Code, status, got)
		}
		if status < 300 && !slices.Contains(f.Status[operationID], w.Code) {
			t.Errorf("%s: %s does not answer %d", name, operationID, w.Code)
		}
		if header := w.Header().Get("Azure-AsyncOperation"); header != "" {
			operation = strings.TrimPrefix(header, "http://"+r.Host)
			operation, _, _ = strings.Cut(operation, "?")
		}
		if kind == "" {
			if len(got) > 0 {
				t.Errorf("%s: there is a body: %s", name, got)
			}
			return
		}
		var v any
		if err := json.Unmarshal(got, &v); err != nil {
			t.Fatalf("%s: %v: %s", name, err, got)
		}
		for _, what := range f.check("", kind, v) {
			t.Errorf("%s: %s", name, what)
		}
		if model != nil {
			for _, what := range modelled(model, got) {
				t.Errorf("%s: %s", name, what)
			}
		}
	}
	type (
		agentPool = armcontainerservice.AgentPool
		list      = armcontainerservice.AgentPoolListResult
	)
	const put, get, del, post = http.MethodPut, http.MethodGet, http.MethodDelete, http.MethodPost
	call("create", put, "gpu", pool(""), "AgentPools_CreateOrUpdate", "AgentPool", new(agentPool), 201)
	call("operation in flight", get, operation, "", "operation", "Operation", nil, 200)
	call("busy", put, "gpu", pool(""), "", "AKSError", nil, 409)
	call("list while one is created", get, "", "", "AgentPools_List", "AgentPoolListResult", new(list), 200)
	now = now.Add(time.Hour)
	call("operation that has ended", get, operation, "", "operation", "Operation", nil, 200)
	call("create spot", put, "spot", pool(spot), "AgentPools_CreateOrUpdate", "AgentPool", new(agentPool), 201)
	call("get", get, "gpu", "", "AgentPools_Get", "AgentPool", new(agentPool), 200)
	call("update", put, "gpu", pool(""), "AgentPools_CreateOrUpdate", "AgentPool", new(agentPool), 200)
	now = now.Add(time.Hour)
	machines := new(armcontainerservice.MachineListResult)
	call("machines", get, "gpu/machines", "", "Machines_List", "MachineListResult", machines, 200)
	name := s.MachineNames("rg", "c", "gpu")[0]
	call("delete a machine", post, "gpu/deleteMachines", `{"machineNames":["`+name+`"]}`, "AgentPools_DeleteMachines",
		"", nil, 202)
	call("abort", post, "gpu/abort", "", "AgentPools_AbortLatestOperation", "", nil, 202)
	path := strings.Replace(cluster1, "managedClusters", "managedclusters", 1) + "/agentPools/gpu/abort"
	call("abort as the SDK spells it", post, path, "", "AgentPools_AbortLatestOperation", "", nil, 202)
	now = now.Add(time.Hour)
	call("abort with nothing to abort", post, "gpu/abort", "", "", "AKSError", nil, 409)
	s.Behave("Standard_NC48ads_A100_v4", Behaviour{
		Fails: "CreateVMSSAgentPoolFailed", Message: "no", Details: []Detail{{Code: "AllocationFailed", Message: "none"}},
	})
	large := strings.Replace(pool(""), "NC24ads", "NC48ads", 1)
	call("create one that fails", put, "late", large, "AgentPools_CreateOrUpdate", "AgentPool", new(agentPool), 201)
	now = now.Add(time.Hour)
	call("operation that failed", get, operation, "", "operation", "Operation", nil, 200)
	call("pool that failed", get, "late", "", "AgentPools_Get", "AgentPool", new(agentPool), 200)
	h100 := strings.Replace(pool(""), "NC24ads_A100_v4", "NC40ads_H100_v5", 1)
	call("no quota", put, "h", h100, "", "AKSError", nil, 400)
	call("no such size", put, "x", strings.Replace(pool(""), "NC24ads", "NC25ads", 1), "", "AKSError", nil, 400)
	call("immutable", put, "gpu", strings.Replace(pool(""), "200", "300", 1), "", "AKSError", nil, 400)
	call("no pool", get, "none", "", "", "AKSError", nil, 404)
	call("no body", put, "gpu", "", "", "AKSError", nil, 400)
	call("no operation", get, operation+"x", "", "", "AKSError", nil, 404)
	call("delete", del, "gpu", "", "AgentPools_Delete", "", nil, 202)
	call("delete what is not there", del, "none", "", "AgentPools_Delete", "", nil, 204)
	s.Stop("rg", "c")
	call("list of a stopped cluster", get, "", "", "AgentPools_List", "AgentPoolListResult", new(list), 200)
	call("write to a stopped cluster", put, "spot", pool(spot), "", "AKSError", nil, 409)
	compute := "/subscriptions/sub/providers/Microsoft.Compute"
	s.Behave("Standard_NC24ads_A100_v4", Behaviour{Restricted: "NotAvailableForSubscription"})
	s.Behave("Standard_NC40ads_H100_v5", Behaviour{NotInZones: []string{"2"}})
	call("usages", get, compute+"/locations/eastus/usages", "", "Usage_List", "ListUsagesResult",
		new(armcompute.ListUsagesResult), 200)
	call("sizes", get, compute+"/skus", "", "ResourceSkus_List", "ResourceSkusResult",
		new(armcompute.ResourceSKUsResult), 200)
	call("no such route", get, "/subscriptions/sub/other", "", "", "AKSError", nil, 404)
	for _, pattern := range s.patterns {
		if !strings.Contains(pattern, "/_sim/") && !routes[pattern] {
			t.Errorf("route %s has not been tried", pattern)
		}
	}
}

// TestFactsAreTheSDKs holds the facts against the SDK: the same values of enumerations.
func TestFactsAreTheSDKs(t *testing.T) {
	f := readFacts(t)
	for name, values := range map[string]any{
		"AgentPoolType":                     armcontainerservice.PossibleAgentPoolTypeValues(),
		"AgentPoolMode":                     armcontainerservice.PossibleAgentPoolModeValues(),
		"OSType":                            armcontainerservice.PossibleOSTypeValues(),
		"OSDiskType":                        armcontainerservice.PossibleOSDiskTypeValues(),
		"ScaleSetPriority":                  armcontainerservice.PossibleScaleSetPriorityValues(),
		"ScaleSetEvictionPolicy":            armcontainerservice.PossibleScaleSetEvictionPolicyValues(),
		"Code":                              armcontainerservice.PossibleCodeValues(),
		"ResourceSkuRestrictionsType":       armcompute.PossibleResourceSKURestrictionsTypeValues(),
		"ResourceSkuRestrictionsReasonCode": armcompute.PossibleResourceSKURestrictionsReasonCodeValues(),
	} {
		var want []string
		list := reflect.ValueOf(values)
		for i := range list.Len() {
			want = append(want, list.Index(i).String())
		}
		got := slices.Clone(f.Enums[name])
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s: the facts have %v, the SDK %v", name, got, want)
		}
	}
}
