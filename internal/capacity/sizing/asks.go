// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
)

// kubeReserved is the CPU that AKS keeps on a node for the kubelet, in millicores, by the number of CPUs
// (https://learn.microsoft.com/azure/aks/node-resource-reservations, read in 2026).
var kubeReserved = []struct{ cpus, milli int }{{1, 60}, {2, 100}, {4, 140}, {8, 180}, {16, 260}, {32, 420}, {64, 740}}

// reservedMiB is the least memory that AKS keeps on a node: the eviction threshold of 100 MiB, 50 MB, and 20 MB for
// each of at least 10 pods (the same page, from Kubernetes 1.29 on). Real nodes keep more.
const reservedMiB = 100 + 250*1000*1000/(1<<20)

// resourceAMD is the resource of AMD's device plugin.
const resourceAMD = "amd.com/gpu"

// beyond refuses a pod template that asks for more than a node of the size has: its pods would wait for ever on nodes
// that are paid for. known says that the GPUs of the size are known. CPUs and memory are compared where they are.
// other is what to do where there is no larger size to name.
func (r *Request) beyond(s capacity.SKU, known bool, other string) error {
	short, field := r.shortOf(s, known)
	if len(short) == 0 {
		return nil
	}
	name := cmp.Or(s.Name, "the node")
	hint := other
	if o, ok := r.roomier(s); ok && other == "" {
		hint = fmt.Sprintf("name a size that has them, such as %s (%s), or ask for less", o.SKU.Name, r.describe(o))
	}
	return Refused(
		diag.SizeDoesNotFit,
		"inference.template."+field,
		fmt.Sprintf("the pod asks for %s of %s", strings.Join(short, " and "), name),
		cmp.Or(hint, "name a size that has them, or ask for less"),
	)
}

// shortOf lists what a node of the size lacks, as "4 GPUs, more than the 1", and the field of the first.
func (r *Request) shortOf(s capacity.SKU, known bool) (short []string, field string) {
	lack := func(name, text string) {
		short = append(short, text)
		field = cmp.Or(field, r.Asks[name].Field)
	}
	amd := strings.HasPrefix(s.GPUModel, "AMD")
	known = known || capacity.HasNoGPU(s.Name)
	for _, name := range []string{wellknown.ResourceGPU, resourceAMD} {
		ask, asked := r.Asks[name]
		has := s.GPUs
		if amd != (name == resourceAMD) {
			has = 0
		}
		if asked && known && ask.Amount.CmpInt64(int64(has)) > 0 {
			vendor, _, _ := strings.Cut(name, ".")
			gpus := strings.ToUpper(vendor) + " GPUs"
			if ask.Amount.CmpInt64(1) == 0 {
				gpus = strings.ToUpper(vendor) + " GPU"
			}
			lack(name, fmt.Sprintf("%s %s, more than the %d", ask.Amount.String(), gpus, has))
		}
	}
	if ask, asked := r.Asks["cpu"]; asked && s.VCPUs > 0 && ask.Amount.Cmp(allocatableCPU(s.VCPUs)) > 0 {
		limit := allocatableCPU(s.VCPUs)
		lack("cpu", fmt.Sprintf("%s CPUs, more than the %s that the kubelet leaves to pods of the %d",
			ask.Amount.String(), limit.String(), s.VCPUs))
	}
	if ask, asked := r.Asks["memory"]; asked && s.MemoryGiB > 0 && ask.Amount.CmpInt64(allocatableBytes(s.MemoryGiB)) > 0 {
		lack("memory", fmt.Sprintf("%s of memory, more than the kubelet leaves to pods of the %d GiB",
			ask.Amount.String(), s.MemoryGiB))
	}
	return short, field
}

// allocatableCPU is the most CPU that pods get on a node.
func allocatableCPU(cpus int) resource.Quantity {
	reserved := 0
	for _, k := range kubeReserved {
		if cpus >= k.cpus {
			reserved = k.milli
		}
	}
	return *resource.NewMilliQuantity(int64(cpus)*1000-int64(reserved), resource.DecimalSI)
}

// allocatableBytes is the most memory that pods get on a node.
func allocatableBytes(memoryGiB int) int64 { return int64(memoryGiB)<<30 - reservedMiB<<20 }

// roomier returns the cheapest size that has what the pod asks for: with GPUs of the same kind if there is one.
func (r *Request) roomier(s capacity.SKU) (capacity.Option, bool) {
	var all []capacity.Option
	for other := range capacity.SKUs() {
		short, _ := r.shortOf(other, true)
		known := other.VCPUs > 0 && other.MemoryGiB > 0 && r.listPrice(other.Name).Known
		if len(short) == 0 && known && other.Retired == "" && other.Unverified == "" && r.Limits.Allows(other.Name) {
			all = append(all, r.wholeNodes(other))
		}
	}
	if len(all) == 0 {
		return capacity.Option{}, false
	}
	other := func(o capacity.Option) int {
		if o.SKU.GPUModel == s.GPUModel {
			return 0
		}
		return 1
	}
	return slices.MinFunc(all, func(a, b capacity.Option) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), r.cheaper(a, b))
	}), true
}

// unknown refuses a size that is not known: with the name that was meant if one is near, and else the cheapest that
// fits.
func (r *Request) unknown() error {
	return r.notKnown(r.advice("leave out resource.instanceType, or use one of: " + strings.Join(usableNames(), ", ")))
}

// Misnamed returns the error about a size of the Workspace that does not exist, or nil. It estimates nothing, and so
// holds for a Workspace with other errors. The error is a *capacity.RefusedError.
func (r *Request) Misnamed() error {
	if _, known := capacity.LookupSKU(r.InstanceType); known || r.InstanceType == "" || r.InstanceType == "auto" ||
		r.Preset.Name == "" {
		return nil
	}
	return r.notKnown("leave out resource.instanceType, or see: syncer prices")
}

// notKnown refuses a size that does not exist, with the size that was meant or else what to do.
func (r *Request) notKnown(hint string) error {
	message := fmt.Sprintf("size %s is not known", r.InstanceType)
	if near := capacity.NearSKU(r.InstanceType); near != "" {
		hint = fmt.Sprintf("did you mean %q? Otherwise %s", near, hint)
	} else if capacity.HasNoGPU(r.InstanceType) {
		return Refused(diag.SizeUnusable, SizeField, r.InstanceType+" has no GPU", hint)
	}
	return Refused(diag.UnknownSize, SizeField, message, hint)
}
