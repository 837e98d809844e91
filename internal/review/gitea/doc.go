// SPDX-License-Identifier: Apache-2.0

// Package gitea is the review.Forge of Gitea and Forgejo.
//
// Their API has no conditional requests (its only entity tags are those of files) and no rate limit of its own; a proxy
// may add one. A list of pull requests is therefore read in full, 50 to a request, and compared with the one before.
// They have no deployments.
package gitea
