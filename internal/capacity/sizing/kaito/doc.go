// SPDX-License-Identifier: Apache-2.0

// Package kaito computes what KAITO v0.12.0's own estimator computes, quirks included, so that users can compare it
// with package sizing before they move from KAITO.
package kaito
