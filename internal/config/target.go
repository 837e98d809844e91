// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// followsBranch reports whether neither a tag nor a commit is followed.
func (s Source) followsBranch() bool { return s.Tag == "" && s.Commit == "" }

// Ref names what is followed, as in "tag v1.2".
func (s Source) Ref() string {
	switch {
	case s.Commit != "":
		return "commit " + s.Commit
	case s.Tag != "":
		return "tag " + s.Tag
	}
	return "branch " + s.Branch
}

// target checks that one thing is followed.
func (c *check) target() {
	const one = "keep one of source.branch, source.tag and source.commit"
	s := c.Source
	if s.Tag != "" && badInRefName.MatchString(s.Tag) {
		c.fail(diag.InvalidName, "source.tag", "write the name of a tag, such as v1.2", "%q is not a valid tag name", s.Tag)
	}
	if s.Commit != "" && (len(s.Commit) != 40 || strings.Trim(s.Commit, "0123456789abcdef") != "") {
		c.fail(diag.InvalidValue, "source.commit", "write all 40 digits, as git rev-parse prints them",
			"%q is not the full hash of a commit", s.Commit)
	}
	switch {
	case s.Tag != "" && s.Commit != "":
		c.fail(diag.ConflictingFields, "source.commit", one, "excludes source.tag")
	case s.Branch != "" && s.Tag != "":
		c.fail(diag.ConflictingFields, "source.tag", one, "excludes source.branch, which is %s", s.Branch)
	case s.Branch != "" && s.Commit != "":
		c.fail(diag.ConflictingFields, "source.commit", one, "excludes source.branch, which is %s", s.Branch)
	}
	if !s.followsBranch() && c.Review.Forge != "" {
		c.fail(diag.ConflictingFields, "review.forge", "follow a branch, or review with a configuration of its own that does",
			"requires source.branch, because pull requests are into a branch")
	}
}

// The bounds of status.keep. They are ours: fewer commits tell nothing, and all that stay are written again.
const (
	leastKept = 10
	mostKept  = 10_000
)

// keep checks status.keep. The history of a branch that people commit to is not ours to shorten.
func (c *check) keep() {
	k := c.Status.Keep
	if k != 0 && (k < leastKept || k > mostKept) {
		c.fail(diag.OutOfRange, "status.keep", "", "must be 0, or between %d and %d, not %d", leastKept, mostKept, k)
	}
	if k != 0 && c.Status.Branch == c.Source.Branch {
		c.fail(diag.ConflictingFields, "status.keep", "give status a branch of its own in status.branch",
			"requires another status.branch than source.branch: its history has the commits of the source")
	}
}
