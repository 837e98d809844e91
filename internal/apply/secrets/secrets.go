// SPDX-License-Identifier: Apache-2.0

package secrets

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/wellknown"
)

// Kind is that of Secrets.
var Kind = schema.GroupKind{Kind: "Secret"}

// Is reports whether an object is a Secret.
func Is(u *unstructured.Unstructured) bool { return u.GroupVersionKind().GroupKind() == Kind }

// fieldManager is that of syncer, as in package apply.
const fieldManager = "syncer"

// secretPath matches the paths of the API server that return Secrets; the first group is the name.
var secretPath = regexp.MustCompile(`/api/v1/(?:namespaces/[^/]+/)?secrets(/[^/]+)?$`)

// WithoutData makes a transport ask for the metadata of Secrets alone, for every client above it: no answer
// of the API server, not that to a write either, has the data of a Secret.
func WithoutData(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		m := secretPath.FindStringSubmatch(r.URL.Path)
		if m == nil {
			return next.RoundTrip(r)
		}
		as := "PartialObjectMetadata"
		if r.Method == http.MethodGet && m[1] == "" && r.URL.Query().Get("watch") == "" {
			as = "PartialObjectMetadataList"
		}
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "application/json;as="+as+";g=meta.k8s.io;v=v1")
		return next.RoundTrip(r)
	})
}

// Strip keeps of the metadata of a Secret what Compare looks at, and names its kind again.
func Strip(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	out := &unstructured.Unstructured{Object: map[string]any{"metadata": u.Object["metadata"]}}
	out.SetGroupVersionKind(Kind.WithVersion("v1"))
	others := func(e metav1.ManagedFieldsEntry) bool { return !ours(e) }
	out.SetManagedFields(slices.DeleteFunc(u.GetManagedFields(), others))
	return out, nil
}

func ours(e metav1.ManagedFieldsEntry) bool {
	return e.Manager == fieldManager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == ""
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Compare reports whether a live Secret, of which only the metadata is known, is what applying the desired one would
// make of it. If not, it returns what a difference may show of the live one.
func Compare(live, desired *unstructured.Unstructured) (shown *unstructured.Unstructured, same bool) {
	owned := fieldsOf(live)
	if owned.asDesired(live, desired) {
		return nil, true
	}
	return owned.shown(live, desired), false
}

// fields are the fields of a live Secret that syncer has applied, and no other client has changed since.
type fields struct{ data, labels, annotations map[string]bool }

func fieldsOf(u *unstructured.Unstructured) fields {
	var set struct {
		Data     map[string]any `json:"f:data"`
		Metadata struct {
			Labels      map[string]any `json:"f:labels"`
			Annotations map[string]any `json:"f:annotations"`
		} `json:"f:metadata"`
	}
	for _, e := range u.GetManagedFields() {
		if ours(e) && e.FieldsV1 != nil {
			_ = json.Unmarshal(e.FieldsV1.GetRawBytes(), &set) // of the server; what cannot be read is not owned
		}
	}
	return fields{namesIn(set.Data), namesIn(set.Metadata.Labels), namesIn(set.Metadata.Annotations)}
}

func namesIn(set map[string]any) map[string]bool {
	out := map[string]bool{}
	for field := range set {
		if name, ok := strings.CutPrefix(field, "f:"); ok {
			out[name] = true
		}
	}
	return out
}

// asDesired reports whether the live Secret is what applying the desired one would make of it.
func (f fields) asDesired(live, desired *unstructured.Unstructured) bool {
	data, _, _ := unstructured.NestedMap(desired.Object, "data")
	const digest = wellknown.AnnotationEncrypted
	return live.GetAnnotations()[digest] == desired.GetAnnotations()[digest] &&
		sameNames(f.data, data) &&
		f.sameTexts(f.labels, live.GetLabels(), desired.GetLabels()) &&
		f.sameTexts(f.annotations, live.GetAnnotations(), desired.GetAnnotations())
}

func sameNames[V any](owned map[string]bool, desired map[string]V) bool {
	return slices.Equal(slices.Sorted(maps.Keys(owned)), slices.Sorted(maps.Keys(desired)))
}

func (fields) sameTexts(owned map[string]bool, live, desired map[string]string) bool {
	for k, v := range desired {
		if live[k] != v {
			return false
		}
	}
	return sameNames(owned, desired)
}

// shown returns what a difference may show of the live Secret: its metadata, and its keys with placeholders. A key
// whose value may be another has another placeholder than the desired one.
func (f fields) shown(live, desired *unstructured.Unstructured) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: map[string]any{}}
	out.SetGroupVersionKind(desired.GroupVersionKind())
	out.SetNamespace(live.GetNamespace())
	out.SetName(live.GetName())
	out.SetLabels(live.GetLabels())
	out.SetAnnotations(live.GetAnnotations())
	for _, field := range []string{"type", "immutable"} { // neither can change
		if v, ok := desired.Object[field]; ok {
			out.Object[field] = v
		}
	}
	same := live.GetAnnotations()[wellknown.AnnotationEncrypted] == desired.GetAnnotations()[wellknown.AnnotationEncrypted]
	want, _, _ := unstructured.NestedMap(desired.Object, "data")
	data := map[string]any{}
	for key := range f.data {
		if data[key] = "unknown"; same && want[key] != nil {
			data[key] = want[key]
		}
	}
	out.Object["data"] = data
	return out
}

// Get reads the metadata of the live Secret of the same name.
func Get(ctx context.Context, c client.Client, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(o.GroupVersionKind())
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), meta); err != nil {
		return nil, err
	}
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(o.GroupVersionKind())
	live.SetNamespace(meta.Namespace)
	live.SetName(meta.Name)
	live.SetUID(meta.UID)
	live.SetResourceVersion(meta.ResourceVersion)
	live.SetLabels(meta.Labels)
	live.SetAnnotations(meta.Annotations)
	live.SetManagedFields(meta.ManagedFields)
	live.SetDeletionTimestamp(meta.DeletionTimestamp)
	return live, nil
}

// Lookup returns the data of an encrypted Secret by its digest, and false for one that no key opens.
type Lookup func(namespace, name, digest string) (map[string][]byte, bool)

// Data returns the data of a desired Secret. A nil Lookup has none.
func (l Lookup) Data(o *unstructured.Unstructured) (map[string][]byte, bool) {
	if l == nil {
		return nil, false
	}
	return l(o.GetNamespace(), o.GetName(), o.GetAnnotations()[wellknown.AnnotationEncrypted])
}

// Body returns the JSON of a Secret with its data, for the request that applies it. The caller has checked that it may
// be written. Errors of the server may quote values: see WithoutValues.
func Body(o *unstructured.Unstructured, data map[string][]byte) ([]byte, error) {
	values := make(map[string]any, len(data))
	for k, v := range data {
		values[k] = base64.StdEncoding.EncodeToString(v)
	}
	sent := o.DeepCopy()
	sent.Object["data"] = values
	text, err := json.Marshal(sent.Object)
	if err != nil {
		return nil, errors.New("it cannot be written as JSON") // the cause may quote a value
	}
	return text, nil
}

// WithoutValues takes the values of a Secret out of an error about it: the server, or a webhook of others, may quote
// what it was sent. An answer of the server stays one, with its code and its causes.
func WithoutValues(err error, data map[string][]byte) error {
	text := withoutValues(err.Error(), data)
	if text == err.Error() {
		return err
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return errors.New(text)
	}
	hidden := apierrors.StatusError{ErrStatus: *status.ErrStatus.DeepCopy()}
	hidden.ErrStatus.Message = withoutValues(hidden.ErrStatus.Message, data)
	if details := hidden.ErrStatus.Details; details != nil {
		for i := range details.Causes {
			details.Causes[i].Message = withoutValues(details.Causes[i].Message, data)
		}
	}
	return &hidden
}

func withoutValues(text string, data map[string][]byte) string {
	for _, v := range data {
		for _, form := range []string{string(v), base64.StdEncoding.EncodeToString(v), strings.TrimSpace(string(v))} {
			quoted := strings.Trim(fmt.Sprintf("%q", form), `"`)
			for _, f := range []string{form, quoted} {
				if f != "" {
					text = strings.ReplaceAll(text, f, "[redacted]")
				}
			}
		}
	}
	return text
}

// Refusal says why a Secret must not be written, or "".
func Refusal(o *unstructured.Unstructured) string {
	if o.GetAnnotations()[wellknown.AnnotationEncrypted] == "" {
		return "it was not encrypted in Git"
	}
	if t, _ := o.Object["type"].(string); wellknown.IsToken(t) {
		return "a Secret of type " + t + " is a token"
	}
	return ""
}

// StripOf returns Strip for Secrets, and other for any other kind.
func StripOf(kind schema.GroupKind, other func(any) (any, error)) func(any) (any, error) {
	if kind == Kind {
		return Strip
	}
	return other
}
