// SPDX-License-Identifier: Apache-2.0

// Package githubtest emulates one repository on GitHub. Every request and answer is checked against GitHub's own
// OpenAPI description: testdata/openapi.json, which generate.go has cut from the npm package @octokit/openapi (MIT, see
// testdata/LICENSE).
package githubtest
