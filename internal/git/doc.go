// Package git follows a branch of a Git repository and writes commits to it, without ever checking anything out.
//
// Everything lives in memory. [Repository.Fetch] asks the server where the branch is and, when it has moved, receives only
// the objects that are new; [Repository.Snapshot] shows a commit's tree as an [io/fs.FS] that reads straight from those
// objects, so no path and no symbolic link in the repository can reach a file of this machine; [Branch.Commit] builds blobs,
// trees and a commit as objects and pushes them as a compare-and-swap: the server moves the branch from the tip the commit was
// built on, or not at all. Nothing is ever forced, and the length of the history costs nothing.
//
// It is the only package that imports go-git, of which it uses the plumbing alone: the transports, the pack format and the
// object encodings. Its Worktree, Push and Fetch cost time in proportion to the repository, where these cost time in
// proportion to the change.
//
// What comes from the server is hostile input: packs are limited in bytes, objects and inflated size before they are decoded,
// and a pack that does not hold all that a commit needs is thrown away as a whole.
package git
