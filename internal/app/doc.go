// SPDX-License-Identifier: Apache-2.0

// Package app runs a daemon: for each cluster a loop on its adapters, beside it the election and the reviewer, and for
// all of them health, metrics and a configuration that changes. The packages below it are its parts, and what commands
// need without a loop.
package app
