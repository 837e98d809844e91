// SPDX-License-Identifier: Apache-2.0

// Package tips lets the loops of several clusters share the fetches of one repository.
package tips
