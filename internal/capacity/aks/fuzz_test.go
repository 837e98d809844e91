// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/redact"
)

// FuzzError: for any answer of Azure, or of a proxy in between, the error has a class with something to do, a code, no
// secret in its words, and a pause within a day.
func FuzzError(f *testing.F) {
	for _, body := range []string{
		"", "<html>", "{}", "null", `{"code": "Conflict", "message": "x"}`,
		`{"error": {"code": "OperationNotAllowed", "message": "exceeding approved standardNCADSA100v4Family Cores quota. ` +
			`Current Limit: 24, Current Usage: 9223372036854775807, Additional Required: 48"}}`,
		`{"error": {"code": "CreateVMSSAgentPoolFailed", "details": [{"code": "DeploymentFailed", "details": [{"code": ` +
			`"AllocationFailed", "message": ""}]}]}}`,
		`{"error": {"code": "CreateVMSSAgentPoolFailed", "message": "code ZonalAllocationFailed; password=hunter2 x"}}`,
		`{"error": {"details": [` + strings.Repeat(`{"details": [`, 50) + strings.Repeat(`]}`, 50) + `]}}`,
		`{"error": "x"}`, "\xff",
	} {
		f.Add(400, body, "5", "")
		f.Add(429, body, "9223372036854775807", "9223372036854775807")
		f.Add(503, body, "Fri, 31 Dec 9999 23:59:59 GMT", "-1")
		f.Add(0, body, "Mon, 01 Jan 0001 00:00:00 GMT", "0")
	}
	f.Fuzz(func(t *testing.T, status int, body, after, afterMS string) {
		err := wrapError(&azcore.ResponseError{
			StatusCode: status,
			RawResponse: &http.Response{
				StatusCode: status,
				Header:     http.Header{"Retry-After": {after}, "Retry-After-Ms": {afterMS}},
				Body:       io.NopCloser(strings.NewReader(body)),
			},
		})
		e := cloudTrouble(t, err)
		if e.Class == "" || e.Class.Action() == "" {
			t.Fatalf("%q: class %q, action %q", body, e.Class, e.Class.Action())
		}
		if e.Message != redact.Text(e.Message) {
			t.Fatalf("%q: %q shows a secret", body, e.Message)
		}
		if e.RetryAfter < 0 || e.RetryAfter > maxRetryAfter {
			t.Fatalf("%q, %q: a pause of %s", after, afterMS, e.RetryAfter)
		}
		if q := capacity.ParseQuotaError(e.Message); q.Left() < 0 || q.Required < 0 || strings.Contains(q.String(), "-") &&
			!strings.Contains(q.Family, "-") {
			t.Fatalf("%q: %+v, %s", body, q, q)
		}
	})
}
