// SPDX-License-Identifier: Apache-2.0

// Package rights asks the API server what one identity may do, which namespaces exist, and what nodes offer. It writes
// nothing: a dry run tells whether a namespace exists to an identity that may not read namespaces.
package rights
