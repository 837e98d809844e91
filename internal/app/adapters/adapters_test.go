// SPDX-License-Identifier: Apache-2.0

package adapters_test

import (
	"testing"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/config"
)

// TestConnect checks the values that each mode needs.
func TestConnect(t *testing.T) {
	r := apptest.Repository(t)
	byo := apptest.Config(t, r.Dir)
	aks, _ := apptest.OnAKS(t, byo)
	karpenter := byo
	karpenter.Capacity.Mode = config.ModeKarpenter
	karpenter.Capacity.Karpenter.NodeClass = config.NodeClass{
		Group: "karpenter.azure.com",
		Kind:  "AKSNodeClass",
		Name:  "default",
	}
	withoutGroup := aks
	withoutGroup.Capacity.AKS.ResourceGroup = ""
	badURL := byo
	badURL.Source.URL = "ftp://example.com/x"
	for _, test := range []struct {
		name string
		c    config.Config
		want string
	}{
		{"byo", byo, ""},
		{"aks", aks, ""},
		{"aks without a resource group", withoutGroup, "capacity.aks.resourceGroup: is required"},
		{"karpenter of Azure without a region", karpenter, "capacity.aks.location: is required"},
		{"a URL that is not supported", badURL, "ftp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := adapters.Connect(test.c, access.AsDaemon)
			if test.want != "" {
				apptest.WantError(t, err, test.want)
				return
			}
			if err != nil || p.Cluster == nil || p.Repository == nil {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}
