// SPDX-License-Identifier: Apache-2.0

package capacity

import "strings"

// gpu is a model of GPU. Memory is per GPU.
type gpu struct {
	model      string  // as KAITO's table and the command line of vLLM name it
	nominalGiB int     // the advertised GB, taken for GiB as in KAITO's table
	usableGiB  float64 // what CUDA reports as total
	capability float64 // CUDA compute capability; 0 for GPUs of other vendors
	mig        bool    // can be cut into instances
}

// The GPUs of Azure's N series. The usable memory of the H100 80 GB is measured (79.18 GiB, published by the llm-d
// project with its vLLM runs), that of A10, A100, H100 NVL, H200 and V100 is what nvidia-smi prints on such nodes, and
// the others are 97 to 99 % of the nominal figure. Compute capabilities are from NVIDIA's list of CUDA GPUs.
var (
	t4       = gpu{model: "NVIDIA T4", nominalGiB: 16, usableGiB: 14.6, capability: 7.5, mig: false}
	a10      = gpu{model: "NVIDIA A10", nominalGiB: 24, usableGiB: 22.5, capability: 8.6, mig: false}
	a100x40  = gpu{model: "NVIDIA A100", nominalGiB: 40, usableGiB: 39.4, capability: 8.0, mig: true}
	a100x80  = gpu{model: "NVIDIA A100", nominalGiB: 80, usableGiB: 79.2, capability: 8.0, mig: true}
	h100nvl  = gpu{model: "NVIDIA H100", nominalGiB: 94, usableGiB: 93.1, capability: 9.0, mig: true}
	h100sxm  = gpu{model: "NVIDIA H100", nominalGiB: 80, usableGiB: 79.18, capability: 9.0, mig: true}
	h200     = gpu{model: "NVIDIA H200", nominalGiB: 141, usableGiB: 139.8, capability: 9.0, mig: true}
	gb200    = gpu{model: "NVIDIA GB200", nominalGiB: 192, usableGiB: 185, capability: 10.0, mig: true}
	rtx6000  = gpu{model: "NVIDIA RTX PRO 6000", nominalGiB: 96, usableGiB: 95, capability: 12.0, mig: true}
	v100x16  = gpu{model: "NVIDIA V100", nominalGiB: 16, usableGiB: 15.8, capability: 7.0, mig: false}
	v100x32  = gpu{model: "NVIDIA V100", nominalGiB: 32, usableGiB: 31.7, capability: 7.0, mig: false}
	p100     = gpu{model: "NVIDIA P100", nominalGiB: 16, usableGiB: 15.8, capability: 6.0, mig: false}
	p40      = gpu{model: "NVIDIA P40", nominalGiB: 24, usableGiB: 23.7, capability: 6.1, mig: false}
	k80      = gpu{model: "NVIDIA K80", nominalGiB: 12, usableGiB: 11.9, capability: 3.7, mig: false}
	m60      = gpu{model: "NVIDIA M60", nominalGiB: 8, usableGiB: 7.9, capability: 5.2, mig: false}
	mi300x   = gpu{model: "AMD Instinct MI300X", nominalGiB: 192, usableGiB: 191, capability: 0, mig: false}
	v620     = gpu{model: "AMD Radeon PRO V620", nominalGiB: 32, usableGiB: 31.7, capability: 0, mig: false}
	v710     = gpu{model: "AMD Radeon PRO V710", nominalGiB: 24, usableGiB: 23.7, capability: 0, mig: false}
	mi25     = gpu{model: "AMD Radeon MI25", nominalGiB: 16, usableGiB: 15.8, capability: 0, mig: false}
	notAGPU  = gpu{model: "AMD Alveo"} // FPGA and media accelerators share the letter N with GPUs
	allNames = []gpu{t4, a100x80, a10, h100sxm, h200, gb200, rtx6000, v100x16, p100, p40, k80, m60}
)

// CapabilityOf returns the CUDA compute capability of a GPU by its product name in the node label
// nvidia.com/gpu.product, such as "NVIDIA-A100-SXM4-80GB" or "Tesla-T4". It returns 0 for an unknown product; the
// compute capability check then passes.
func CapabilityOf(product string) float64 {
	words := strings.FieldsFunc(strings.ToUpper(product), func(r rune) bool { return r == '-' || r == ' ' || r == '_' })
	for _, g := range allNames {
		name := strings.ToUpper(strings.TrimPrefix(g.model, "NVIDIA "))
		if strings.Contains(" "+strings.Join(words, " ")+" ", " "+name+" ") {
			return g.capability
		}
	}
	return 0
}
