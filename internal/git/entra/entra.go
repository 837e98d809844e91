// SPDX-License-Identifier: Apache-2.0

// Package entra signs in to Azure DevOps with an identity of Microsoft Entra ID.
package entra

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"syncer.dev/syncer/internal/git/signin"
)

// Scope is that of tokens for Azure DevOps: 499b84ac-1321-427f-aa17-267ca6975798 is the application ID of the service
// (Microsoft Learn, "Use Microsoft Entra authentication with Azure DevOps").
const Scope = "499b84ac-1321-427f-aa17-267ca6975798/.default"

// Options name the one identity to sign in as. Secrets are not among them: they are in the pod, on the machine, or with
// the CLI.
type Options struct {
	Auth     string // workloadIdentity, managedIdentity or azureCLI
	ClientID string // of a user-assigned managed identity, or instead of AZURE_CLIENT_ID
	TenantID string // instead of AZURE_TENANT_ID, or of the CLI's own
}

// Identity makes tokens for Azure DevOps. It is safe for concurrent use. Azure's own library keeps a token until
// shortly before it ends.
type Identity struct{ credential azcore.TokenCredential }

// New returns the identity. It does not sign in yet, but what the environment of a workload identity lacks is an error.
func New(o Options) (*Identity, error) { return newIdentity(o, policy.ClientOptions{}, false) }

// newIdentity returns the identity; private says that the sign-in service is not one of Microsoft's own.
func newIdentity(o Options, client policy.ClientOptions, private bool) (*Identity, error) {
	var credential azcore.TokenCredential
	var err error
	switch o.Auth {
	case "workloadIdentity":
		credential, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: client, ClientID: o.ClientID, TenantID: o.TenantID, DisableInstanceDiscovery: private,
		})
	case "managedIdentity":
		managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if o.ClientID != "" {
			managed.ID = azidentity.ClientID(o.ClientID)
		}
		credential, err = azidentity.NewManagedIdentityCredential(managed)
	case "azureCLI":
		credential, err = azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: o.TenantID})
	default:
		err = fmt.Errorf("%q is not one of workloadIdentity, managedIdentity, azureCLI", o.Auth)
	}
	if err != nil {
		return nil, err
	}
	return &Identity{credential}, nil
}

// Token returns a bearer token.
func (i *Identity) Token(ctx context.Context) (signin.Credential, error) {
	token, err := i.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{Scope}})
	if err != nil {
		return signin.Credential{}, fmt.Errorf("get a token from Microsoft Entra ID: %w", err)
	}
	return signin.Credential{Secret: token.Token, Bearer: true}, nil
}

// Refused does nothing: that Azure DevOps refuses a token which has not ended is a matter of permissions, and another
// token would be no different.
func (*Identity) Refused(context.Context, signin.Credential) {}
