// SPDX-License-Identifier: Apache-2.0

//go:build !race

package reconcile_test

// slowdown divides the number of seeds: with the race detector everything takes ten times as long.
const slowdown = 1
