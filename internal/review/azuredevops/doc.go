// SPDX-License-Identifier: Apache-2.0

// Package azuredevops is the review.Forge of Azure DevOps Services and Server.
//
// Lists have no entity tag, so that a list is read in full, 100 pull requests to a request, and compared with the one
// before.
//
// The comment is a thread of its own that is created closed: an open one would count as a discussion to be
// resolved, and a branch policy may make that a condition of merging.
//
// A status of the last commit of an open pull request is one of the pull request's iteration, because branch policies
// and the page of the pull request know only those. It belongs to what was pushed last, so that a new push does not
// inherit success. Any other commit gets a commit status.
//
// Azure DevOps has no deployments outside of pipelines.
package azuredevops
