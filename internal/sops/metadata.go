// SPDX-License-Identifier: Apache-2.0

package sops

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// others are the kinds of keys that SOPS knows and syncer does not: it links no client of theirs.
var others = []string{"kms", "gcp_kms", "hckms", "hc_vault", "pgp"}

// metadata reads what SOPS says about the document: the shape in stores/stores.go of SOPS 3.13.3.
func (p *parser) metadata(n *yaml.Node) {
	if n == nil || target(n).Kind != yaml.MappingNode {
		return // Encrypted is asked first
	}
	n = target(n)
	if groups := strictyaml.Field(n, "key_groups"); len(strictyaml.Items(groups)) > 0 {
		p.fail(groups, diag.UnsupportedField, "sops.key_groups", "use one group of keys", "groups of keys are not supported")
		return
	}
	p.ages(strictyaml.Field(n, "age"))
	p.vaults(strictyaml.Field(n, "azure_kv"))
	if len(p.doc.Keys) > MaxKeys {
		p.fail(n, diag.TooLarge, "sops", "remove recipients", "has %d recipients, more than %d", len(p.doc.Keys), MaxKeys)
		p.doc.Keys = nil
		return
	}
	if len(p.doc.Keys) == 0 && len(p.problems) == 0 {
		var found []string
		for _, kind := range others {
			if len(strictyaml.Items(strictyaml.Field(n, kind))) > 0 {
				found = append(found, kind)
			}
		}
		what := "has no recipient"
		if len(found) > 0 {
			what = "has only recipients of " + strings.Join(found, ", ") + ", which are not supported"
		}
		p.fail(n, diag.UnsupportedKey, "sops", "encrypt it for age or Azure Key Vault as well, with sops rotate", "%s", what)
	}
	p.doc.macOnlyEncrypted = textOf(n, "mac_only_encrypted") == "true"
	p.authentication(n)
}

// authentication reads the MAC, and the time that it was made with.
func (p *parser) authentication(n *yaml.Node) {
	const hint = "encrypt the Secret again with sops"
	mac, modified := strictyaml.Field(n, "mac"), strictyaml.Field(n, "lastmodified")
	if mac == nil || modified == nil {
		p.fail(n, diag.InvalidEncryption, "sops", hint, "lacks mac or lastmodified")
		return
	}
	var why string
	if p.doc.mac, why = parseValue(target(mac)); why != "" || p.doc.mac.text == "" {
		p.fail(mac, diag.InvalidEncryption, "sops.mac", hint, "is not a MAC of SOPS")
	}
	at, err := time.Parse(time.RFC3339, target(modified).Value)
	if err != nil {
		p.fail(modified, diag.InvalidEncryption, "sops.lastmodified", hint, "is not a time such as 2026-01-02T15:04:05Z")
	}
	p.doc.modified = at.Format(time.RFC3339)
}

// ages reads the recipients of age.
func (p *parser) ages(list *yaml.Node) {
	for _, item := range strictyaml.Items(list) {
		k := Key{
			Recipient: textOf(item, "recipient"),
			Encrypted: textOf(item, "enc"),
			Line:      item.Line,
			Column:    item.Column,
		}
		p.add(k, item, "sops.age", k.Recipient != "")
	}
}

// vaults reads the keys in Azure Key Vault.
func (p *parser) vaults(list *yaml.Node) {
	for _, item := range strictyaml.Items(list) {
		k := Key{
			Vault:     textOf(item, "vault_url"),
			KeyName:   textOf(item, "name"),
			Version:   textOf(item, "version"),
			Encrypted: textOf(item, "enc"),
			Line:      item.Line,
			Column:    item.Column,
		}
		p.add(k, item, "sops.azure_kv", k.Vault != "" && k.KeyName != "")
	}
}

func (p *parser) add(k Key, at *yaml.Node, path string, complete bool) {
	switch {
	case !complete || k.Encrypted == "":
		p.fail(at, diag.InvalidEncryption, path, "encrypt the Secret again with sops", "lacks a field")
	case len(k.Encrypted) > maxDataKey:
		p.fail(at, diag.TooLarge, path+".enc", "", "has %d bytes, more than %d", len(k.Encrypted), maxDataKey)
	default:
		p.doc.Keys = append(p.doc.Keys, k)
	}
}
