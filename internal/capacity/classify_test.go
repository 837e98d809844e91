// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
)

// Words as Azure writes them.
const (
	textWrapped = "AKS encountered an internal error while attempting the requested Creating operation. " +
		`Details: Code="AllocationFailed" Message="Allocation failed. We do not have sufficient capacity for the ` +
		`requested VM size in this region."`
)

// rows reads testdata/answers.txt.
func rows(t *testing.T) (out []capacity.Answer, messages []string) {
	t.Helper()
	data, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, "|", 3)
		if len(parts) != 3 {
			t.Fatalf("%q has not three parts", line)
		}
		out = append(out, capacity.Answer{
			Class: capacity.Class(strings.TrimSpace(parts[0])), Code: strings.TrimSpace(parts[1]),
		})
		messages = append(messages, strings.TrimSpace(parts[2]))
	}
	return out, messages
}

// TestClassify holds the table against the answers in testdata, and has an answer for each code of the table.
func TestClassify(t *testing.T) {
	seen := map[string]bool{}
	want, messages := rows(t)
	for i, row := range want {
		seen[row.Code] = true
		if got := capacity.Classify(row.Code, messages[i]); got != row.Class {
			t.Errorf("%s %q: %s, want %s", row.Code, messages[i], got, row.Class)
		}
	}
	for a := range capacity.Answers() {
		if a.Code != "" && !seen[a.Code] {
			t.Errorf("testdata/answers.txt has no answer with %s", a.Code)
		}
	}
}

// TestEveryAnswerSaysWhatToDo: each class has an action, and a remedy unless it passes by itself; each row has a source
// and words that can match.
func TestEveryAnswerSaysWhatToDo(t *testing.T) {
	used := map[capacity.Class]bool{}
	for a := range capacity.Answers() {
		used[a.Class] = true
		if a.Source == "" || a.Code == "" && len(a.Words) == 0 {
			t.Errorf("%+v has no source, or fits anything", a)
		}
		for _, w := range a.Words {
			if w == "" || w != strings.ToLower(w) {
				t.Errorf("%s: the words %q match no message", a.Code, w)
			}
		}
		e := capacity.CloudError{Class: a.Class, Code: a.Code, Message: strings.Join(a.Words, " ")}
		if (e.Cure() == "") != a.Class.Passes() {
			t.Errorf("%s (%s): the remedy is %q", a.Code, a.Class, e.Cure())
		}
	}
	ours := []capacity.Class{capacity.ClassStuck, capacity.ClassUnknown}
	for _, c := range capacity.Classes() {
		if !used[c] && !slices.Contains(ours, c) {
			t.Errorf("no answer of Azure has class %s", c)
		}
		if c.Action() == "" || (c.Cure() == "") != c.Passes() {
			t.Errorf("%s: action %q, remedy %q", c, c.Action(), c.Cure())
		}
		if c.ClusterWide() && c.Action() != capacity.ActSurface {
			t.Errorf("%s concerns the cluster, and syncer does not report it", c)
		}
	}
}

// TestCures holds the remedies of answers that only a person can end against the word that helps.
func TestCures(t *testing.T) {
	for _, tt := range []struct{ code, message, word string }{
		{"K8sVersionNotSupported", "Managed cluster c is on version 1.29.2", "upgrade the cluster"},
		{"NodePoolMcVersionIncompatible", "Minor version of node pool cannot be bigger", "upgrade the cluster"},
		{"ReadOnlyDisabledSubscription", "The subscription is disabled", "enable the subscription"},
		{"OperationNotAllowed", "managed cluster is in stopped state.", "start the cluster"},
		{"ScopeLocked", "", "remove the lock"},
		{"RequestDisallowedByPolicy", "", "policy"},
		{"SubnetIsFull", "", "enlarge the subnet"},
		{"AuthorizationFailed", "", "role"},
		{"InvalidClientSecret", "", "az aks update-credentials"},
		{"AvailabilityZoneNotSupported", "", "capacity.limits.zones"},
		{"SomethingNew", "", "report the code"},
	} {
		e := capacity.CloudError{Class: capacity.Classify(tt.code, tt.message), Code: tt.code, Message: tt.message}
		if cure := e.Cure(); !strings.Contains(cure, tt.word) || strings.Contains(cure, "correct the Workspace") {
			t.Errorf("%s: %q does not say %q", tt.code, cure, tt.word)
		}
	}
}

// TestWhateverWrapsTheCode puts each answer into each form of wrapper: the class stays.
func TestWhateverWrapsTheCode(t *testing.T) {
	want, messages := rows(t)
	for i, row := range want {
		if row.Class == capacity.ClassUnknown || row.Class == capacity.ClassTransient {
			continue
		}
		inner := mustJSON(t, map[string]any{"code": row.Code, "message": messages[i]})
		for name, body := range map[string]string{
			"flat":    inner,
			"details": `{"code":"CreateVMSSAgentPoolFailed","message":"failed","details":[` + inner + `]}`,
			"deep": `{"code":"DeploymentFailed","details":[{"code":"BadRequest","message":"see inside",` +
				`"details":[` + inner + `]}]}`,
			"innererror": `{"code":"InternalServerError","message":"failed","innererror":` + inner + `}`,
			"second":     `{"code":"InvalidTemplateDeployment","details":[{"code":"Other","message":"x"},` + inner + `]}`,
			"other types": `{"code":"CreateVMSSAgentPoolFailed","message":7,"target":[],"innererror":"x",` +
				`"details":[` + inner + `]}`,
			"mixed case":   `{"Code":"CreateVMSSAgentPoolFailed","Message":"failed","Details":[` + inner + `]}`,
			"without code": `{"message":"failed","details":[` + inner + `]}`,
		} {
			var e capacity.ErrorDetail
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if got := capacity.Classify(e.Root()); got != row.Class {
				code, message := e.Root()
				t.Errorf("%s: %s %s %q, want %s of %s", name, got, code, message, row.Class, body)
			}
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRootOfNestedErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   capacity.ErrorDetail
		code string
	}{
		{"plain", capacity.ErrorDetail{Code: "AllocationFailed"}, "AllocationFailed"},
		{"in the words", capacity.ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: textWrapped}, "AllocationFailed"},
		{
			name: "in the details",
			in: capacity.ErrorDetail{
				Code:    "CreateVMSSAgentPoolFailed",
				Message: "failed",
				Details: []capacity.ErrorDetail{{Code: "ZonalAllocationFailed"}},
			},
			code: "ZonalAllocationFailed",
		},
		{"deep", capacity.ErrorDetail{Code: "InvalidTemplateDeployment", Details: []capacity.ErrorDetail{{Code: "Other"}, {
			Code: "DeploymentFailed",
			Details: []capacity.ErrorDetail{
				{Code: "QuotaExceeded", Message: capacitytest.TextFamilyQuota},
			},
		}}}, "QuotaExceeded"},
		{
			name: "nothing known: the code inside is named",
			in: capacity.ErrorDetail{
				Code:    "CreateVMSSAgentPoolFailed",
				Message: "failed",
				Details: []capacity.ErrorDetail{{Code: "Other"}},
			},
			code: "Other",
		},
		{
			name: "details of what is clear",
			in:   capacity.ErrorDetail{Code: "AllocationFailed", Details: []capacity.ErrorDetail{{Code: "InvalidParameter"}}},
			code: "AllocationFailed",
		},
		{
			name: "a code that is part of another word",
			in:   capacity.ErrorDetail{Code: "CreateVMSSAgentPoolFailed", Message: "ReallocationFailed"},
			code: "CreateVMSSAgentPoolFailed",
		},
	} {
		if code, _ := tt.in.Root(); code != tt.code {
			t.Errorf("%s: %s, want %s", tt.name, code, tt.code)
		}
	}
}

func TestParseShortage(t *testing.T) {
	for _, tt := range []struct {
		message string
		want    capacity.QuotaError
		text    string
	}{
		{
			message: capacitytest.TextFamilyQuota,
			want: capacity.QuotaError{
				Family: "standardNCADSA100v4Family", Region: "eastus", Limit: 48, Usage: 24, Required: 96, Known: true,
			},
			text: "72 vCPU of standardNCADSA100v4Family short: limit 48, used 24, needed 96",
		},
		{
			message: "exceeding approved Standard NCASv3_T4 Family Cores quota. Current Limit: 0, Current Usage: 0, " +
				"Additional Required: 4",
			want: capacity.QuotaError{Family: "Standard NCASv3_T4 Family", Required: 4, Known: true},
			text: "4 vCPU of Standard NCASv3_T4 Family short: limit 0, used 0, needed 4",
		},
		{
			message: capacitytest.TextSpotQuota,
			want:    capacity.QuotaError{Family: "lowPriorityCores", Required: 24, Known: true},
			text:    "24 vCPU of lowPriorityCores short: limit 0, used 0, needed 24",
		},
		{
			message: capacitytest.TextRegional,
			want:    capacity.QuotaError{Family: "cores", Limit: 100, Usage: 90, Required: 24, Known: true},
			text:    "14 vCPU of cores short: limit 100, used 90, needed 24",
		},
		{
			message: capacitytest.TextPreflight,
			want: capacity.QuotaError{
				Family: "standardNCADSA100v4Family", Region: "eastus", Required: 24, Known: true, OnlyLeft: true,
			},
			text: "24 vCPU of standardNCADSA100v4Family short: 0 left, 24 needed",
		},
		{
			message: "Operation results in exceeding quota limits of Core. Maximum allowed: 450, Current in use: 449, " +
				"Additional requested: 8.",
			want: capacity.QuotaError{Family: "cores", Limit: 450, Usage: 449, Required: 8, Known: true},
			text: "7 vCPU of cores short: limit 450, used 449, needed 8",
		},
		{"exceeding approved X Cores quota", capacity.QuotaError{Family: "X"}, "quota X is exhausted"},
	} {
		got := capacity.ParseQuotaError(tt.message)
		if got != tt.want || got.String() != tt.text {
			t.Errorf("%q: %+v %q, want %+v %q", tt.message, got, got, tt.want, tt.text)
		}
	}
}

func TestQuotaRequest(t *testing.T) {
	const scope = " --scope /subscriptions/$(az account show --query id --output tsv)" +
		"/providers/Microsoft.Compute/locations/eastus"
	for _, tt := range []struct {
		name string
		in   capacity.QuotaRequest
		want string
	}{
		{
			"of a family", capacity.RequestFor("StandardNCADSA100v4Family", "eastus", capacity.Limit{Known: true}, 24),
			"ask for a limit of 24 vCPU of quota StandardNCADSA100v4Family in eastus, with: " +
				"az quota update --resource-name StandardNCADSA100v4Family" + scope +
				" --limit-object value=24 --resource-type dedicated",
		},
		{
			"of spot", capacity.RequestFor(capacity.QuotaSpot, "eastus", capacity.Limit{Used: 8, Max: 10, Known: true}, 24),
			"ask for a limit of 32 vCPU of quota lowPriorityCores in eastus, with: " +
				"az quota update --resource-name lowPriorityCores" + scope +
				" --limit-object value=32 --resource-type lowPriority",
		},
		{
			"with a space in its key",
			capacity.RequestFor("Standard NCASv3_T4 Family", "eastus", capacity.Limit{Known: true}, 4),
			"ask for a limit of 4 vCPU of quota Standard NCASv3_T4 Family in eastus, with: " +
				"az quota update --resource-name 'Standard NCASv3_T4 Family'" + scope +
				" --limit-object value=4 --resource-type dedicated",
		},
		{
			"in a region that is no word",
			capacity.QuotaRequest{Name: "x", Region: "a; rm", Limit: 4},
			"ask for a limit of 4 vCPU of quota x in a; rm, in the Azure portal, under Quotas, Compute",
		},
	} {
		if got := tt.in.String(); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	for message, want := range map[string]capacity.QuotaRequest{
		capacitytest.TextFamilyQuota: {Name: "standardNCADSA100v4Family", Region: "eastus", Limit: 120, More: 72},
		capacitytest.TextPreflight:   {Name: "standardNCADSA100v4Family", Region: "eastus", More: 24},
	} {
		if got, ok := capacity.ParseQuotaError(message).Request(); !ok || got != want {
			t.Errorf("%q: %+v, want %+v", message, got, want)
		}
	}
}
