package aks

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// The ways to sign in. There is no chain that tries one after another: which identity spends money is a decision.
const (
	authWorkloadIdentity = "workloadIdentity"
	authManagedIdentity  = "managedIdentity"
	authAzureCLI         = "azureCLI"
	authAnonymous        = "anonymous"
)

// Identity says who signs in. Secrets are not among the values: they are in the pod, on the machine, or with the CLI.
type Identity struct {
	Auth     string // workloadIdentity, managedIdentity, azureCLI or anonymous
	ClientID string // of a user-assigned managed identity, or instead of AZURE_CLIENT_ID
	TenantID string // instead of AZURE_TENANT_ID, or of the CLI's own
	// IdentityBinding signs in through the proxy that AKS's identity bindings put into the cluster.
	IdentityBinding bool
}

// credential makes the one credential that the configuration names. private says that the sign-in service is not one that
// Microsoft's directory of clouds lists.
func credential(i Identity, client policy.ClientOptions, private bool) (azcore.TokenCredential, error) {
	switch i.Auth {
	case authWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: client, ClientID: i.ClientID, TenantID: i.TenantID, DisableInstanceDiscovery: private, EnableAzureProxy: i.IdentityBinding,
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
		return nobody{}, nil
	}
	return nil, fmt.Errorf("not one of %s, %s, %s, %s", authWorkloadIdentity, authManagedIdentity, authAzureCLI, authAnonymous)
}

// nobody signs in to an emulator, which does not ask who is there.
type nobody struct{}

// GetToken returns a token that no real service accepts.
func (nobody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "anonymous", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
