// SPDX-License-Identifier: Apache-2.0

// Package forges opens the repository of a configuration on its forge, and hears the webhooks of forges. It is the only
// package that knows all adapters.
package forges
