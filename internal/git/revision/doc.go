// SPDX-License-Identifier: Apache-2.0

// Package revision reads the names of commits as Git does (gitrevisions): it parses them, says what to ask a server
// for, and finds the commit among what the server sent.
package revision
