// SPDX-License-Identifier: Apache-2.0

package memory

import "fmt"

// ImageVLLM is the version of vLLM in the base image that is rendered (kaito-base 0.5.0). All that depends on the
// version is in the Release that ReleaseOf returns for it: to raise the image, change this line, and see which rows of
// the calibration do not hold any more.
const ImageVLLM = "0.25.1"

// Release holds the rules of a version of vLLM that determine memory. The image has those of ImageVLLM; those of older
// versions serve to compare the estimate with starts that were measured on them.
type Release struct {
	// logitBytes is the memory of the sampler at its peak, in bytes for each sequence and word; see activation.go.
	logitBytes float64
	// countsGraphs says that vLLM takes CUDA graphs out of the memory that --gpu-memory-utilization gives it, since
	// 0.21; before, they had to fit into the rest.
	countsGraphs bool
	// inFlight says that a layer with a window keeps the tokens of one step in addition to the window.
	inFlight bool
	// states is the number of states that vLLM counts for one sequence in layers without a growing cache: the present one,
	// and with prefix caching ("align") one more. A start of 0.19 counted one, and one of July 2026 two.
	states int
	// tritonMXFP4 says that Hopper computes MXFP4 with Triton's kernels; without them, and on all other GPUs, weights are
	// packed for Marlin.
	tritonMXFP4 bool
}

// image is the release of the base image.
var image = ReleaseOf(ImageVLLM)

// ReleaseOf returns the rules of a version of vLLM, such as "0.25.1". The sampler sorted the logits from 0.11.1, when
// FlashInfer's was no longer the default, to the release with Triton's kernels (pull request 33538, of February 2026).
func ReleaseOf(version string) Release {
	r := Release{
		logitBytes:   masked,
		countsGraphs: !before(version, 0, 21),
		inFlight:     true,
		states:       2,
		tritonMXFP4:  !before(version, 0, 11),
	}
	if before(version, 0, 16) {
		r.logitBytes = sorted
	}
	if before(version, 0, 20) {
		r.states = 1
	}
	return r
}

// before reports whether a version is older than a release. What follows the second number, as in "0.11.2rc1", is part
// of that release; a text without numbers is older than any.
func before(version string, major, minor int) bool {
	var first, second int
	if _, err := fmt.Sscanf(version, "%d.%d", &first, &second); err != nil {
		return true
	}
	return first < major || first == major && second < minor
}
