// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsclient "k8s.io/client-go/kubernetes/typed/apps/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	coreclient "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/preflight"
)

// Client asks one API server as one identity.
type Client struct {
	authn authenticationclient.AuthenticationV1Interface
	authz authorizationclient.AuthorizationV1Interface
	core  coreclient.CoreV1Interface
	apps  appsclient.AppsV1Interface
}

// New returns a client that acts as another user, or as the one of the configuration for "". It sends no request.
func New(config *rest.Config, as string) (*Client, error) {
	config = rest.CopyConfig(config)
	if as != "" {
		config.Impersonate = rest.ImpersonationConfig{UserName: as}
	}
	shared, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	c := &Client{}
	if c.authn, err = authenticationclient.NewForConfigAndClient(config, shared); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	if c.authz, err = authorizationclient.NewForConfigAndClient(config, shared); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	if c.core, err = coreclient.NewForConfigAndClient(config, shared); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	if c.apps, err = appsclient.NewForConfigAndClient(config, shared); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return c, nil
}

// User returns as whom the server knows the client. A server before Kubernetes 1.28 cannot say: "" and no error.
func (c *Client) User(ctx context.Context) (string, error) {
	review, err := c.authn.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ask the API server who this is: %w", err)
	}
	return review.Status.UserInfo.Username, nil
}

// inFlight is the number of questions that are open at a time.
const inFlight = 8

// May asks for each right whether the client has it. The answers are in the order of the rights.
func (c *Client) May(ctx context.Context, rights []preflight.Right) []preflight.Granted {
	out := make([]preflight.Granted, len(rights))
	var group errgroup.Group
	group.SetLimit(inFlight)
	for i, r := range rights {
		group.Go(func() error {
			out[i] = c.may(ctx, r)
			return nil
		})
	}
	_ = group.Wait() // no question fails the others
	return out
}

func (c *Client) may(ctx context.Context, r preflight.Right) preflight.Granted {
	g := preflight.Granted{Right: r}
	review, err := c.authz.SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: r.Namespace,
			Verb:      r.Verb,
			Group:     r.Group,
			Resource:  r.Resource,
			Name:      r.Name,
		}},
	}, metav1.CreateOptions{})
	switch {
	case err != nil:
		g.Error = err.Error()
	case !review.Status.Allowed && review.Status.EvaluationError != "" && !review.Status.Denied:
		g.Error = review.Status.EvaluationError
	default:
		g.Allowed = review.Status.Allowed
	}
	return g
}

// Namespace asks whether a namespace exists and takes objects.
func (c *Client) Namespace(ctx context.Context, name string) preflight.Answer {
	ns, err := c.core.Namespaces().Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return c.tryNamespace(ctx, name)
	case apierrors.IsNotFound(err):
		return preflight.Answer{State: preflight.Missing, Detail: "it does not exist"}
	case err != nil:
		return preflight.Answer{State: preflight.Failed, Detail: err.Error()}
	case ns.DeletionTimestamp != nil:
		return preflight.Answer{State: preflight.Missing, Detail: "it is being deleted"}
	}
	return preflight.Answer{State: preflight.OK}
}

// tryNamespace finds out by a dry run, which writes nothing: the server looks for the namespace before it looks at the
// object.
func (c *Client) tryNamespace(ctx context.Context, name string) preflight.Answer {
	try := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "syncer-check-"}}
	_, err := c.core.ConfigMaps(name).Create(ctx, try, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	switch {
	case err == nil:
		return preflight.Answer{State: preflight.OK}
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return preflight.Answer{State: preflight.Missing, Detail: "it is being deleted"}
	case apierrors.IsNotFound(err):
		return preflight.Answer{State: preflight.Missing, Detail: "it does not exist"}
	case apierrors.IsForbidden(err):
		return preflight.Answer{State: preflight.Unknown, Detail: "neither namespaces nor a dry run may be asked for"}
	}
	return preflight.Answer{State: preflight.Failed, Detail: err.Error()}
}
