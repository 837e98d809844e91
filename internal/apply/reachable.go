// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"io"
	"net"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"syncer.dev/syncer/internal/apply/refusal"
)

// lost returns nil when err concerns one object only, and otherwise an UnreachableError. An answer such as 503 or 504
// may come from behind the server: from a webhook, or from an aggregated API. It counts for all objects only if the
// server does not give its version either.
func (c *Cluster) lost(ctx context.Context, err error) error {
	unreachable := c.reachable(err)
	var status apierrors.APIStatus
	if unreachable == nil || !errors.As(err, &status) ||
		apierrors.IsUnauthorized(err) || apierrors.IsTooManyRequests(err) {
		return unreachable
	}
	if c.contact(ctx) == nil {
		return nil
	}
	return unreachable
}

// reachable returns nil when the server answered, if only to refuse, and otherwise an error that concerns all objects.
// An internal error is about the one object: a webhook that fails, or a field that its schema does not have.
func (c *Cluster) reachable(err error) error {
	var netErr net.Error
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case refusal.FromWebhook(err):
		return nil
	case apierrors.IsServerTimeout(err),
		apierrors.IsTimeout(err),
		apierrors.IsTooManyRequests(err),
		apierrors.IsServiceUnavailable(err),
		apierrors.IsUnauthorized(err):
		return &UnreachableError{URL: c.config.Host, err: err}
	case apierrors.ReasonForError(err) != "", errors.As(err, &status):
		return nil
	case errors.As(err, &netErr),
		errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF):
		return &UnreachableError{URL: c.config.Host, err: err}
	}
	return nil
}
