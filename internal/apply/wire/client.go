// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"context"
	"fmt"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Client reads from one API server.
type Client struct {
	config *rest.Config
	http   *http.Client
}

// NewClient returns a Client. It sends no request.
func NewClient(config *rest.Config, h *http.Client) *Client {
	config = dynamic.ConfigFor(config)
	config.GroupVersion = &schema.GroupVersion{} // each request has its own path
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	return &Client{config, h}
}

// Resource are the objects of one resource in one namespace, or in all.
type Resource struct {
	client *rest.RESTClient
	err    error // why there is no client
	path   []string
	wanted Fields
}

// Resource returns the objects of a resource, of which the wanted fields are read. The kind always is.
func (c *Client) Resource(gvr schema.GroupVersionResource, ns string, wanted Fields) *Resource {
	if wanted != nil {
		with := Fields{"apiVersion": nil, "kind": nil}
		for name, below := range wanted {
			with[name] = below
		}
		wanted = with
	}
	config := rest.CopyConfig(c.config)
	config.NegotiatedSerializer = serializers{config.NegotiatedSerializer, wanted}
	client, err := rest.UnversionedRESTClientForConfigAndClient(config, c.http)
	if err != nil {
		err = fmt.Errorf("make client: %w", err)
	}
	path := []string{"/apis", gvr.Group, gvr.Version}
	if gvr.Group == "" {
		path = []string{"/api", gvr.Version}
	}
	if ns != "" {
		path = append(path, "namespaces", ns)
	}
	return &Resource{client, err, append(path, gvr.Resource), wanted}
}

var (
	parameters     = runtime.NewScheme()
	parameterCodec = runtime.NewParameterCodec(parameters)
	versionV1      = schema.GroupVersion{Version: "v1"}
)

func init() { metav1.AddToGroupVersion(parameters, versionV1) }

func (r *Resource) request(o *metav1.ListOptions) *rest.Request {
	return r.client.Get().AbsPath(r.path...).SpecificallyVersionedParams(o, parameterCodec, versionV1)
}

// maxTries is how often client-go repeats a request to read that the connection breaks off.
const maxTries = 10

// List calls yield for each object of one page, and returns the metadata of the list. After an error, what yield has
// got is not the list. An object is there only until yield returns: the next one is made of its maps and lists. What
// yield keeps of it has to be texts, numbers or copies.
func (r *Resource) List(
	ctx context.Context, o metav1.ListOptions, yield func(*unstructured.Unstructured) error,
) (metav1.ListMeta, error) {
	body, err := r.open(ctx, o)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	defer body.Close()
	read, err := readPage(body, r.wanted, yield)
	if err != nil {
		return metav1.ListMeta{}, err
	}
	list := unstructured.UnstructuredList{Object: map[string]any{"metadata": read}}
	return metav1.ListMeta{ResourceVersion: list.GetResourceVersion(), Continue: list.GetContinue()}, nil
}

func (r *Resource) open(ctx context.Context, o metav1.ListOptions) (body io.ReadCloser, err error) {
	if r.err != nil {
		return nil, r.err
	}
	for range maxTries {
		body, err = r.request(&o).Stream(ctx)
		if err == nil || ctx.Err() != nil || !net.IsConnectionReset(err) && !net.IsProbableEOF(err) {
			break
		}
	}
	return body, err
}

// Watch returns the events of the objects.
func (r *Resource) Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	if r.err != nil {
		return nil, r.err
	}
	o.Watch = true
	return r.request(&o).Watch(ctx)
}
