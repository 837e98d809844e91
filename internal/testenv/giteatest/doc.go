// SPDX-License-Identifier: Apache-2.0

// Package giteatest starts a real forge for tests and the demo: a Gitea server in a process of its own, on loopback,
// with all its data in a folder of the test. It has users with tokens, repositories over smart HTTP, pull requests,
// comments, commit statuses, webhooks, and its own rendering of Markdown. No server outlives its test.
//
// "make gitea" builds the server, once; gitea/README.md has the figures. Where it is not built, a test that calls Start
// is left out, and "make test" names it: the name of such a test begins with TestGitea. With the environment variable
// SYNCER_GITEA=required it fails instead.
package giteatest
