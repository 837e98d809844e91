// SPDX-License-Identifier: Apache-2.0

// Package sops reads Secrets of Kubernetes that SOPS has encrypted, and decrypts them with a data key. It has no I/O:
// who has the data key is the business of package sops/keys.
//
//	file ─ Parse ─> Document ─ Keys ─> (sops/keys) data key ─ Document.Decrypt ─> values
//
// SOPS's own package of that name cannot be linked alone: it imports the clients of AWS, Google Cloud, Huawei Cloud,
// HashiCorp Vault and PostgreSQL. So this package has the part that a Secret needs: AES-GCM for each value, and the
// message authentication code (MAC) over all values in the order of the document. Tests decrypt files that SOPS 3.13.3
// has written.
//
// The MAC says neither where one value ends and the next begins, nor which fields they are of. So an annotation says
// where the Secret belongs (Document.Bound), and an empty value, which would add nothing to the MAC, is refused.
//
// It is stricter than SOPS. Every value of data and stringData is encrypted and no other value is, against all rules
// in the metadata of SOPS: these rules are not authenticated, and are not read.
package sops
