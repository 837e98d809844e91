// SPDX-License-Identifier: Apache-2.0

// Package redact takes secrets out of what syncer shows: plans, differences, logs, errors, metrics, pages and the files
// of the status branch. It is the only package that decides what a secret looks like.
//
// Text judges free text, Object and Pair Kubernetes objects, JSON a finished document. Known remembers secrets that
// syncer itself uses, of any form. All put Mark in place of a secret.
//
//	Text("GET https://bot:pw@host/x?sig=abc: 403")  ->  "GET https://[redacted]@host/x?sig=[redacted]: 403"
//
// A value is taken for a secret for its form (a private key, a JSON web token, the tokens of well-known services), for
// its place (user info of a URL, a header Authorization, data of a Secret), or for the name that it is given
// (password=..., HF_TOKEN: ..., --api-key ...). References such as $(HF_TOKEN), ports, digests, hashes, tags and plain
// words stay.
//
// The rules of gitleaks (MIT) find leaks in repositories, and are no library for this: its module links some 40 others,
// a configuration reader and archive formats among them, its rules know no Kubernetes objects and no user info of URLs,
// and they require the length and entropy of real tokens, while a text that was cut must not show the rest of one.
package redact
