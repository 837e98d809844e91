// SPDX-License-Identifier: Apache-2.0

//go:build !race

package aks

// ordinarily is how many random sequences are tried.
const ordinarily = 2000
