// SPDX-License-Identifier: Apache-2.0

// Package image makes the container image of syncer: from scratch, one binary, the certificate authorities of Mozilla,
// and what the licences ask for. The same input gives the same digest. Data flows through it like this:
//
//	release := image.Release{Version: "v0.1.0", Created: commitTime}
//	index, err := image.Index(release, []image.Platform{{"linux", "amd64", binary, sbom}})
//	digest, err := image.Push(ctx, "registry.example.com/syncer:v0.1.0", index)   // and the SBOM of each platform
//	err = image.Save("syncer.tar", index)                                         // or as an OCI archive
package image
