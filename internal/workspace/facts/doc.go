// SPDX-License-Identifier: Apache-2.0

// Package facts reads what a cluster has from objects that were dumped from it. It performs no I/O of its own.
package facts
