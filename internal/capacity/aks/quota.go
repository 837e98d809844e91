// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"syncer.dev/syncer/internal/capacity"
)

// Quota reads the vCPU quota of the region, and which sizes it offers. With an error it returns what it read; the rest
// is unknown.
func (c *Cloud) Quota(ctx context.Context) (capacity.Quota, error) {
	q := capacity.Quota{}
	usage, sizes := c.usages(ctx, &q), c.offers(ctx, &q)
	return q, errors.Join(usage, sizes)
}

func (c *Cloud) usages(ctx context.Context, q *capacity.Quota) error {
	families := map[string]capacity.Limit{}
	var regional, spot capacity.Limit
	pager := c.usage.NewListPager(c.options.Location, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("read vCPU quota: %w", wrapError(err))
		}
		for _, u := range page.Value {
			if u == nil || u.Name == nil || u.CurrentValue == nil || u.Limit == nil {
				continue
			}
			l := capacity.Limit{Used: int(*u.CurrentValue), Max: int(*u.Limit), Known: true}
			switch name := value(u.Name.Value); {
			case strings.EqualFold(name, capacity.QuotaRegional):
				regional = l
			case strings.EqualFold(name, capacity.QuotaSpot):
				spot = l
			default:
				families[strings.ToLower(name)] = l
			}
		}
	}
	q.Families, q.Regional, q.Spot = families, regional, spot
	return nil
}

// offers reads the sizes with GPUs. All others are left out: the list is long.
func (c *Cloud) offers(ctx context.Context, q *capacity.Quota) error {
	out := map[string]capacity.Offering{}
	pager := c.skus.NewListPager(
		&armcompute.ResourceSKUsClientListOptions{Filter: to.Ptr(fmt.Sprintf("location eq '%s'", c.options.Location))},
	)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("read the sizes of the region: %w", wrapError(err))
		}
		for _, s := range page.Value {
			if s == nil || value(s.ResourceType) != "virtualMachines" || !strings.HasPrefix(value(s.Name), "Standard_N") {
				continue
			}
			out[strings.ToLower(value(s.Name))] = c.offer(s)
		}
	}
	if len(out) > 0 { // an empty list says nothing: no region is without any such size in the list, refused or not
		q.Offers = out
	}
	return nil
}

func (c *Cloud) offer(s *armcompute.ResourceSKU) capacity.Offering {
	o := capacity.Offering{Name: value(s.Name), Family: value(s.Family)}
	for _, capability := range s.Capabilities {
		switch value(capability.Name) {
		case "vCPUs":
			o.VCPUs, _ = strconv.Atoi(value(capability.Value))
		case "LowPriorityCapable":
			o.Spot = strings.EqualFold(value(capability.Value), "true")
		}
	}
	for _, l := range s.LocationInfo {
		if strings.EqualFold(value(l.Location), c.options.Location) {
			for _, z := range l.Zones {
				o.Zones = append(o.Zones, value(z))
			}
		}
	}
	for _, r := range s.Restrictions {
		in := capacity.Restriction{
			Reason:   string(value(r.ReasonCode)),
			Location: value(r.Type) == armcompute.ResourceSKURestrictionsTypeLocation,
		}
		if r.RestrictionInfo != nil {
			for _, z := range r.RestrictionInfo.Zones {
				in.Zones = append(in.Zones, value(z))
			}
		}
		o = o.Restrict(in)
	}
	return o
}
