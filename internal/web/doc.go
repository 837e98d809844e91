// SPDX-License-Identifier: Apache-2.0

// Package web serves the health, the readiness and the metrics of syncer over HTTP. It is read-only and shows no
// secret.
package web
