// SPDX-License-Identifier: Apache-2.0

// Package session seals the token of a user who has signed in to the page into the value of a cookie, so that no server
// keeps a session: every replica with the same key opens it.
//
// The seal is AES-256-GCM with a key derived from the secret by HKDF-SHA-256. It has the time of signing in and the
// cluster that accepted the token. What the token permits is no part of it: the API server is asked again.
package session
