// SPDX-License-Identifier: Apache-2.0

package status

import (
	"regexp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status/fields"
)

// Output is the image that a tuning has pushed last, for servers that use it as an adapter.
type Output = fields.Output

// outputOf returns what a tuning has pushed. The last result stays while the next one is made, and once the pod that
// told about it is gone.
func outputOf(old Report, in Input) *Output {
	switch {
	case in.Workspace == nil: // its file is unreadable
		return old.Output
	case in.Workspace.Tuning == nil || in.Workspace.Tuning.Output == nil:
		return nil
	}
	image := in.Workspace.Tuning.Output.Image
	if w := in.Workload; w != nil && w.Complete && w.Inputs == in.Inputs {
		for i := range w.Pods {
			if p := w.Pods[i].Pushed; p.Name == image && p.Name != "" {
				return &Output{Image: image, Digest: p.Digest, Inputs: digestPrefix + in.Inputs}
			}
		}
	}
	if old.Output == nil || old.Output.Image != image {
		return nil
	}
	return old.Output
}

// Pushed returns what the Workspace has pushed last, and the digest of the inputs that it was made from.
func (r Report) Pushed() (image cluster.Image, inputs string) {
	if r.Output == nil {
		return cluster.Image{}, ""
	}
	return cluster.Image{Name: r.Output.Image, Digest: r.Output.Digest}, r.Output.Inputs[len(digestPrefix):]
}

var sha256Form = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// cleanOutput returns an Output as syncer writes it, or nil: another client may have written the file, and the digest
// becomes a part of the name of an image.
func cleanOutput(o *Output) *Output {
	if o == nil || word(o.Image) != o.Image || !sha256Form.MatchString(o.Digest) || !sha256Form.MatchString(o.Inputs) {
		return nil
	}
	return o
}
