// SPDX-License-Identifier: Apache-2.0

package keys

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/getsops/sops/v3/azkv"

	"syncer.dev/syncer/internal/outbound"
	"syncer.dev/syncer/internal/sops"
)

// Vault names the key vaults that may be asked, and as whom. A repository names a vault too; only those of the
// configuration ever get a request, so that no token of Azure goes elsewhere.
type Vault struct {
	URLs     []string // https://NAME.vault.azure.net
	Auth     string   // workloadIdentity, managedIdentity or azureCLI
	ClientID string   // of a user-assigned managed identity, or instead of AZURE_CLIENT_ID
	TenantID string   // instead of AZURE_TENANT_ID, or of the CLI's own
}

// Bounds of requests for one Secret.
const (
	maxVaultKeys = 3
	vaultTimeout = 10 * time.Second
	maxDataKeys  = 1000 // that are remembered
)

// openVaults makes the credential for the vaults. It does not sign in.
func (k *Keyring) openVaults() error {
	k.transport = &http.Client{Transport: outbound.Transport()}
	v, err := k.options.Vault, error(nil)
	client := policy.ClientOptions{Transport: k.transport, Cloud: cloudOf(v.URLs[0])}
	switch v.Auth {
	case "workloadIdentity":
		k.credential, err = azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: client, ClientID: v.ClientID, TenantID: v.TenantID,
		})
	case "managedIdentity":
		managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: client}
		if v.ClientID != "" {
			managed.ID = azidentity.ClientID(v.ClientID)
		}
		k.credential, err = azidentity.NewManagedIdentityCredential(managed)
	case "azureCLI":
		k.credential, err = azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: v.TenantID})
	default:
		err = fmt.Errorf("%q is not one of workloadIdentity, managedIdentity, azureCLI", v.Auth)
	}
	if err != nil {
		return fmt.Errorf("source.decryption.azureKeyVault: %w", err)
	}
	return nil
}

// cloudOf returns the cloud of a vault, by its host name (Microsoft Learn, "Azure Key Vault security": DNS suffixes).
func cloudOf(vault string) cloud.Configuration {
	switch {
	case strings.HasSuffix(vault, ".vault.usgovcloudapi.net"):
		return cloud.AzureGovernment
	case strings.HasSuffix(vault, ".vault.azure.cn"):
		return cloud.AzureChina
	}
	return cloud.AzurePublic
}

// vault returns the configured vault that a repository means, or "".
func (k *Keyring) vault(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		strings.Trim(u.Path, "/") != "" {
		return ""
	}
	if k.credential == nil {
		return ""
	}
	for _, known := range k.options.Vault.URLs {
		if strings.EqualFold("https://"+u.Host, strings.TrimSuffix(known, "/")) {
			return strings.TrimSuffix(known, "/")
		}
	}
	return ""
}

// faultError is about the Secret: asking again does not help.
type faultError struct{ why string }

// Error returns the reason.
func (e *faultError) Error() string { return e.why }

// Names of keys and versions in Azure Key Vault (Microsoft Learn, "About keys, secrets, and certificates").
var (
	keyName    = regexp.MustCompile(`^[0-9A-Za-z-]{1,127}$`)
	keyVersion = regexp.MustCompile(`^[0-9A-Za-z]{1,64}$`)
)

// openVault decrypts a data key in Azure Key Vault, with SOPS's own code.
func (r *Reading) openVault(vault string, k sops.Key) ([]byte, error) {
	if !keyName.MatchString(k.KeyName) || !keyVersion.MatchString(k.Version) {
		return nil, &faultError{"has a name or a version that no key has"}
	}
	if _, err := base64.RawURLEncoding.DecodeString(k.Encrypted); err != nil {
		return nil, &faultError{"cannot be decrypted: it is damaged"}
	}
	ring := r.keyring
	id := sha256.Sum256([]byte(strings.Join([]string{vault, k.KeyName, k.Version, k.Encrypted}, "\n")))
	ring.mu.Lock()
	known := ring.dataKeys[id]
	ring.mu.Unlock()
	if known != nil {
		return known, nil
	}
	now := time.Now()
	if r.until.IsZero() {
		r.until = now.Add(vaultTime)
	}
	if now.After(r.until) {
		return nil, fmt.Errorf("the Secrets before it have taken the %s that Azure Key Vault gets", vaultTime)
	}
	ctx, cancel := context.WithDeadline(context.Background(), now.Add(min(vaultTimeout, r.until.Sub(now))))
	defer cancel()
	key := azkv.NewMasterKey(vault, k.KeyName, k.Version)
	key.EncryptedKey = k.Encrypted
	azkv.NewTokenCredential(ring.credential).ApplyToMasterKey(key)
	azkv.NewClientOptions(&azkeys.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: ring.transport,
		Retry:     policy.RetryOptions{MaxRetries: 1, RetryDelay: 200 * time.Millisecond},
		Telemetry: policy.TelemetryOptions{ApplicationID: ring.options.UserAgent},
	}}).ApplyToMasterKey(key)
	dataKey, err := key.DecryptContext(ctx)
	if err != nil {
		return nil, answer(vault, err)
	}
	ring.mu.Lock()
	defer ring.mu.Unlock()
	if len(ring.dataKeys) >= maxDataKeys {
		clear(ring.dataKeys)
	}
	ring.dataKeys[id] = dataKey
	return dataKey, nil
}

// answer puts an error of Azure into words. Azure's own text is not quoted: it repeats what was sent.
func answer(vault string, err error) error {
	var refused *azcore.ResponseError
	switch {
	case errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest:
		return &faultError{"cannot be decrypted by that key"}
	case errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound:
		return &faultError{"names a key that the vault does not have"}
	case errors.As(err, &refused) && refused.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s refuses to decrypt; give the identity the permission to decrypt with its keys", vault)
	case errors.As(err, &refused):
		return fmt.Errorf("%s answers %d %s", vault, refused.StatusCode, http.StatusText(refused.StatusCode))
	}
	return fmt.Errorf("%s cannot be asked; check the network, and the sign-in of source.decryption.azureKeyVault", vault)
}
