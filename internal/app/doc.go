// SPDX-License-Identifier: Apache-2.0

// Package app connects the adapters (Git, Kubernetes, Azure) to the loop and to the commands.
package app
