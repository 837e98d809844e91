// SPDX-License-Identifier: Apache-2.0

// Package adapters connects the adapters of one configuration: Git, Kubernetes, and Azure where capacity.mode asks for
// it. What differs by the mode is a value of Mode, not a question that others ask.
package adapters
