// SPDX-License-Identifier: Apache-2.0

// Package git follows a branch of a Git repository and writes commits to a branch, in memory and without a work tree.
//
// In one pass of a repository that gets a changed Workspace, the data flow is:
//
//	Fetch          the server lists refs/heads/main at 3f2a...; the tracker has 9c41...: receive a pack with the new
//	               commit, 2 trees and 1 blob; add the objects that the tip shares with 9c41...
//	Snapshot       the tree of 3f2a... as an io/fs.FS with workspaces/phi-4.yaml; reads come from the objects
//	  ... the pass plans, applies and observes ...
//	Branch.Commit  the server lists refs/heads/syncer/status at 71b0...: lay status/demo/default/phi-4.yaml on its tree,
//	               write 1 blob, 4 trees and 1 commit, and push "71b0... -> e8d5..."
//	               another writer moved the branch: list again, lay the same files on the new tip, at most 10 times
//
// [Repository.Fetch] costs one request if the branch did not move, and receives only new objects otherwise. A path or a
// symbolic link of a [Snapshot] cannot reach a file of this machine, because no file is on disk. [Branch.Commit] pushes
// a compare-and-swap: the server moves the branch from the tip that the commit is based on, or refuses. The
// length of the history costs nothing. [Branch.Truncate] shortens it, by compare-and-swap as well.
//
// The package and those below it are the only importers of go-git, and use its transports, pack format and object
// encodings only. The Worktree, Push and Fetch of go-git cost time in proportion to the repository; those of this
// package, to the change. Package remote speaks to the server, and pack decodes what it sends. Package target says what
// is followed, store keeps the objects, snapshot shows them as files, revision has the names of commits, and ancestry
// what leads from one commit to another.
//
// All data from the server is hostile input. Packs have limits in bytes, objects and inflated size before any decoding,
// and a pack without all objects of a commit is discarded as a whole.
package git
