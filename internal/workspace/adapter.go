// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"slices"
	"strings"
)

// WithAdapters returns the Workspace with other images of its adapters, by the image in its file. Its Digest stays: it
// identifies what the file asks for.
func (w *Workspace) WithAdapters(images map[string]string) *Workspace {
	if len(images) == 0 || w.Inference == nil {
		return w
	}
	out, inference := *w, *w.Inference
	inference.Adapters = slices.Clone(inference.Adapters)
	for i, a := range inference.Adapters {
		if a.Source == nil || images[a.Source.Image] == "" {
			continue
		}
		source := *a.Source
		source.Image = images[source.Image]
		inference.Adapters[i].Source = &source
	}
	out.Inference = &inference
	return &out
}

// ByDigest returns the reference of an image by its digest alone, or "" for one that names a digest already: a tag
// beside the digest is one that some clients refuse.
func ByDigest(image, digest string) string {
	if image == "" || digest == "" || strings.Contains(image, "@") {
		return ""
	}
	if at := strings.LastIndexByte(image, ':'); at > strings.LastIndexByte(image, '/') {
		image = image[:at]
	}
	return image + "@" + digest
}
