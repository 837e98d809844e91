package git

import (
	"context"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// A session is one conversation with the server. Its calls end when their context does, which those of the library do not
// always: connecting over ssh takes no context, and a local git that was killed is waited for until its hooks have ended, too.
// A call that is given up goes on in the background until it notices.
type session[S transport.Session] struct {
	raw   S
	adv   *packp.AdvRefs // nil unless open succeeded
	calls sync.WaitGroup
}

// open starts a session and reads the refs that the server advertises.
func open[S transport.Session](ctx context.Context, r *remote, start func(*transport.Endpoint, transport.AuthMethod) (S, error)) (*session[S], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	auth, err := r.auth.method(&r.endpoint, &r.redactor)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	s := &session[S]{}
	_, err = do(ctx, s, func() (none struct{}, err error) {
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
		s.close()
		return nil, err
	}
	return s, nil
}

// do makes a call, and gives it up when ctx ends. The context's error comes before the call's, since it tells more than the
// broken connection that follows from it.
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

// close ends the session once the last call is over. It does not wait for that.
func (s *session[S]) close() {
	go func() {
		s.calls.Wait()
		if s.adv != nil {
			_ = s.raw.Close()
		}
	}()
}
