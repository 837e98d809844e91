// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

const aksName = "aks"

func emulator(t *testing.T, o armsim.Options) *armsim.Server {
	t.Helper()
	o.CreateDelay, o.ScaleDelay, o.DeleteDelay = 30*time.Millisecond, 30*time.Millisecond, 30*time.Millisecond
	o.NodeDelay = 10 * time.Millisecond
	s, err := armsim.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func cloudFor(t *testing.T, s *armsim.Server, owner string) *Cloud {
	t.Helper()
	c, err := New(
		Options{
			SubscriptionID: "sub",
			ResourceGroup:  "rg",
			Cluster:        aksName,
			Location:       "eastus",
			Identity:       Identity{Auth: authAnonymous},
			Environment:    Environment{Endpoint: s.URL()},
			Owner:          owner,
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wanted(name, size string, count int) *capacity.Pool {
	sku, _ := capacity.LookupSKU(size)
	return &capacity.Pool{
		Name: name,
		Workspace: workspace.Key{
			Namespace: "default",
			Name:      "phi",
		},
		SKU:     sku,
		Count:   count,
		OSSKU:   "Ubuntu",
		DiskGiB: 100,
		Labels:  map[string]string{"app": "phi"},
		Taints:  []string{capacity.GPUTaint},
	}
}

const a100 = "Standard_NC24ads_A100_v4"

func create(t *testing.T, c *Cloud, p *capacity.Pool) error {
	t.Helper()
	return c.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Create, Name: p.Name, Desired: p})
}

// pool waits until a pool is as ok wants it, and returns it; nil when it is gone.
func pool(t *testing.T, c *Cloud, name string, ok func(*capacity.LivePool) bool) *capacity.LivePool {
	t.Helper()
	var found *capacity.LivePool
	testenv.Eventually(t, "pool "+name, func() string {
		pools, err := c.Pools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found = nil
		for i := range pools {
			if pools[i].Name == name {
				found = &pools[i]
			}
		}
		if !ok(found) {
			return fmt.Sprintf("it is %+v", found)
		}
		return ""
	})
	return found
}

func settled(l *capacity.LivePool) bool { return l != nil && !l.State.Busy() }

func class(err error) capacity.Class {
	var c *capacity.CloudError
	if errors.As(err, &c) {
		return c.Class
	}
	return ""
}

func TestLifeOfAPool(t *testing.T) {
	s := emulator(t, armsim.Options{})
	c := cloudFor(t, s, "demo")
	p := wanted("wphi", a100, 2)
	if err := create(t, c, p); err != nil {
		t.Fatal(err)
	}
	l := pool(t, c, "wphi", func(l *capacity.LivePool) bool { return l != nil })
	if !l.Owned || l.Workspace != p.Workspace || l.Size != a100 {
		t.Errorf("%+v", l)
	}
	l = pool(t, c, "wphi", settled)
	if l.State != capacity.Succeeded || l.Count != 2 || l.Labels["app"] != "phi" || len(l.Taints) != 1 {
		t.Errorf("%+v", l)
	}
	checkNodes(t, s, 2)

	less := p.Scaled(0)
	less.Labels = map[string]string{"app": "other"}
	if err := c.Ensure(t.Context(), capacity.PoolChange{
		Op:      capacity.Update,
		Name:    "wphi",
		Desired: &less,
		Live:    l,
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Ensure(t.Context(), capacity.PoolChange{Op: capacity.Update, Name: "wphi", Desired: p, Live: l}); class(
		err,
	) != capacity.ClassConflict {
		t.Errorf("a write with an old ETag: %v", err)
	}
	l = pool(t, c, "wphi", settled)
	if l.Count != 0 || l.Labels["app"] != "other" {
		t.Errorf("%+v", l)
	}
	checkNodes(t, s, 0)

	if err := c.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: l}); err != nil {
		t.Fatal(err)
	}
	pool(t, c, "wphi", func(l *capacity.LivePool) bool { return l == nil })
	if err := c.Delete(t.Context(), capacity.PoolChange{Op: capacity.Delete, Name: "wphi", Live: l}); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
}

// checkNodes looks at the feed of nodes.
func checkNodes(t *testing.T, s *armsim.Server, count int) {
	t.Helper()
	resp, err := http.Get(s.NodesURL(aksName))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var feed struct {
		Nodes []struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct{ Taints []map[string]string }
			Status   struct{ Capacity map[string]string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&feed); err != nil || len(feed.Nodes) != count {
		t.Fatalf("%d nodes, %v; want %d", len(feed.Nodes), err, count)
	}
	for _, n := range feed.Nodes {
		l := n.Metadata.Labels
		if l["kubernetes.azure.com/agentpool"] != "wphi" || l["node.kubernetes.io/instance-type"] != a100 ||
			l["app"] != "phi" ||
			n.Status.Capacity["nvidia.com/gpu"] != "1" ||
			n.Spec.Taints[0]["key"] != "sku" {
			t.Errorf("%+v", n)
		}
	}
}

func TestOthersAreNeverWritten(t *testing.T) {
	s := emulator(t, armsim.Options{})
	theirs, ours := cloudFor(t, s, "other"), cloudFor(t, s, "demo")
	if err := create(t, theirs, wanted("wphi", a100, 1)); err != nil {
		t.Fatal(err)
	}
	pool(t, theirs, "wphi", settled)
	for _, name := range []string{"wphi", "nodepool1"} {
		l := pool(t, ours, name, settled)
		if l.Owned {
			t.Errorf("%s counts as ours", name)
		}
		forged := *l
		forged.Owned = true // as if it had been ours when it was listed
		change := capacity.PoolChange{Name: name, Desired: wanted(name, a100, 5), Live: &forged}
		if err := ours.Ensure(t.Context(), change); !errors.Is(err, capacity.ErrNotOwned) {
			t.Errorf("update of %s: %v", name, err)
		}
		if err := ours.Delete(t.Context(), change); !errors.Is(err, capacity.ErrNotOwned) {
			t.Errorf("delete of %s: %v", name, err)
		}
	}
	if err := create(t, ours, wanted("wphi", a100, 1)); class(err) != capacity.ClassConflict {
		t.Errorf("creating a pool that another client owns: %v", err)
	}
}

func TestErrorsAreClassified(t *testing.T) {
	s := emulator(t, armsim.Options{Quota: map[string]int{"standardncadsa100v4family": 24}})
	c := cloudFor(t, s, "demo")
	if err := create(t, c, wanted("wbig", a100, 2)); class(err) != capacity.ClassQuota {
		t.Errorf("more than the quota: %v", err)
	}
	if err := create(t, c, wanted("wold", "Standard_NC6s_v3", 1)); class(err) != capacity.ClassUnavailable {
		t.Errorf("a retired size: %v", err)
	}
	s.Inject(
		armsim.Fault{
			Method:     http.MethodPut,
			Times:      3,
			Status:     http.StatusTooManyRequests,
			Code:       "Throttled",
			Message:    "slow down ?sig=geheim",
			RetryAfter: 30,
		},
	)
	err := create(t, c, wanted("wphi", a100, 1))
	var cloudErr *capacity.CloudError
	if !errors.As(err, &cloudErr) || cloudErr.Class != capacity.ClassThrottled || cloudErr.RetryAfter != 30*time.Second ||
		strings.Contains(err.Error(), "geheim") {
		t.Errorf("throttled: %v %+v", err, cloudErr)
	}
	s.Down()
	if _, err := c.Pools(t.Context()); class(err) != capacity.ClassTransient {
		t.Errorf("unreachable: %v", err)
	}
	s.Up()
	q, err := c.Quota(t.Context())
	if l := q.Families["standardncadsa100v4family"]; err != nil || !l.Known || l.Max != 24 || !q.Regional.Known {
		t.Errorf("quota %+v, %v", q, err)
	}
}

func TestLostAnswerIsNotASecondPool(t *testing.T) {
	s := emulator(t, armsim.Options{})
	c := cloudFor(t, s, "demo")
	s.Inject(armsim.Fault{Method: http.MethodPut, Drop: true, After: true})
	if err := create(t, c, wanted("wphi", a100, 1)); err != nil {
		t.Errorf("the pool is there by our own first try: %v", err)
	}
	pool(t, c, "wphi", settled)
}

func TestLateFailureIsListed(t *testing.T) {
	s := emulator(t, armsim.Options{})
	c := cloudFor(t, s, "demo")
	s.Inject(armsim.Fault{Method: http.MethodPut, Async: true, Code: "AllocationFailed", Message: "no capacity"})
	if err := create(t, c, wanted("wphi", a100, 1)); err != nil {
		t.Fatal(err)
	}
	l := pool(t, c, "wphi", settled)
	if l.State != capacity.Failed || l.ErrorCode != "AllocationFailed" ||
		capacity.Classify(l.ErrorCode, l.Error) != capacity.ClassCapacity {
		t.Errorf("%+v", l)
	}
	if err := c.Ensure(t.Context(), capacity.PoolChange{
		Op:      capacity.Update,
		Name:    "wphi",
		Desired: wanted("wphi", a100, 1),
		Live:    l,
	}); err != nil {
		t.Fatal(err)
	}
	if l = pool(t, c, "wphi", settled); l.State != capacity.Succeeded {
		t.Errorf("after writing it again: %+v", l)
	}
}

func TestEmulatorKeepsItsState(t *testing.T) {
	o := armsim.Options{StateFile: filepath.Join(t.TempDir(), "state.json")}
	s := emulator(t, o)
	c := cloudFor(t, s, "demo")
	if err := create(t, c, wanted("wphi", a100, 1)); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	c = cloudFor(t, emulator(t, o), "demo")
	if l := pool(t, c, "wphi", settled); !l.Owned || l.Count != 1 {
		t.Errorf("%+v", l)
	}
}

func TestReadingWritesNothing(t *testing.T) {
	s := emulator(t, armsim.Options{})
	c := cloudFor(t, s, "demo")
	for range 3 {
		if _, err := c.Pools(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s.Writes() != 0 || c.Requests()[http.MethodGet] != 3 {
		t.Errorf("%d writes, requests %v", s.Writes(), c.Requests())
	}
}

func TestWhoMayBeAnonymous(t *testing.T) {
	for _, tt := range []struct{ auth, endpoint, want string }{
		{auth: authAnonymous, want: "for an emulator"},
		{auth: authAnonymous, endpoint: "https://management.azure.com", want: "for an emulator"},
		{auth: authAzureCLI, endpoint: "http://arm.example.com", want: "must be https"},
		{auth: "magic", want: "not one of"},
		{auth: authAnonymous, endpoint: "http://127.0.0.1:1"},
	} {
		_, err := New(
			Options{
				SubscriptionID: "s",
				ResourceGroup:  "g",
				Cluster:        "c",
				Owner:          "demo",
				Identity:       Identity{Auth: tt.auth},
				Environment:    Environment{Endpoint: tt.endpoint},
			},
		)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(fmt.Sprint(err), tt.want)) {
			t.Errorf("%s at %q: %v, want %q", tt.auth, tt.endpoint, err, tt.want)
		}
	}
}

// TestOwnerIsRequired shows that New refuses a cluster without a name: an empty name would match pools without our tag.
func TestOwnerIsRequired(t *testing.T) {
	if _, err := New(Options{
		SubscriptionID: "s",
		ResourceGroup:  "g",
		Cluster:        "c",
		Identity:       Identity{Auth: authAzureCLI},
	}); err == nil {
		t.Error("a Cloud without an owner")
	}
}

// TestOperationThatIsPolled shows that an operation of the emulator can last for a number of polls, at any time.
func TestOperationThatIsPolled(t *testing.T) {
	s := newSim(t, armsim.Options{Polls: 3})
	c := s.cloud(t, nil)
	if err := create(t, c, wanted("wphi", a100, 1)); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Hour)
	var states []capacity.PoolState
	for range 4 {
		pools, err := c.Pools(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, pools[1].State)
	}
	if fmt.Sprint(states) != "[Creating Creating Creating Succeeded]" {
		t.Error(states)
	}
}
