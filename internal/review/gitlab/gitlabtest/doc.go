// SPDX-License-Identifier: Apache-2.0

// Package gitlabtest emulates one project on GitLab, with the rules that its API does not describe: quick actions, the
// transitions of commit statuses, and what deployments do to environments. Every request and answer is checked against
// testdata/openapi.yaml, which names the source of each fact.
package gitlabtest
