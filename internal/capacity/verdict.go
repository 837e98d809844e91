// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Check is something that a size has to pass so that a Workspace may run on it.
type Check string

// CheckFile is the check of the file of a Workspace. One with errors has no verdict on any size.
const CheckFile Check = "file"

// The checks of a size, in the order in which they are made.
const (
	CheckUsable       Check = "usable"       // any model can run there: NVIDIA GPUs, x86, whole GPUs
	CheckPolicy       Check = "policy"       // allowed sizes, verified sizes, what the file names
	CheckPrice        Check = "price"        // Azure sells it in the region
	CheckArithmetic   Check = "arithmetic"   // compute capability and number formats
	CheckDisk         Check = "disk"         // for images and weights
	CheckLayout       Check = "layout"       // the model divides over its GPUs
	CheckMemory       Check = "memory"       // of a GPU
	CheckAvailability Check = "availability" // Azure offers it, and has not refused it recently
	CheckPools        Check = "pools"        // AKS bounds pools, and nodes in each
	CheckQuota        Check = "quota"        // vCPUs of the family, of the region, of spot
	CheckLimit        Check = "limit"        // capacity.limits.nodes, capacity.limits.hourlyCost
	CheckShare        Check = "share"        // policy.priority.shares
)

// Checks lists all checks of a size in their order.
var Checks = []Check{
	CheckUsable, CheckPolicy, CheckPrice, CheckArithmetic, CheckDisk, CheckLayout, CheckMemory, CheckAvailability,
	CheckPools, CheckQuota, CheckLimit, CheckShare,
}

// Obstacle is one reason why a Workspace does not run on a size. Without it, and all others that are named with it, the
// Workspace could run there.
type Obstacle struct {
	Check   Check
	Reason  diag.Reason // of a Workspace that waits because of it; "" for obstacles of sizing
	Message string
	// Name is the quota or the limit, Need what the Workspace needs of it, Have what there is, both in Unit. Need is 0
	// for obstacles without figures.
	Name       string
	Need, Have float64
	Unit       string
	// Until is when the obstacle ends by itself; zero if that is not known. Code is Azure's.
	Until time.Time
	Code  string
}

// Missing returns how much of Unit is missing.
func (o Obstacle) Missing() float64 { return max(o.Need-o.Have, 0) }

// Part returns which part of what is needed is missing, from 0 to 1; 1 for an obstacle without figures.
func (o Obstacle) Part() float64 {
	if o.Need <= 0 {
		return 1
	}
	return o.Missing() / o.Need
}

// Verdict is what speaks against a size for one Workspace.
type Verdict struct {
	SKU SKU
	// Option is how the Workspace runs there; zero if Obstacles has one of sizing.
	Option    Option
	Taken     bool // it is the size that the Workspace gets
	Obstacles []Obstacle
	Unknown   []Check // checks for which facts are missing; they are no obstacles
	// Dearer is how much more the Option costs than the cheapest one, Than the size of that.
	Dearer Cost
	Than   string
}

// Feasible reports whether the Workspace could run there now.
func (v Verdict) Feasible() bool { return len(v.Obstacles) == 0 }

// FindSize finds a size by its name. For a name that is not known, hint says which one was probably meant, or that such
// a size has no GPUs.
func FindSize(name string) (s SKU, hint string, ok bool) {
	if s, ok = LookupSKU(name); ok {
		return s, "", true
	}
	plain := func(s string) string {
		return strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(s), "standard_"), "_", "")
	}
	byPlain := map[string]string{}
	var known []string
	for s := range SKUs() {
		byPlain[plain(s.Name)] = s.Name
		known = append(known, plain(s.Name))
	}
	meant := plain(name)
	if _, same := byPlain[meant]; !same {
		meant = strictyaml.Suggest(meant, known)
	}
	switch {
	case byPlain[meant] != "":
		return SKU{}, fmt.Sprintf("did you mean %s?", byPlain[meant]), false
	case !strings.HasPrefix(plain(name), "n"):
		return SKU{}, "it has no GPUs: the names of all sizes of Azure with GPUs begin with Standard_N", false
	}
	return SKU{}, "syncer prices --all lists the sizes", false
}
