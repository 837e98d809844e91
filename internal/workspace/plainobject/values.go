// SPDX-License-Identifier: Apache-2.0

package plainobject

import (
	"encoding/base64"
	"slices"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// maxData is how many bytes the API server accepts in the values of a ConfigMap.
const maxData = corev1.MaxSecretSize

// refusedValues returns the values of a ConfigMap or a volume claim that fit its type, and that the API server refuses.
func refusedValues(n *yaml.Node, apiVersion, kind string) []diag.Diagnostic {
	switch {
	case apiVersion != "v1":
		return nil
	case kind == "ConfigMap":
		return refusedData(n)
	case kind == "PersistentVolumeClaim":
		return refusedClaim(n)
	}
	return nil
}

// refusedData returns what is wrong with the values of a ConfigMap.
func refusedData(n *yaml.Node) []diag.Diagnostic {
	var out []diag.Diagnostic
	size := 0
	text := map[string]bool{}
	for key, value := range strictyaml.Pairs(strictyaml.Field(n, "data")) {
		text[key.Value] = true
		size += len(strictyaml.Text(value))
	}
	for key, value := range strictyaml.Pairs(strictyaml.Field(n, "binaryData")) {
		field := "binaryData." + key.Value
		if text[key.Value] {
			out = append(out, diag.Errorf(diag.InvalidValue, "the key is in data as well").On(field).At(key.Line, key.Column))
		}
		data, err := base64.StdEncoding.DecodeString(strictyaml.Text(value))
		if err != nil {
			out = append(out, diag.Errorf(diag.InvalidValue, "must be base64").On(field).At(value.Line, value.Column).
				Suggest("encode it, as base64 -w0 does, or put text into data"))
		}
		size += len(data)
	}
	if size > maxData {
		tooMuch := diag.Errorf(diag.InvalidValue, "the values have %d bytes, but Kubernetes accepts %d", size, maxData)
		out = append(out, tooMuch.On("data").At(n.Line, n.Column))
	}
	return out
}

// accessModes and volumeModes are what a volume claim may ask for.
var (
	accessModes = []corev1.PersistentVolumeAccessMode{
		corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany, corev1.ReadWriteOncePod,
	}
	volumeModes = []corev1.PersistentVolumeMode{corev1.PersistentVolumeFilesystem, corev1.PersistentVolumeBlock}
)

// refusedClaim returns what is wrong with, or missing from, a volume claim.
func refusedClaim(n *yaml.Node) []diag.Diagnostic {
	var out []diag.Diagnostic
	fail := func(at *yaml.Node, reason diag.Reason, field, text string, args ...any) {
		out = append(out, diag.Errorf(reason, text, args...).On(field).At(at.Line, at.Column))
	}
	spec := strictyaml.Field(n, "spec")
	var modes []*yaml.Node
	if list := strictyaml.Field(spec, "accessModes"); list != nil {
		modes = strictyaml.Items(list)
	}
	if len(modes) == 0 {
		fail(n, diag.RequiredField, "spec.accessModes", "is required, such as [ReadWriteOnce]")
	}
	for _, mode := range modes {
		if m := corev1.PersistentVolumeAccessMode(strictyaml.Text(mode)); !slices.Contains(accessModes, m) {
			fail(mode, diag.InvalidValue, "spec.accessModes", "%q is not one of %q", m, accessModes)
		}
	}
	if mode := strictyaml.Field(spec, "volumeMode"); mode != nil {
		if m := corev1.PersistentVolumeMode(strictyaml.Text(mode)); m != "" && !slices.Contains(volumeModes, m) {
			fail(mode, diag.InvalidValue, "spec.volumeMode", "%q is not one of %q", m, volumeModes)
		}
	}
	const field = "spec.resources.requests.storage"
	storage := strictyaml.Field(strictyaml.Field(strictyaml.Field(spec, "resources"), "requests"), "storage")
	if storage == nil {
		fail(n, diag.RequiredField, field, "is required, such as 100Gi")
	} else if q, err := resource.ParseQuantity(storage.Value); err == nil && q.Sign() <= 0 {
		fail(storage, diag.InvalidValue, field, "must be more than 0")
	}
	return out
}
