// SPDX-License-Identifier: Apache-2.0

//go:build race

package aks

// ordinarily is how many random sequences are tried: the race detector makes each ten times slower.
const ordinarily = 200
