// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"regexp"
	"strings"
)

// QuotaRequest is what to ask Azure for where a vCPU quota is too small.
type QuotaRequest struct {
	Name   string // key of the quota: a family as the SKU API spells it, QuotaRegional or QuotaSpot
	Region string // "" if unknown
	Limit  int    // the new limit in vCPUs; 0 if the present one is unknown
	More   int    // how many vCPUs more than the present limit
}

// Request returns what to ask Azure for, so that the request that was refused fits. It is false without figures.
func (s QuotaError) Request() (QuotaRequest, bool) {
	if !s.Known || s.Family == "" || s.Required <= s.Left() {
		return QuotaRequest{}, false
	}
	r := QuotaRequest{Name: s.Family, Region: s.Region, More: s.Required - s.Left()}
	if !s.OnlyLeft {
		r.Limit = s.Usage + s.Required
	}
	return r, true
}

// RequestFor returns what to ask Azure for, so that more vCPUs fit into a quota of the region.
func RequestFor(name, region string, l Limit, vcpus int) QuotaRequest {
	r := QuotaRequest{Name: name, Region: region, More: l.Used + vcpus - l.Max}
	if l.Known {
		r.Limit = l.Used + vcpus
	}
	return r
}

// String returns the request in words, with the command that makes it. The figures are those of the quota page of the
// Azure portal too.
func (r QuotaRequest) String() string {
	place := ""
	if r.Region != "" {
		place = " in " + r.Region
	}
	if r.Limit == 0 {
		return fmt.Sprintf(
			"ask for %d vCPU more of quota %s%s in the Azure portal, under Quotas, Compute", r.More, r.Name, place,
		)
	}
	text := fmt.Sprintf("ask for a limit of %d vCPU of quota %s%s", r.Limit, r.Name, place)
	if command := r.Command(); command != "" {
		return text + ", with: " + command
	}
	return text + ", in the Azure portal, under Quotas, Compute"
}

// Command returns the command of Azure's CLI (extension quota) that asks for the limit, for the subscription that the
// CLI uses; "" if the region or the limit is unknown.
func (r QuotaRequest) Command() string {
	if r.Region == "" || r.Limit == 0 || !plainRegion.MatchString(r.Region) {
		return ""
	}
	kind := "dedicated"
	if strings.EqualFold(r.Name, QuotaSpot) {
		kind = "lowPriority"
	}
	return fmt.Sprintf(
		"az quota update --resource-name %s "+
			"--scope /subscriptions/$(az account show --query id --output tsv)/providers/Microsoft.Compute/locations/%s "+
			"--limit-object value=%d --resource-type %s",
		quoted(r.Name), r.Region, r.Limit, kind,
	)
}

var (
	plainRegion = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	plainWord   = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// quoted returns a name as one word of a shell. The keys of some families have spaces.
func quoted(name string) string {
	if plainWord.MatchString(name) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
