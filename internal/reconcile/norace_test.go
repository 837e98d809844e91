//go:build !race

package reconcile

// slowdown is how much less is tried when everything takes ten times as long.
const slowdown = 1
