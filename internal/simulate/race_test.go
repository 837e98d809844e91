// SPDX-License-Identifier: Apache-2.0

//go:build race

package simulate_test

// slowdown divides the number of steps: with the race detector everything takes ten times as long.
const slowdown = 6
