// SPDX-License-Identifier: Apache-2.0

// Package unavailable remembers which offerings Azure refused: a size or family, at a priority, in a zone, and until
// when.
//
// Offerings is a value. Record adds the blocks that follow from an error of Azure, and Blocked answers whether a size
// is blocked. Entries expire. The first attempt after that is a probe: if it fails, the block lasts twice as long. The
// status branch keeps the entries, so a restart loses none.
package unavailable
