// SPDX-License-Identifier: Apache-2.0

// Package pullrequest plans pull requests, and shows the plans on their forge: once for a step of a pipeline, or beside
// the loop of a daemon.
package pullrequest
