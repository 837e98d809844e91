package capacity

import "strings"

// SKU is an Azure GPU VM size. Memory figures are per GPU.
type SKU struct {
	Name              string // exact case, such as "Standard_NC24ads_A100_v4"
	Family            string // key of the vCPU quota, as the SKU API spells it; empty where it is not known
	VCPUs             int
	MemoryGiB         int     // host memory
	GPUs              int     // as Kubernetes counts them: a share of a GPU is one; 0 for an FPGA
	Share             float64 // part of a physical GPU that each of GPUs is; 1 for whole ones
	GPUModel          string  // "NVIDIA A100"
	GPUMemoryGiB      int     // nominal, as KAITO's table has it
	GPUUsableGiB      float64 // what CUDA reports
	ComputeCapability float64 // 8.0; 0 for AMD, and for brought nodes of which it is not known
	MIG               bool    // the GPUs can be cut into instances
	LocalNVMe         bool    // weights go to local NVMe disks
	LocalDiskGiB      int     // NVMe where there is any, else the temporary disk; 0 where it is not known
	InfiniBand        bool
	Arch              string // "amd64" or "arm64"
	// Retired is the day from which Azure no longer offers the size, "2025-09-30"; empty while it does.
	Retired string
	// Successor is the size that comes closest to a retired one.
	Successor string
	// Unverified says why the size is never chosen for anybody: whoever names it, in the Workspace or in capacity.limits.allowedSizes,
	// gets it.
	Unverified string
}

// skus are the sizes of the catalogue, the retired ones last.
var skus = flatten(catalogue, retirements)

func flatten(tables ...[]series) []SKU {
	var out []SKU
	for _, table := range tables {
		for _, s := range table {
			for _, z := range s.sizes {
				out = append(out, s.sku(z))
			}
		}
	}
	return out
}

func (s series) sku(z size) SKU {
	k := SKU{
		Name: z.name, Family: s.family, VCPUs: z.vcpus, MemoryGiB: z.ram, GPUs: z.gpus, Share: 1, GPUModel: s.gpu.model,
		GPUMemoryGiB: s.gpu.nominalGiB, GPUUsableGiB: s.gpu.usableGiB, ComputeCapability: s.gpu.capability, MIG: s.gpu.mig,
		LocalNVMe: s.nvme, LocalDiskGiB: z.diskGiB, InfiniBand: s.infiniBand && !z.withoutNetwork, Arch: "amd64",
		Retired: s.retired, Successor: z.successor, Unverified: s.unverified,
	}
	if z.share > 0 {
		k.Share, k.MIG = z.share, false
		k.GPUMemoryGiB = int(float64(s.gpu.nominalGiB) * z.share)
		k.GPUUsableGiB *= z.share
	}
	if s.arch != "" {
		k.Arch = s.arch
	}
	if z.uncertain != "" {
		k.Unverified = z.uncertain
	}
	return k
}

// minComputeCapability is what bfloat16 needs, in which all presets compute. T4 and V100 could serve in float16, but KAITO's base
// image is started with bfloat16, and some of the models overflow in float16.
const minComputeCapability = 8.0

// spellings maps other names of a size, in lower case, to the one in the catalogue. KAITO and the price list write the first one
// with the GPU in it; the price list leaves the version off the second one, and has blanks behind the third.
var spellings = map[string]string{
	"standard_nd96asr_a100_v4": "Standard_ND96asr_v4",
	"standard_ng32adms_v620":   "Standard_NG32adms_V620_v1",
}

// byName finds sizes by their names in lower case.
var byName = func() map[string]int {
	m := map[string]int{}
	for i, s := range skus {
		m[strings.ToLower(s.Name)] = i
	}
	for other, name := range spellings {
		m[other] = m[strings.ToLower(name)]
	}
	return m
}()

// usable are the sizes on which presets can run, by their place in skus.
var usable = func() []int {
	var out []int
	for i, s := range skus {
		if s.Unusable() == "" {
			out = append(out, i)
		}
	}
	return out
}()

// SKUs returns the GPU sizes that syncer knows, retired ones included.
func SKUs() []SKU { return append([]SKU(nil), skus...) }

// LookupSKU finds a size by any of its names, without regard to case.
func LookupSKU(name string) (SKU, bool) {
	i, ok := byName[strings.ToLower(strings.TrimSpace(name))]
	if !ok {
		return SKU{}, false
	}
	return skus[i], true
}

// Unusable returns why no preset can run on the size, in plain words, or "" if one can.
func (s SKU) Unusable() string {
	switch {
	case s.Retired != "":
		return "Azure retired it on " + s.Retired
	case s.GPUs == 0:
		return "it has no GPU"
	case strings.HasPrefix(s.GPUModel, "AMD"):
		return "it has AMD GPUs, and the models run on CUDA"
	case s.Arch == "arm64":
		return "its CPUs are Arm, and the base image is built for x86-64"
	case s.ComputeCapability > 0 && s.ComputeCapability < minComputeCapability:
		return "its GPUs cannot compute in bfloat16"
	}
	return ""
}
