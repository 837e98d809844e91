// SPDX-License-Identifier: Apache-2.0

// Package refusal puts what the API server, or a webhook behind it, answers about one object into words that help: what
// to create, what to install, and the server's own message without long values. Pure.
package refusal

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/cluster"
)

// Explain puts the server's refusal into words that help. For Secrets see secrets.WithoutValues.
func Explain(err error, r cluster.Ref) error {
	var details *apierrors.StatusError
	switch {
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err) && UnknownPath(err):
		return MissingKind(schema.GroupKind{Group: r.Group, Kind: r.Kind}, r.APIVersion())
	case apierrors.IsNotFound(err) && strings.Contains(err.Error(), "namespaces"):
		return fmt.Errorf("namespace %s does not exist; create it: kubectl create namespace %s", r.Namespace, r.Namespace)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("not permitted: %w", Root(err))
	case errors.As(err, &details):
		return Root(err)
	}
	return err
}

// Root strips the library's words around the server's, and long values that the server repeats.
func Root(err error) error {
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return err
	}
	short := *status
	if details := short.ErrStatus.Details; details != nil {
		for _, c := range details.Causes {
			short.ErrStatus.Message = strings.ReplaceAll(short.ErrStatus.Message, c.Message, withoutValue(c.Message))
		}
	}
	return &short
}

// longValue is the length above which a message about a value does not repeat it, in bytes.
const longValue = 160

// withoutValue shortens "Invalid value: VALUE: REASON", where the value may be a whole list of objects as JSON.
func withoutValue(message string) string {
	const prefix = "Invalid value: "
	reason := strings.LastIndex(message, ": ")
	if len(message) <= longValue || !strings.HasPrefix(message, prefix) || reason < len(prefix) {
		return message
	}
	return prefix + "..." + message[reason:]
}

// FromWebhook reports whether an admission webhook, not the server, has given the answer. The webhook chooses the code,
// which may be 429 or 503; the server's words tell where it is from.
func FromWebhook(err error) bool {
	return strings.Contains(err.Error(), "admission webhook ") || strings.Contains(err.Error(), "calling webhook ")
}

// UnknownPath reports whether the server answered that it has no such kind, rather than no such object.
func UnknownPath(err error) bool {
	return strings.Contains(err.Error(), "could not find the requested resource")
}

// MissingKind is the error for a kind that the cluster does not have, with what to install.
func MissingKind(kind schema.GroupKind, version string) error {
	switch kind.Group {
	case "karpenter.sh":
		return fmt.Errorf(
			"the cluster has no Karpenter (%s %s); install it with a provider for this cloud, or use another capacity.mode",
			version,
			kind.Kind,
		)
	case "":
		return fmt.Errorf("the cluster does not know the kind %s (%s)", kind.Kind, version)
	}
	return fmt.Errorf("the cluster does not know the kind %s (%s); install what defines it", kind.Kind, version)
}
