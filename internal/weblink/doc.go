// SPDX-License-Identifier: Apache-2.0

// Package weblink makes links to the web pages of a repository on its forge: to a commit, and to a file of a commit. A
// repository on no known forge has no links. Pure.
//
//	links := weblink.Of("git@github.com:team/models.git", "")
//	links.Commit("9be0d11") // https://github.com/team/models/commit/9be0d11
package weblink
