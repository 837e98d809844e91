// SPDX-License-Identifier: Apache-2.0

// Package notices collects the licences of the modules that a program links, on all platforms of a release, and writes
// them as one text:
//
//	modules, err := notices.Linked(ctx, root, "./cmd/syncer")
//	text := notices.Text(modules)
//
// Which licence a text is, licensecheck says: the texts themselves are what counts.
package notices
