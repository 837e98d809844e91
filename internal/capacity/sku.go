// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// SKU is an Azure GPU VM size. Memory figures are per GPU.
type SKU struct {
	Name              string // exact case, such as "Standard_NC24ads_A100_v4"
	Family            string // key of the vCPU quota, as the SKU API spells it; empty if unknown
	VCPUs             int
	MemoryGiB         int     // host memory
	GPUs              int     // as Kubernetes counts them: a share of a GPU counts as one; 0 for an FPGA
	Share             float64 // part of a physical GPU that each of GPUs is; 1 for whole ones
	GPUModel          string  // "NVIDIA A100"
	GPUMemoryGiB      int     // nominal, as in KAITO's table
	GPUUsableGiB      float64 // total memory that CUDA reports
	ComputeCapability float64 // CUDA, such as 8.0; 0 for AMD, and for existing nodes with an unknown GPU
	MIG               bool    // the GPUs can be cut into instances
	LocalNVMe         bool    // KAITO stores weights on the local NVMe disks
	LocalDiskGiB      int     // NVMe where there is any, else the temporary disk; 0 if unknown
	InfiniBand        bool
	Arch              string // "amd64" or "arm64"
	// Retired is the day from which Azure no longer offers the size, "2025-09-30"; empty while it does.
	Retired string
	// Successor is the closest size to a retired one.
	Successor string
	// Unverified is why sizing never selects the size by itself; empty for verified sizes. A user can still name it, in
	// the Workspace or in capacity.limits.allowedSizes.
	Unverified string
}

// skus holds every size of the catalogue, the retired ones last. Nothing changes it after start-up.
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
		Name:              z.name,
		Family:            s.family,
		VCPUs:             z.vcpus,
		MemoryGiB:         z.ram,
		GPUs:              z.gpus,
		Share:             1,
		GPUModel:          s.gpu.model,
		GPUMemoryGiB:      s.gpu.nominalGiB,
		GPUUsableGiB:      s.gpu.usableGiB,
		ComputeCapability: s.gpu.capability,
		MIG:               s.gpu.mig,
		LocalNVMe:         s.nvme,
		LocalDiskGiB:      z.diskGiB,
		InfiniBand:        s.infiniBand && !z.withoutNetwork,
		Arch:              "amd64",
		Retired:           s.retired,
		Successor:         z.successor,
		Unverified:        s.unverified,
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

// MinComputeCapability is the CUDA compute capability that bfloat16 needs, the type in which presets compute unless
// something else is asked for. OldestComputeCapability is that of the oldest GPUs for which PyTorch in the base image
// has code, with CUDA 12.9: T4 has it, V100 does not any more.
const (
	MinComputeCapability    = 8.0
	OldestComputeCapability = 7.5
)

// spellings maps other names of a size, in lower case, to the one in the catalogue. KAITO and the price list write the
// first one with the GPU in it; the price list leaves the version off the second one, and has blanks behind the third.
var spellings = map[string]string{
	"standard_nd96asr_a100_v4": "Standard_ND96asr_v4",
	"standard_ng32adms_v620":   "Standard_NG32adms_V620_v1",
}

// byName maps names in lower case to indexes in skus.
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

// usable holds the sizes that can run presets, in the order of the catalogue.
var usable = slices.DeleteFunc(slices.Clone(skus), func(s SKU) bool { return s.Unusable() != "" })

// SKUs yields every GPU size that syncer knows, the retired ones last.
func SKUs() iter.Seq[SKU] { return slices.Values(skus) }

// Usable yields the sizes that can run presets: those for which SKU.Unusable is empty, Unverified ones included.
func Usable() iter.Seq[SKU] { return slices.Values(usable) }

// LookupSKU returns a size by its name or another spelling of it, ignoring case and surrounding blanks.
func LookupSKU(name string) (SKU, bool) {
	i, ok := byName[strings.ToLower(strings.TrimSpace(name))]
	if !ok {
		return SKU{}, false
	}
	return skus[i], true
}

// Unusable returns why no preset can run on the size as presets do by default, in bfloat16, in plain words, or "".
func (s SKU) Unusable() string {
	why := s.other()
	if why == "" && s.ComputeCapability > 0 && s.ComputeCapability < MinComputeCapability {
		return "its GPUs cannot compute in bfloat16"
	}
	return why
}

// UnusableInHalf returns why no preset can run on the size, not even one that computes in float16, or "".
func (s SKU) UnusableInHalf() string {
	why := s.other()
	if why == "" && s.ComputeCapability > 0 && s.ComputeCapability < OldestComputeCapability {
		return fmt.Sprintf("the base image needs compute capability %.1f, and its GPUs have %.1f",
			OldestComputeCapability, s.ComputeCapability)
	}
	return why
}

// other returns why the base image does not run on the size, in any type, or "".
func (s SKU) other() string {
	switch {
	case s.Retired != "":
		return "Azure retired it on " + s.Retired
	case s.GPUs == 0:
		return "it has no GPU"
	case strings.HasPrefix(s.GPUModel, "AMD"):
		return "it has AMD GPUs, and the models run on CUDA"
	case s.Arch == "arm64":
		return "its CPUs are Arm, and the base image is built for x86-64"
	}
	return ""
}
