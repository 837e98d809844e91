// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/apply/informers"
	"syncer.dev/syncer/internal/apply/refusal"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// mode is what a server-side apply is for.
type mode string

const (
	// forReal writes. The answer has the metadata of the object alone: nothing else of it is needed.
	forReal mode = "write"
	// asTrial is a dry run, with the whole object as its answer.
	asTrial mode = "trial"
	// asInquiry is a dry run without force: the server names the fields that others have set to other values.
	asInquiry mode = "inquiry"
)

// createOnly in metadata.resourceVersion of an applied object makes the API server create it, or answer 409 if there is
// one already, ours or of another client: no object ever has this version. Without a version the server would merge
// into an object of others. Measured with Kubernetes 1.37 for built-in kinds, custom resources and Secrets:
// TestCreateOnly.
const createOnly = "1"

// metadataOnly asks for an answer without spec and status.
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"

// bare makes a client for requests whose body is at hand.
func bare(config *rest.Config, h *http.Client) (*rest.RESTClient, error) {
	config = dynamic.ConfigFor(config)
	config.GroupVersion = &schema.GroupVersion{} // each request has its own path
	return rest.UnversionedRESTClientForConfigAndClient(config, h)
}

// send applies an object server-side, with its data if it is a Secret. The resource version in the object is the one
// that must be live. The caller has checked what it sends by mayWrite. created reports whether the object is new.
func (c *Cluster) send(
	ctx context.Context, o *unstructured.Unstructured, body []byte, m mode,
) (answer *unstructured.Unstructured, created bool, err error) {
	path, err := c.pathOf(o)
	if err != nil {
		return nil, false, err
	}
	at := strings.Join(path, "/")
	if err := c.later.Check(at, body, time.Now()); err != nil {
		return nil, false, err
	}
	r := c.bare.Patch(types.ApplyPatchType).AbsPath(path...).
		Param("fieldManager", cluster.FieldManager).
		Param("fieldValidation", metav1.FieldValidationStrict). // a misspelt field is an error, not a warning
		Body(body)
	if m != asInquiry {
		r = r.Param("force", "true")
	}
	if m == forReal {
		r = r.SetHeader("Accept", metadataOnly)
	} else {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	var code int
	result := r.Do(ctx).StatusCode(&code)
	err = result.Error()
	c.later.Note(at, body, err, time.Now())
	if err != nil {
		return nil, false, err
	}
	raw, err := result.Raw()
	if err != nil {
		return nil, false, err
	}
	answer = &unstructured.Unstructured{}
	if err := answer.UnmarshalJSON(raw); err != nil {
		return nil, false, err
	}
	answer.SetGroupVersionKind(o.GroupVersionKind()) // an answer of metadata names another kind
	return answer, code == http.StatusCreated, nil
}

// bodyOf returns an object that must have a version as JSON.
func bodyOf(o *unstructured.Unstructured, version string) ([]byte, error) {
	o.SetResourceVersion(version)
	return json.Marshal(o.Object)
}

// versionOf returns the version that a live object has, or createOnly if nothing is there.
func versionOf(live *unstructured.Unstructured) string {
	if live == nil {
		return createOnly
	}
	return live.GetResourceVersion()
}

// pathOf returns the path of an object. It asks the server about kinds that not every cluster has.
func (c *Cluster) pathOf(o *unstructured.Unstructured) ([]string, error) {
	kind := o.GroupVersionKind()
	gvr, ok := informers.Resource(kind.GroupKind())
	if !ok || gvr.Version != kind.Version {
		mapping, err := c.client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return nil, err
		}
		gvr = mapping.Resource
	}
	path := []string{"/apis", gvr.Group, gvr.Version}
	if gvr.Group == "" {
		path = []string{"/api", gvr.Version}
	}
	if ns := o.GetNamespace(); ns != "" {
		path = append(path, "namespaces", ns)
	}
	return append(path, gvr.Resource, o.GetName()), nil
}

// read reads the whole live object, or its metadata if it is a Secret. It returns nil if nothing is there.
func (c *Cluster) read(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	live, err := c.get(ctx, o)
	if apierrors.IsNotFound(err) && !refusal.UnknownPath(err) {
		return nil, nil //nolint:nilnil // nothing is there
	}
	return live, err
}

func (c *Cluster) get(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if secrets.Is(o) {
		return secrets.Get(ctx, c.client, o)
	}
	path, err := c.pathOf(o)
	if err != nil {
		return nil, err
	}
	result := c.bare.Get().AbsPath(path...).Do(ctx)
	if err := result.Error(); err != nil {
		return nil, err
	}
	raw, err := result.Raw()
	if err != nil {
		return nil, err
	}
	live := &unstructured.Unstructured{}
	return live, live.UnmarshalJSON(raw)
}

// outdated reports whether the server refuses a request because the live object has another version.
func outdated(err error) bool { return apierrors.IsConflict(err) && !refusal.FromWebhook(err) }
