// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/sops/keys"
	"syncer.dev/syncer/internal/version"
)

// Keyring returns the keys of the configuration for encrypted Secrets. It asks no server yet.
func Keyring(c config.Config) (*keys.Keyring, error) {
	d := c.Source.Decryption
	k, err := keys.New(keys.Options{
		AgeKeyFile: d.AgeKeyFile,
		UserAgent:  version.UserAgent(),
		Vault: keys.Vault{
			URLs:     d.AzureKeyVault.Vaults,
			Auth:     d.AzureKeyVault.Auth,
			ClientID: d.AzureKeyVault.ClientID,
			TenantID: d.AzureKeyVault.TenantID,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("keys for encrypted Secrets: %w", err)
	}
	return k, nil
}

// OfflineKeyring returns the keys that lie in files: commands that only read files contact no server.
func OfflineKeyring(c config.Config) *keys.Keyring {
	d := c.Source.Decryption
	k, err := keys.New(keys.Options{
		AgeKeyFile: d.AgeKeyFile,
		Vault:      keys.Vault{URLs: d.AzureKeyVault.Vaults},
		Offline:    true,
	})
	if err != nil {
		return nil // only vaults have errors
	}
	return k
}

// Opening returns what opens the Secrets of each reading of a repository.
func Opening(k *keys.Keyring) func() func(string, *sops.Document) (string, error) {
	if k == nil {
		return nil
	}
	return func() func(string, *sops.Document) (string, error) { return k.Read().Open }
}
