// SPDX-License-Identifier: Apache-2.0

package inquiry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	authentication "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/wellknown"
)

// Event is an event of an object.
type Event struct {
	Time            time.Time // when it last happened
	Object          string    // "Kind/name"
	Reason, Message string
	Count           int
}

// Bounds on how many objects are asked about, how many events of one are read and how many are returned, and how long
// an answer is given again. All are ours.
const (
	maxObjects = 12
	maxRead    = 100
	maxEvents  = 30
	keepEvents = 5 * time.Second
	keepKeys   = 200
	atOnce     = 4
)

// group is that of KAITO's own kinds.
var group = strings.TrimSuffix(wellknown.PrefixKAITO, "/")

// API asks one API server. It is safe for concurrent use.
type API struct {
	tokens  authentication.TokenReviewsGetter
	reviews authorization.SubjectAccessReviewsGetter
	events  core.EventsGetter

	mu   sync.Mutex
	kept *lru.Cache[string, keptEvents]
}

type keptEvents struct {
	all   []Event
	until time.Time
}

// New returns an API with the identity of a configuration. It sends no request.
func New(config *rest.Config) (*API, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	return withClient(config, client)
}

func withClient(config *rest.Config, client *http.Client) (*API, error) {
	a := &API{}
	var err1, err2, err3, err4 error
	a.tokens, err1 = authentication.NewForConfigAndClient(config, client)
	a.reviews, err2 = authorization.NewForConfigAndClient(config, client)
	a.events, err3 = core.NewForConfigAndClient(config, client)
	a.kept, err4 = lru.New[string, keptEvents](keepKeys)
	return a, errors.Join(err1, err2, err3, err4)
}

// Identify returns whose a token is, or access.ErrUnknownToken.
func (a *API) Identify(ctx context.Context, token string) (access.Identity, error) {
	r, err := a.tokens.TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token},
	}, metav1.CreateOptions{})
	switch {
	case err != nil:
		return access.Identity{}, err
	case !r.Status.Authenticated: // its error says why, which a client that guesses has no use for
		return access.Identity{}, access.ErrUnknownToken
	}
	u := r.Status.User
	who := access.Identity{User: u.Username, UID: u.UID, Groups: u.Groups, Extra: map[string][]string{}}
	for key, values := range u.Extra {
		who.Extra[key] = values
	}
	return who, nil
}

// MayList reports whether a user may list the Workspaces of a namespace, or of all for "". The permission is that on
// KAITO's own resource, whether or not the cluster has its kind.
func (a *API) MayList(ctx context.Context, who access.Identity, namespace string) (bool, error) {
	extra := map[string]authorizationv1.ExtraValue{}
	for key, values := range who.Extra {
		extra[key] = values
	}
	r, err := a.reviews.SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: who.User, UID: who.UID, Groups: who.Groups, Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "list", Group: group, Resource: "workspaces",
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return r.Status.Allowed && !r.Status.Denied, nil
}

// Events returns the events of objects in a namespace, each "Kind/name", the newest first.
func (a *API) Events(ctx context.Context, namespace string, objects []string) ([]Event, error) {
	objects = slices.DeleteFunc(slices.Clone(objects), func(o string) bool { return !hasEvents(o) })
	objects = objects[:min(len(objects), maxObjects)]
	key := namespace + " " + strings.Join(objects, " ")
	if all, ok := a.get(key); ok {
		return all, nil
	}
	found := make([][]Event, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, o := range objects {
		g.Go(func() (err error) {
			found[i], err = a.eventsOf(ctx, namespace, o)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	slices.SortStableFunc(all, func(x, y Event) int { return y.Time.Compare(x.Time) })
	all = all[:min(len(all), maxEvents)]
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept.Add(key, keptEvents{all, time.Now().Add(keepEvents)})
	return all, nil
}

func (a *API) get(key string) ([]Event, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.kept.Get(key)
	return k.all, ok && time.Now().Before(k.until)
}

// hasEvents reports whether controllers write events of the kind of an object.
func hasEvents(object string) bool {
	kind, _, _ := strings.Cut(object, "/")
	switch kind {
	case "ConfigMap", "Secret", "ServiceAccount":
		return false
	}
	return true
}

func (a *API) eventsOf(ctx context.Context, namespace, object string) ([]Event, error) {
	kind, name, _ := strings.Cut(object, "/")
	selector := fields.Set{"involvedObject.kind": kind, "involvedObject.name": name}.AsSelector().String()
	list, err := a.events.Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: selector, Limit: maxRead})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	out := make([]Event, 0, len(list.Items))
	for i := range list.Items {
		e := &list.Items[i]
		out = append(out, Event{
			Time: lastTime(e), Object: object, Reason: e.Reason, Message: e.Message, Count: countOf(e),
		})
	}
	return out, nil
}

// lastTime is when an event happened last: clients of events.k8s.io set other fields than older ones.
func lastTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil && !e.Series.LastObservedTime.IsZero():
		return e.Series.LastObservedTime.UTC()
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.UTC()
	case !e.EventTime.IsZero():
		return e.EventTime.UTC()
	}
	return e.CreationTimestamp.UTC()
}

func countOf(e *corev1.Event) int {
	if e.Series != nil {
		return int(e.Series.Count)
	}
	return cmp.Or(int(e.Count), 1)
}
