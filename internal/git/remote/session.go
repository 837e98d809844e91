// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// A session is one connection to the server. Its calls end when their context ends. Calls of the library may last
// longer: connecting over ssh takes no context, and the library waits for the hooks of a killed local git. An abandoned
// call continues in the background until it ends.
type session[S transport.Session] struct {
	raw   S
	adv   *packp.AdvRefs // nil unless open succeeded
	calls sync.WaitGroup
}

// open starts a session and reads the refs that the server advertises.
func open[S transport.Session](
	ctx context.Context,
	r *Remote,
	start func(*transport.Endpoint, transport.AuthMethod) (S, error),
) (*session[S], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	auth, err := r.credentials(ctx)
	if err != nil {
		return nil, err
	}
	s, err := connect(ctx, r, start, auth.Method)
	if !unknown(err) || ctx.Err() != nil {
		return s, err
	}
	if auth.Refused != nil {
		auth.Refused(ctx)
	}
	if !r.mayAsk() {
		return nil, err
	}
	asked, askErr := r.ask(ctx)
	if askErr != nil {
		return nil, &askedError{error: err, ask: askErr}
	}
	if s, err = connect(ctx, r, start, asked.Method); unknown(err) {
		asked.Refused(ctx)
	}
	return s, err
}

// unknown reports whether the server does not know the credentials. One that knows them and denies access is another
// matter: they are still good.
func unknown(err error) bool {
	return err != nil && errors.Is(unwrapped(err), transport.ErrAuthenticationRequired)
}

// connect starts a session with the given credentials.
func connect[S transport.Session](
	ctx context.Context,
	r *Remote,
	start func(*transport.Endpoint, transport.AuthMethod) (S, error),
	auth transport.AuthMethod,
) (*session[S], error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	s := &session[S]{}
	_, err := do(ctx, s, func() (none struct{}, err error) {
		ep := r.endpoint // a redirect changes the session's copy
		raw, err := start(&ep, auth)
		if err != nil {
			return none, err
		}
		adv, err := raw.AdvertisedReferencesContext(ctx)
		if err != nil || ctx.Err() != nil {
			_ = raw.Close()
			return none, err
		}
		s.raw, s.adv = raw, adv
		return none, nil
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// do makes a call, and abandons it when ctx ends. It then returns the error of the context, not that of the broken
// connection, which follows from it.
func do[S transport.Session, T any](ctx context.Context, s *session[S], call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	s.calls.Go(func() {
		v, err := call()
		done <- result{v, err}
	})
	var none T
	select {
	case r := <-done:
		if r.err != nil && ctx.Err() != nil {
			return none, ctx.Err()
		}
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Close ends the session once the last call is over. It does not wait for that.
func (s *session[S]) Close() {
	go func() {
		s.calls.Wait()
		if s.adv != nil {
			_ = s.raw.Close()
		}
	}()
}

// Advertised returns what the server advertised at the start: its refs.
func (s *session[S]) Advertised() *packp.AdvRefs { return s.adv }
