// SPDX-License-Identifier: Apache-2.0

package memory

import "math"

// Compressed sparse attention (DeepSeek V4) in vLLM. A layer of one kind keeps one entry for 4 tokens, and an index of
// it; one of the other kind keeps one for 128; all keep the window, and the compressor keeps the tokens that it has not
// compressed yet, keys and scores in 32 bit. The kinds share pages of csaPage bytes, whose size is a multiple of 576.
//
// The start of DeepSeek-V4-Flash on two H200 said 3.865 GiB for 262144 tokens; these terms give 3.88.
const (
	csaRatio, hcaRatio = 4, 128
	csaPage            = 37440 // 64 entries of 584 bytes, padded
	csaEntries         = 64
	csaOverlap         = 2    // a window of the compressor is that many times as wide as its step
	indexPage          = 8640 // 64 keys of 132 bytes, padded
	hcaPage            = 1728 // 2 entries of 584 bytes, padded
	csaEntryFP8        = 584  // bytes; at 16 bit, 2 for each of the 512 values
	csaBlock           = csaRatio * csaEntries
)

// compressedCache returns the bytes of the cache of one sequence on one GPU. There is one latent, which every GPU
// holds.
func compressedCache(f *Facts, e Engine, context int) float64 {
	csa, hca := float64(f.csa), float64(f.hca)
	wide := 1.0
	if e.cacheShare == 1 {
		wide = 2 * float64(f.headDim) / csaEntryFP8
	}
	full := blocks(context, csaBlock) / csaBlock * (csa*(csaPage*wide+indexPage) + hca*hcaPage*wide)

	kept := f.slidingWindow - 1
	if e.rules.inFlight {
		kept += e.batchedTokens
	}
	group := func(n float64) float64 { return math.Ceil(n/max(csa, 1)) * max(csa, 1) } // vLLM pads groups of layers
	// A page holds 64 tokens of the window, 4 uncompressed ones of one kind with a page for the index, or 8 of the other.
	token := group(float64(f.Layers))*csaPage*wide/csaEntries +
		csa*(csaPage+indexPage)/csaRatio + group(hca)*csaPage/(csaOverlap*csaRatio)
	return full + blocks(min(kept, context), csaEntries)*token
}
