// SPDX-License-Identifier: Apache-2.0

package access

// Scope is what one client may see of a cluster. The zero value sees nothing.
type Scope struct {
	User       string // "" for a client of this machine
	All        bool   // every namespace, and what belongs to the whole cluster: pools, quota, limits
	Namespaces map[string]bool
}

// Sees reports whether the client may see the Workspaces of a namespace.
func (s Scope) Sees(namespace string) bool { return s.All || s.Namespaces[namespace] }

// Empty reports whether the client may see nothing.
func (s Scope) Empty() bool { return !s.All && len(s.Namespaces) == 0 }
