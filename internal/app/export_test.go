// SPDX-License-Identifier: Apache-2.0

package app

// What tests of other packages reach: the parts that a forge in memory goes into.
var (
	ReviewOn          = reviewOn
	RepositoryAddress = repositoryAddress
	NewPullLive       = forPullRequest
)
