// SPDX-License-Identifier: Apache-2.0

// Package keys has the keys that open encrypted Secrets: age keys of a file, and keys in Azure Key Vault. It stands
// where SOPS has its key service, whose package links the clients of every cloud; of SOPS it takes the packages age and
// azkv.
//
// A Keyring opens the Secrets of one configuration. Opening a Secret while files are read checks it; the values
// themselves are decrypted when the Secret is written, and kept nowhere.
package keys
