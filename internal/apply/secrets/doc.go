// SPDX-License-Identifier: Apache-2.0

// Package secrets keeps the data of Secrets out of everything but the one request that writes them.
//
// What is desired of a Secret has placeholders for its data, so that no plan, no difference and no log can show a
// value: the data join the object in the body of the request. What is live is known by its metadata alone: an
// annotation has the digest of the encrypted text that the Secret was made of, and managedFields tell whether any other
// client has written the same keys since. WithoutData makes sure of that: no answer of the API server has the data of a
// Secret.
package secrets
