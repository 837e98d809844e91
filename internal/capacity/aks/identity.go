// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// The ways to sign in. syncer does not try one after another: the operator decides which identity spends money.
const (
	authWorkloadIdentity = "workloadIdentity"
	authManagedIdentity  = "managedIdentity"
	authAzureCLI         = "azureCLI"
	authAnonymous        = "anonymous"
)

// Identity is the identity of syncer in Azure. It holds no secret: secrets are in the pod, on the machine, or with the
// CLI.
type Identity struct {
	Auth     string // workloadIdentity, managedIdentity, azureCLI or anonymous
	ClientID string // of a user-assigned managed identity, or instead of AZURE_CLIENT_ID
	TenantID string // instead of AZURE_TENANT_ID, or of the CLI's own
	// IdentityBinding signs in through the proxy that AKS's identity bindings put into the cluster.
	IdentityBinding bool
}

// credential creates the credential that the configuration names. private means that Microsoft's directory of clouds
// does not list the sign-in service.
func credential(i Identity, client policy.ClientOptions, private bool) (azcore.TokenCredential, error) {
	switch i.Auth {
	case authWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions:            client,
			ClientID:                 i.ClientID,
			TenantID:                 i.TenantID,
			DisableInstanceDiscovery: private,
			EnableAzureProxy:         i.IdentityBinding,
		})
	case authManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if i.ClientID != "" {
			o.ID = azidentity.ClientID(i.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case authAzureCLI:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: i.TenantID})
	case authAnonymous:
		return anonymous{}, nil
	}
	return nil, fmt.Errorf(
		"not one of %s, %s, %s, %s",
		authWorkloadIdentity,
		authManagedIdentity,
		authAzureCLI,
		authAnonymous,
	)
}

// anonymous is the credential for an emulator, which accepts any token.
type anonymous struct{}

// GetToken returns a token that no real service accepts.
func (anonymous) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "anonymous", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
