// SPDX-License-Identifier: Apache-2.0

// Package pages connects the page of a daemon with its loops: it makes what is shown of the outcome of each pass, and
// reads the key of sessions.
package pages
