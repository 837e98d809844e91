// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
	"encoding/pem"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Roots returns the certificate authorities of Mozilla as PEM, for the file where Go and most programs look for them.
//
// They are a file of the image and not a part of the binary. A binary that runs elsewhere uses the authorities of its
// host, which the host keeps up to date. In the image, the file composes with others: a mount of a company's authority
// into /etc/ssl/certs adds to it, SSL_CERT_FILE replaces it, and settings such as source.auth.caFile add to it for one
// server. Roots in the binary (package fallback) vanish as soon as any of these is there.
//
// Roots that Mozilla trusts only for older certificates are left out: a PEM file cannot say until when.
func Roots() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			// A buffer accepts every write.
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})
		}
	}
	return out.Bytes()
}
