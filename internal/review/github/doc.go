// SPDX-License-Identifier: Apache-2.0

// Package github shows reviews and deployments on GitHub, GitHub Enterprise Cloud and GitHub Enterprise Server. It is
// the only package with GitHub's SDK.
//
// A comment counts as ours only if its author is the user of the token. A token of a GitHub App, which the token of a
// GitHub Actions job is too, has no user that the REST API names; the GraphQL API calls it the viewer.
//
// Tokens come from a function, so that there is one way to get a token of a GitHub App, for Git and for the API:
// signin.GitHubApp. The package ghinstallation would link a second version of the SDK for the same.
package github
