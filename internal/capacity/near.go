// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

const sizePrefix = "standard_"

// separators are what people add to the names of sizes, and leave out.
var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// plainName returns what tells sizes apart: without the prefix, separators and case.
func plainName(size string) string {
	return strings.TrimPrefix(separators.Replace(strings.ToLower(size)), "standard")
}

// SameSKU returns the size whose name differs from an unknown one in separators, case and the prefix alone: no other
// size can have such a name.
func SameSKU(name string) (SKU, bool) {
	want := plainName(name)
	for s := range SKUs() {
		if s.Retired == "" && plainName(s.Name) == want {
			return s, true
		}
	}
	return SKU{}, false
}

// NearSKU returns the name of the size that an unknown name is most likely a misspelling of, or "".
func NearSKU(name string) string {
	if s, ok := SameSKU(name); ok {
		return s.Name
	}
	if HasNoGPU(name) {
		return ""
	}
	var known []string
	names := map[string]string{}
	for s := range SKUs() {
		if short := strings.ToLower(s.Name[len(sizePrefix):]); s.Retired == "" {
			known, names[short] = append(known, short), s.Name
		}
	}
	lower := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(name)), sizePrefix)
	if lower == "" || lower[0] != 'n' { // the letter of sizes with GPUs
		return ""
	}
	return names[strings.ToLower(strictyaml.Suggest(lower, known))]
}

// withoutGPU are the names of Azure's sizes of families without GPUs: those with GPUs begin with N
// (https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions, read in 2026).
var withoutGPU = regexp.MustCompile(`(?i)^(standard|basic)_[a-mo-z][a-z]*[0-9]+[a-z0-9_-]*$`)

// HasNoGPU reports whether a name is that of a size of a family without GPUs.
func HasNoGPU(name string) bool { return withoutGPU.MatchString(strings.TrimSpace(name)) }

// Near returns the region of the list that an unknown name is most likely a misspelling of, such as westeurope for
// "West Europe", or "".
func (p Prices) Near(region string) string { return strictyaml.Suggest(region, p.Regions()) }
