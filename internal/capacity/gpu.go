package capacity

import "strings"

// gpu is a model of GPU. Memory is per GPU.
type gpu struct {
	model      string  // as KAITO's table and the command line of vLLM name it
	nominalGiB int     // the figure on the label, as KAITO reckons: GB taken for GiB
	usableGiB  float64 // what CUDA reports as total
	capability float64 // CUDA compute capability; 0 for what is not NVIDIA's
	mig        bool    // can be cut into instances
}

// The GPUs of Azure's N series. The usable memory of the H100 80 GB is measured (79.18 GiB, published by the llm-d project with
// its vLLM runs), that of A10, A100, H100 NVL, H200 and V100 is what nvidia-smi prints on such nodes, and the others are 97 to
// 99 % of the nominal figure. Compute capabilities are from NVIDIA's list of CUDA GPUs.
var (
	t4       = gpu{"NVIDIA T4", 16, 14.6, 7.5, false}
	a10      = gpu{"NVIDIA A10", 24, 22.5, 8.6, false}
	a100x40  = gpu{"NVIDIA A100", 40, 39.4, 8.0, true}
	a100x80  = gpu{"NVIDIA A100", 80, 79.2, 8.0, true}
	h100nvl  = gpu{"NVIDIA H100", 94, 93.1, 9.0, true}
	h100sxm  = gpu{"NVIDIA H100", 80, 79.18, 9.0, true}
	h200     = gpu{"NVIDIA H200", 141, 139.8, 9.0, true}
	gb200    = gpu{"NVIDIA GB200", 192, 185, 10.0, true}
	rtx6000  = gpu{"NVIDIA RTX PRO 6000", 96, 95, 12.0, true}
	v100x16  = gpu{"NVIDIA V100", 16, 15.8, 7.0, false}
	v100x32  = gpu{"NVIDIA V100", 32, 31.7, 7.0, false}
	p100     = gpu{"NVIDIA P100", 16, 15.8, 6.0, false}
	p40      = gpu{"NVIDIA P40", 24, 23.7, 6.1, false}
	k80      = gpu{"NVIDIA K80", 12, 11.9, 3.7, false}
	m60      = gpu{"NVIDIA M60", 8, 7.9, 5.2, false}
	mi300x   = gpu{"AMD Instinct MI300X", 192, 191, 0, false}
	v620     = gpu{"AMD Radeon PRO V620", 32, 31.7, 0, false}
	v710     = gpu{"AMD Radeon PRO V710", 24, 23.7, 0, false}
	mi25     = gpu{"AMD Radeon MI25", 16, 15.8, 0, false}
	notAGPU  = gpu{model: "AMD Alveo"} // FPGA and media accelerators share the letter N with GPUs
	allNames = []gpu{t4, a100x80, a10, h100sxm, h200, gb200, rtx6000, v100x16, p100, p40, k80, m60}
)

// capabilityOf returns the compute capability of a product name as the node labels of brought nodes have it, such as
// "NVIDIA-A100-SXM4-80GB" or "Tesla-T4"; 0 when it is none of ours, and then nothing is held against it.
func capabilityOf(product string) float64 {
	words := strings.FieldsFunc(strings.ToUpper(product), func(r rune) bool { return r == '-' || r == ' ' || r == '_' })
	for _, g := range allNames {
		name := strings.ToUpper(strings.TrimPrefix(g.model, "NVIDIA "))
		if strings.Contains(" "+strings.Join(words, " ")+" ", " "+name+" ") {
			return g.capability
		}
	}
	return 0
}
