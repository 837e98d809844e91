// SPDX-License-Identifier: Apache-2.0

// Package gitlab shows reviews and deployments on GitLab.com and self-managed GitLab. It is the only package with
// GitLab's SDK.
//
// GitLab has no word for two of our states. A deployment that is queued is shown as running: the API takes no other
// state before the end. A commit status of the state "error", where syncer could not tell, is shown as canceled:
// neither good nor bad, and merge checks do not take it for a success. Deployments have no description.
package gitlab
