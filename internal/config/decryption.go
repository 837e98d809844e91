// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// Decryption names the keys that open Secrets which SOPS has encrypted.
type Decryption struct {
	AgeKeyFile    string        `yaml:"ageKeyFile" usage:"age keys that open Secrets encrypted with SOPS"`
	AzureKeyVault AzureKeyVault `yaml:"azureKeyVault" usage:"keys in Azure Key Vault"`
}

// AzureKeyVault names the key vaults whose keys open Secrets, and as whom syncer asks them.
type AzureKeyVault struct {
	Vaults   []string `yaml:"vaults" usage:"key vaults to ask, as https://NAME.vault.azure.net; no other is asked"`
	Auth     string   `yaml:"auth" usage:"workloadIdentity, managedIdentity or azureCLI"`
	ClientID string   `yaml:"clientID" usage:"user-assigned managed identity, or instead of AZURE_CLIENT_ID"`
	TenantID string   `yaml:"tenantID" usage:"instead of AZURE_TENANT_ID or the tenant of the CLI"`
}

// vaultSuffixes are the hosts of key vaults in the clouds of Azure (Microsoft Learn, "Azure Key Vault security").
var vaultSuffixes = []string{".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn"}

// isVault reports whether a URL is that of a key vault, and nothing else.
func isVault(text string) bool {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Scheme != "https" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return slices.ContainsFunc(vaultSuffixes, func(suffix string) bool {
		name, ok := strings.CutSuffix(u.Host, suffix)
		return ok && name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	})
}

func (c *check) decryption() {
	const field = "source.decryption.azureKeyVault"
	v := c.Source.Decryption.AzureKeyVault
	cloud := ""
	for _, vault := range v.Vaults {
		if !isVault(vault) {
			c.fail(diag.InvalidValue, field+".vaults", "write https://NAME.vault.azure.net, in lower case",
				"%q is not the URL of a key vault", vault)
			return
		}
		_, suffix, _ := strings.Cut(vault, ".vault.")
		if suffix = strings.TrimSuffix(suffix, "/"); cloud != "" && cloud != suffix {
			c.fail(diag.ConflictingFields, field+".vaults", "keep those of one cloud", "the key vaults are in several clouds")
			return
		}
		cloud = suffix
	}
	ways := []string{"workloadIdentity", "managedIdentity", "azureCLI"}
	if !slices.Contains(ways, v.Auth) {
		c.fail(diag.InvalidValue, field+".auth", "use "+strings.Join(ways, " or "), "%q is not a valid value", v.Auth)
	}
}
