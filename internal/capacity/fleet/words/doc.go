// SPDX-License-Identifier: Apache-2.0

// Package words has the sentences in which a plan of the fleet says why a Workspace has its nodes, or none, and what
// the user can do. Users read them in plans and on the status branch.
//
// It decides nothing: package fleet does, and package ledger has the words for a quota, limit or share that is short.
// For example:
//
//	words.GivesWay(key, workspace.High) // "gives way to team/llama (priority high): no nodes until there is room again"
package words
