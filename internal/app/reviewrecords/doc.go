// SPDX-License-Identifier: Apache-2.0

// Package reviewrecords keeps what reviewers of pull requests were shown, on the status branch, and says which of it
// counts: signatures, age, and what commits accept since.
package reviewrecords
