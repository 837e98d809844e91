// SPDX-License-Identifier: Apache-2.0

// Package eventual predicts what is observed once a desired state has been carried out.
package eventual
