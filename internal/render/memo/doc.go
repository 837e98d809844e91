// SPDX-License-Identifier: Apache-2.0

// Package memo makes rendering fast: Kustomize builds a template of an overlay once, with tokens where it only copies
// text, and each Workspace fills them in.
//
//	overlay with placeholders       {name: RefPlaceholder("chat"), replicas: Placeholder{2}}
//	Placeholders.Append             {name: zz-syncer-hole-0-zz, replicas: zz-syncer-hole-1-zz}, and their values
//	Kustomize builds the template   metadata: {name: zz-syncer-hole-0-zz}, spec: {replicas: zz-syncer-hole-1-zz}
//	Placeholders.Compile            the Template: where its tokens are, and the text of all else
//	Template.Fill                   metadata: {name: chat}, spec: {replicas: 2}
//
// A Placeholder stands for one value, a ListPlaceholder for a list, Omit for nothing. Compile finds tokens that
// Kustomize did not copy as a whole; such an overlay needs a plain build. A test of package render builds every preset
// both ways and compares byte for byte.
package memo
