// SPDX-License-Identifier: Apache-2.0

// Package emulator is what the emulators of forges have in common: a repository with pull requests, comments, statuses
// and deployments; knobs for what goes wrong; and a check of every request and answer against the OpenAPI description
// that the forge publishes, so that a path, a parameter or a field that does not exist fails the test.
package emulator
