// SPDX-License-Identifier: Apache-2.0

//go:build race

package render

// slowdown is how much less is tried when everything takes ten times as long.
const slowdown = 6
