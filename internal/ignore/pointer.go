// SPDX-License-Identifier: Apache-2.0

package ignore

import (
	"fmt"
	"regexp"
	"strings"
)

// protected are the parts of objects that are never ignored, nor is anything in them: what identifies an object and
// makes it ours, what pods are made from, and what the policy judges of Services, selectors and Secrets.
var protected = []string{
	"/apiVersion", "/kind", "/status",
	"/metadata/name", "/metadata/namespace", "/metadata/generateName", "/metadata/uid", "/metadata/ownerReferences",
	"/metadata/finalizers", "/metadata/managedFields",
	"/metadata/labels/app.kubernetes.io~1managed-by",
	"/spec/template", "/spec/jobTemplate", "/spec/volumeClaimTemplates", "/spec/persistentVolumeClaimRetentionPolicy",
	"/spec/serviceName", "/spec/selector", "/spec/podSelector", "/spec/ingress", "/spec/egress", "/spec/policyTypes",
	"/spec/type", "/spec/externalIPs", "/spec/externalName", "/spec/ports",
	"/data", "/stringData", "/immutable", "/spec/encryptedData",
}

// ours are the prefixes of labels and annotations that syncer and KAITO read.
var ours = regexp.MustCompile(`^/metadata/(labels|annotations)/([a-z0-9.-]+\.)?(syncer\.dev|kaito\.sh)~1`)

var token = regexp.MustCompile(`^([^~/]|~[01])+$`)

// Pointer checks a JSON pointer (RFC 6901) to a field that may be ignored.
func Pointer(text string) error {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return fmt.Errorf("%.100q does not begin with a slash", text)
	}
	for _, t := range strings.Split(rest, "/") {
		if !token.MatchString(t) {
			return fmt.Errorf("%.100q is not a JSON pointer: a name in it is empty, or has ~ without 0 or 1", text)
		}
	}
	for _, p := range protected {
		if inside(text, p) || inside(p, text) {
			return fmt.Errorf("%.100q must not be ignored, because of %s", text, p)
		}
	}
	if ours.MatchString(text) {
		return fmt.Errorf("%.100q must not be ignored, because syncer reads it", text)
	}
	if text == "/metadata/annotations" {
		return fmt.Errorf("%.100q must not be ignored as a whole, because syncer reads some of them", text)
	}
	return nil
}

// inside reports whether a pointer is p, or leads to a part of it.
func inside(pointer, p string) bool { return pointer == p || strings.HasPrefix(pointer, p+"/") }

// Hint says what may be ignored.
const Hint = "name a field such as /spec/replicas; " +
	"what identifies an object, pods, selectors and data cannot be ignored"

// Pointers splits the value of an annotation at commas, and checks each part.
func Pointers(annotation string) (out []string, wrong []error) {
	for _, text := range strings.Split(annotation, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if err := Pointer(text); err != nil {
			wrong = append(wrong, err)
			continue
		}
		out = append(out, text)
	}
	return out, wrong
}
