// SPDX-License-Identifier: Apache-2.0

// Package inspect asks Git, Kubernetes and Azure for what package preflight judges. It writes nothing. What does not
// answer is an answer too.
package inspect
