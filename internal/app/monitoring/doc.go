// SPDX-License-Identifier: Apache-2.0

// Package monitoring answers those who watch a daemon: /healthz, /readyz and /metrics.
package monitoring
