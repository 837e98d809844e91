// SPDX-License-Identifier: Apache-2.0

// Package view says what the page shows, as values without markup: the fleet, one Workspace, what waits, capacity and
// cost. They follow from what a pass has found out (Facts), from what the client may see, and from the time. Pure.
//
//	board := view.New(facts)
//	fleet := board.Fleet(view.Query{State: "Failed"}, scope.Sees, now)
//
// All texts of the values are fit to be shown: without secrets and control characters. They are not escaped for HTML.
package view
