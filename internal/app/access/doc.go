// SPDX-License-Identifier: Apache-2.0

// Package access opens what a configuration names with the credentials that it names: repositories, and the keys of
// encrypted Secrets.
package access
