// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/redact"
)

func cloudTrouble(t *testing.T, err error) *capacity.CloudError {
	t.Helper()
	var c *capacity.CloudError
	if !errors.As(err, &c) {
		t.Fatalf("%v is no CloudError", err)
	}
	return c
}

// TestThrottlingIsHonoured has Azure ask for two hours on one pool: no write of any pool is sent before they are over,
// none waits, and reading goes on.
func TestThrottlingIsHonoured(t *testing.T) {
	s := newSim(t, armsim.Options{})
	c := s.cloud(t, nil)
	s.Inject(
		armsim.Fault{
			Method:     http.MethodPut,
			Status:     http.StatusTooManyRequests,
			Code:       "Throttled",
			Message:    "slow down",
			RetryAfter: 7200,
		},
	)
	if e := cloudTrouble(t, create(t, c, wanted("wa", a100, 1))); e.Class != capacity.ClassThrottled ||
		e.RetryAfter != 2*time.Hour {
		t.Fatalf("%+v", e)
	}
	s.Pass(time.Hour)
	if e := cloudTrouble(t, create(t, c, wanted("wb", a100, 1))); e.Class != capacity.ClassThrottled ||
		e.RetryAfter != time.Hour {
		t.Fatalf("another pool: %+v", e)
	}
	if s.Writes() != 1 {
		t.Errorf("%d writes were sent", s.Writes())
	}
	if _, err := c.Pools(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	s.Pass(time.Hour + time.Second)
	if err := create(t, c, wanted("wb", a100, 1)); err != nil {
		t.Error(err)
	}
	s.Inject(
		armsim.Fault{
			Method:     http.MethodGet,
			Status:     http.StatusTooManyRequests,
			Code:       "SubscriptionRequestsThrottled",
			RetryAfter: 60,
		},
	)
	if _, err := c.Pools(t.Context()); class(err) != capacity.ClassThrottled {
		t.Error(err)
	}
	if err := create(t, c, wanted("wc", a100, 1)); class(err) != capacity.ClassThrottled {
		t.Errorf("a throttled read stops writes too: %v", err)
	}
}

// TestRequestsAreMetered spends the tokens.
func TestRequestsAreMetered(t *testing.T) {
	s := newSim(t, armsim.Options{})
	c := s.cloud(t, nil)
	list := func() error { _, err := c.Pools(t.Context()); return err }
	for range requestBurst {
		if err := list(); err != nil {
			t.Fatal(err)
		}
	}
	before := s.Requests()[http.MethodGet]
	if e := cloudTrouble(t, list()); e.Class != capacity.ClassThrottled || e.RetryAfter <= 0 ||
		e.RetryAfter > time.Second {
		t.Errorf("%+v", e)
	}
	if n := s.Requests()[http.MethodGet]; n != before {
		t.Error("it was sent all the same")
	}
	s.Pass(time.Second)
	if err := list(); err != nil {
		t.Error(err)
	}

	s.Pass(time.Hour)
	refused := armsim.Fault{Method: http.MethodPut, Times: 100, Status: http.StatusBadRequest, Code: "InvalidParameter"}
	s.Inject(refused)
	for range writeBurst {
		if err := create(t, c, wanted("wa", a100, 1)); class(err) != capacity.ClassInvalid {
			t.Fatal(err)
		}
	}
	if e := cloudTrouble(t, create(t, c, wanted("wa", a100, 1))); e.Class != capacity.ClassThrottled ||
		e.RetryAfter > time.Minute {
		t.Errorf("%+v", e)
	}
	if err := create(t, c, wanted("wb", a100, 1)); class(err) != capacity.ClassInvalid {
		t.Errorf("another pool has tokens of its own: %v", err)
	}
	s.Pass(time.Minute)
	if err := create(t, c, wanted("wa", a100, 1)); class(err) != capacity.ClassInvalid {
		t.Error(err)
	}
}

// TestRefusedIdentity shows the breaker: requests that the identity may not make are made rarely, and others go on.
func TestRefusedIdentity(t *testing.T) {
	s := newSim(t, armsim.Options{})
	c := s.cloud(t, nil)
	s.Inject(
		armsim.Fault{
			Method:  http.MethodPut,
			Times:   1000,
			Status:  http.StatusForbidden,
			Code:    "AuthorizationFailed",
			Wrapped: true,
		},
	)
	for range 24 * 60 {
		if err := create(t, c, wanted("wa", a100, 1)); class(err) != capacity.ClassPermission {
			t.Fatal(err)
		}
		s.Pass(time.Minute)
	}
	if n := s.Writes(); n > 24*60/10+10 || n < 100 {
		t.Errorf("%d writes were sent in a day", n)
	}
	if _, err := c.Pools(t.Context()); err != nil {
		t.Errorf("reading is another right: %v", err)
	}

	s = newSim(t, armsim.Options{})
	c = s.cloud(t, nil)
	s.Inject(armsim.Fault{Method: http.MethodPut, Status: http.StatusForbidden, Code: "LinkedAuthorizationFailed"})
	if err := create(t, c, wanted("wa", a100, 1)); class(err) != capacity.ClassPermission {
		t.Fatal(err)
	}
	if err := create(t, c, wanted("wb", a100, 1)); err != nil {
		t.Errorf("what one pool is linked to does not concern another: %v", err)
	}
	s.Inject(armsim.Fault{Method: http.MethodGet, Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken"})
	if _, err := c.Pools(t.Context()); class(err) != capacity.ClassPermission {
		t.Fatal(err)
	}
	if err := create(t, c, wanted("wc", a100, 1)); class(err) != capacity.ClassPermission {
		t.Errorf("a token that is refused is refused everywhere: %v", err)
	}
	s.Pass(2 * time.Minute)
	if _, err := c.Pools(t.Context()); err != nil {
		t.Errorf("the client retries: %v", err)
	}
}

func TestBodiesAndWrappers(t *testing.T) {
	s := newSim(t, armsim.Options{})
	c := s.cloud(t, nil)
	for name, f := range map[string]armsim.Fault{
		"flat":    {Code: "QuotaExceeded", Message: "x"},
		"wrapped": {Code: "QuotaExceeded", Message: "x", Wrapped: true},
		"details": {
			Code:    "InvalidTemplateDeployment",
			Message: "failed",
			Details: []armsim.Detail{{Code: "QuotaExceeded", Message: "exceeding approved LowPriorityCores quota"}},
		},
		"both": {
			Code:    "InvalidTemplateDeployment",
			Message: "failed",
			Wrapped: true,
			Details: []armsim.Detail{{Code: "DeploymentFailed", Details: []armsim.Detail{{Code: "QuotaExceeded"}}}},
		},
	} {
		f.Method, f.Status = http.MethodPut, http.StatusBadRequest
		s.Inject(f)
		if e := cloudTrouble(t, create(t, c, wanted("w"+name, a100, 1))); e.Class != capacity.ClassQuota ||
			e.Code != "QuotaExceeded" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	s.Inject(armsim.Fault{
		Method:  http.MethodPut,
		Async:   true,
		Code:    "CreateVMSSAgentPoolFailed",
		Message: "failed",
		Details: []armsim.Detail{{Code: "ZonalAllocationFailed", Message: "none in zone 1"}},
	})
	if err := create(t, c, wanted("wlate", a100, 1)); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Hour)
	pools, err := c.Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pools {
		if p.Name == "wlate" &&
			(p.State != capacity.Failed || p.ErrorCode != "ZonalAllocationFailed" || p.Error != "none in zone 1") {
			t.Errorf("%+v", p)
		}
	}
}

func TestNothingSecretIsTold(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJodHRwczovL20ifQ.c2lnbmF0dXJl"
	for _, text := range []string{
		"Authorization: Bearer geheim",
		"GET https://x/y?sig=geheim&z=1",
		"https://x/?a=1&code=geheim",
		`{"access_token": "geheim"}`,
		"grant_type=client_credentials&client_secret=geheim",
		"client_assertion=geheim ",
		"dial https://user:geheim@proxy:3128",
		"token " + jwt,
		`{"primaryKey":"geheim"}`,
		"SharedAccessSignature geheim",
	} {
		if got := redact.Text(text); strings.Contains(got, "geheim") || strings.Contains(got, "eyJ") ||
			!strings.Contains(got, "[redacted]") {
			t.Errorf("%q became %q", text, got)
		}
	}
	if text := "VM size Standard_NC24ads_A100_v4 is not available, see https://aka.ms/x?a=b"; redact.Text(text) != text {
		t.Errorf("%q became %q", text, redact.Text(text))
	}
	s := newSim(t, armsim.Options{})
	c := s.cloud(t, nil)
	s.Inject(
		armsim.Fault{
			Method:  http.MethodPut,
			Status:  http.StatusBadRequest,
			Code:    "BadRequest",
			Message: "bad Bearer " + jwt + " at https://x/?sig=geheim",
		},
	)
	if err := create(t, c, wanted("wa", a100, 1)); strings.Contains(err.Error(), "eyJ") ||
		strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
	s.Inject(
		armsim.Fault{Method: http.MethodPut, Async: true, Code: "AllocationFailed", Message: "see https://x/?sig=geheim"},
	)
	if err := create(t, c, wanted("wb", a100, 1)); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Hour)
	pools, _ := c.Pools(t.Context())
	for _, p := range pools {
		if strings.Contains(p.Error, "geheim") {
			t.Error(p.Error)
		}
	}
}
