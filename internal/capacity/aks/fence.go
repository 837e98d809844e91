// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// fenced is the policy that asks for permission right before each try of a request that writes.
type fenced struct{ mayWrite func() error }

// Do sends the request, or returns the refusal.
func (f fenced) Do(req *policy.Request) (*http.Response, error) {
	if f.mayWrite != nil && req.Raw().Method != http.MethodGet && req.Raw().Method != http.MethodHead {
		if err := f.mayWrite(); err != nil {
			return nil, &forbiddenError{err}
		}
	}
	return req.Next()
}

// forbiddenError is the refusal of a write.
type forbiddenError struct{ error }

// Unwrap returns the cause.
func (e *forbiddenError) Unwrap() error { return e.error }

// NonRetriable keeps the SDK from retrying.
func (e *forbiddenError) NonRetriable() {}
