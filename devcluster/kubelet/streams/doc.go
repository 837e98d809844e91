// SPDX-License-Identifier: Apache-2.0

// Package streams answers the API server for the pods that run as processes, so that "kubectl logs", "kubectl exec" and
// "kubectl port-forward" work.
package streams
