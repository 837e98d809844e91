// SPDX-License-Identifier: Apache-2.0

// Package reviews connects a plan with what reviewers were shown: Records makes the records of a plan that is shown, and
// Judge compares a plan that would be carried out with the records. Both look at the same values.
package reviews
