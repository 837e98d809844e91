// SPDX-License-Identifier: Apache-2.0

package memory

import "strings"

// vision describes the encoder of a family of models that see. vLLM's dummy run gives it as many tokens as a batch has,
// or as the largest image has if that is more, all at once.
type vision struct {
	patches int // of an image for each token that the language model gets
	largest int // tokens of the largest image
}

// visions holds the encoders by the beginning of the architecture's name. The figures follow from the preprocessing
// that each family publishes: Gemma 3 pools 64 x 64 patches to 256 tokens, Gemma 4 pools 9 patches to one of at most
// 280 tokens, Pixtral (Mistral 3) joins 4 of at most 110 x 110, Nemotron has 13 tiles of 256 tokens; Qwen joins 4 and
// stops at 16384 tokens, which stands for unknown families too.
var visions = []struct {
	architecture string
	vision
}{
	{"Gemma3", vision{patches: 16, largest: 256}},
	{"Gemma4", vision{patches: 9, largest: 280}},
	{"Mistral3", vision{patches: 4, largest: 3025}},
	{"NemotronH_Nano_VL", vision{patches: 4, largest: 3328}},
	{"", vision{patches: 4, largest: 16384}},
}

// The encoders of Gemma, Qwen and Kimi have the shape of SigLIP So400m: 1152 values for a patch, a feed-forward layer
// of 4304, and 16 x 16 pixels of three colours for each of two frames. Others are smaller.
const (
	patchWidth  = 1152
	patchMLP    = 4304
	patchPixels = 2 * 3 * 16 * 16
)

// visionOf returns the encoder of an architecture; ok is false if it sees nothing.
func visionOf(architecture string) (v vision, ok bool) {
	if !strings.Contains(architecture, "ForConditionalGeneration") && !strings.Contains(architecture, "_VL") {
		return vision{}, false
	}
	for _, known := range visions {
		if strings.HasPrefix(architecture, known.architecture) {
			return known.vision, true
		}
	}
	return vision{}, false
}

// encoderOn returns the bytes on one GPU that the encoder takes at its peak, in 16 bit (pixels, residual, input and
// output of a layer with the queries, and both sides of its feed-forward layer, which tensor parallelism splits), and
// those of its output, which stays allocated while the language model runs.
func encoderOn(f *Facts, e Engine, l Layout) (peak, output float64) {
	if !f.sees || e.textOnly {
		return 0, 0
	}
	tokens := float64(max(e.batchedTokens, f.vision.largest))
	patch := patchPixels + 4*patchWidth + 2*patchMLP/float64(l.Tensor)
	return 2 * tokens * float64(f.vision.patches) * patch, 2 * tokens * float64(f.Hidden)
}
