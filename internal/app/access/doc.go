// SPDX-License-Identifier: Apache-2.0

// Package access opens what a configuration names with the credentials that it names: repositories, the keys of
// encrypted Secrets, and files.
package access
