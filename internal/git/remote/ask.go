// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"

	"syncer.dev/syncer/internal/git/signin"
)

// credentials returns those for the next session. What a person's helper has answered is used from the start.
func (r *Remote) credentials(ctx context.Context) (signin.Session, error) {
	if r.asked.Load() {
		if c, err := r.ask(ctx); err == nil {
			return c, nil
		}
		r.asked.Store(false)
	}
	return r.auth.Read(ctx, &r.endpoint, r.redactor.known.Learn)
}

// mayAsk reports whether a person's helper is there to ask, and no credentials are configured.
func (r *Remote) mayAsk() bool {
	return r.auth.Ask != nil && r.auth.Empty() && r.endpoint.Protocol != "ssh" && r.endpoint.Protocol != "file" &&
		!r.asked.Load()
}

// ask asks for credentials. They go to the host that was configured, and over http only on this machine.
func (r *Remote) ask(ctx context.Context) (signin.Session, error) {
	if r.endpoint.Protocol == "http" && !isLoopback(r.endpoint.Host) {
		return signin.Session{}, errors.New("credentials would travel in the clear over http: use https")
	}
	c, err := signin.FromSource(ctx, r.auth.Ask, r.redactor.known.Learn)
	r.asked.Store(err == nil)
	return c, err
}

// askedError is a demand of the server for credentials that are neither configured nor known to the helper.
type askedError struct {
	error
	ask error
}

// Hint says who was asked.
func (e *askedError) Hint() string {
	return fmt.Sprintf("the server asks for credentials and none are configured: %v", e.ask)
}

// Unwrap returns the demand.
func (e *askedError) Unwrap() error { return e.error }
