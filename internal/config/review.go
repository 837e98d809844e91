// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// review checks the settings of pull requests and of reviews.
func (c *check) review() {
	if c.Policy.CostDelta.Hourly < 0 {
		c.fail(diag.OutOfRange, "policy.costDelta.hourly", "", "must not be negative")
	}
	if p := c.Policy.Review.CostTolerance; p < 0 || p > 1000 {
		c.fail(diag.OutOfRange, "policy.review.costTolerance", "write percent, such as 10", "must be between 0 and 1000")
	}
	r := c.Review
	if r.URL != "" {
		u, err := url.Parse(r.URL)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			c.fail(diag.InvalidValue, "review.url", "write a URL such as https://git.example.com",
				"%q is not the address of a server", r.URL)
		case u.User != nil:
			c.fail(diag.SecretInConfig, "review.url", "put the token into a file, and name it in review.tokenFile",
				"must not contain a user or a password")
		}
	}
	if r.Repository != "" && !strings.Contains(strings.Trim(r.Repository, "/"), "/") {
		c.fail(diag.InvalidValue, "review.repository", "write OWNER/NAME; on Azure DevOps ORGANIZATION/PROJECT/NAME",
			"%q names no repository", r.Repository)
	}
	if w := r.Webhook; w.Listen != "" && w.SecretFile == "" && w.SecretEnv == "" {
		c.fail(diag.ConflictingFields, "review.webhook.listen", "name the file with the secret in review.webhook.secretFile",
			"requires review.webhook.secretFile or review.webhook.secretEnv, which are not set")
	}
}
