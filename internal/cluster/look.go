// SPDX-License-Identifier: Apache-2.0

package cluster

// Presence says whether an object that others make is there.
type Presence string

// The answers. Nothing may be concluded from Unknown.
const (
	Present Presence = "present"
	Missing Presence = "missing"
	Unknown Presence = "unknown"
)

// Reference is what is known about an object that Workspaces refer to and that the repository does not make.
type Reference struct {
	Presence Presence
	// Data is what a ConfigMap holds. Of all other kinds only the metadata is ever read.
	Data map[string]string
	// Ours says that syncer applied the object for an earlier commit, and may delete it.
	Ours bool
	// Why is why it is Unknown; or, with Missing, that not even the kind is there.
	Why string
	// Passing says that Why is an error that passes, such as a timeout, and not a missing permission.
	Passing bool
}
