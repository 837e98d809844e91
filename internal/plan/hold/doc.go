// SPDX-License-Identifier: Apache-2.0

// Package hold decides what waits together with Workspaces that must not change: other Workspaces, the objects that
// they use, and nodes. Who must not change is decided elsewhere: by a policy, by a review, or by the API server.
package hold
