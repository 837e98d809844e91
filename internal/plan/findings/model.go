// SPDX-License-Identifier: Apache-2.0

package findings

import (
	"fmt"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
)

// changed reports whether both values are known and differ.
func changed(a, b string) bool { return a != "" && b != "" && a != b }

// model says that another model takes the place of the one that runs.
func model(r *review, s *subject) {
	if changed(s.Before.Model, s.After.Model) {
		r.tell(s, plan.ModelChanged, diag.Off, "model "+s.Before.Model+" -> "+s.After.Model, "")
	}
}

// revision says that the same model is fetched at another commit.
func revision(r *review, s *subject) {
	if s.Before.Model == s.After.Model && changed(s.Before.Revision, s.After.Revision) {
		r.tell(s, plan.RevisionChanged, diag.Off,
			fmt.Sprintf("revision of %s: %s -> %s", s.After.Model, short(s.Before.Revision), short(s.After.Revision)), "")
	}
}

// unpinned says that the commit of the model is not fixed. The words are those of admission.
func unpinned(r *review, s *subject) {
	if !s.stays {
		return
	}
	for _, d := range r.problems(s, diag.UnpinnedRevision) {
		r.tell(s, plan.RevisionUnpinned, verdictOf(d), d.Message, d.Hint)
		return
	}
	if s.After.Revision == desired.Unpinned {
		r.tell(s, plan.RevisionUnpinned, diag.Off,
			s.After.Model+" is not pinned: pods fetch what its branch main has when they start", "")
	}
}

// remoteCode says that the server runs code of the model's repository, where that is news.
func remoteCode(r *review, s *subject) {
	if s.desired == nil || !s.Model.RemoteCode || s.exists && s.After.Model == s.Before.Model &&
		s.After.Revision == s.Before.Revision {
		return
	}
	if s.Model.Revision == desired.Unpinned {
		r.tell(s, plan.RemoteCode, diag.Warn,
			"the server runs whatever Python code the branch main of "+s.Model.Repo+" has when it starts",
			"pin the commit: add source.revision to a preset of the repository")
		return
	}
	r.tell(s, plan.RemoteCode, diag.Off,
		fmt.Sprintf("the server runs Python code of %s at %s", s.Model.Repo, short(s.Model.Revision)), "")
}

// image says that the main container gets another image, and warns about a tag that moves.
func image(r *review, s *subject) {
	if s.After.Image == "" || s.After.Image == s.Before.Image {
		return
	}
	if changed(s.Before.Image, s.After.Image) {
		r.tell(s, plan.ImageChanged, diag.Off, "image "+s.Before.Image+" -> "+s.After.Image, "")
	}
	if tag := tagOf(s.After.Image); tag == "" || tag == "latest" {
		r.tell(s, plan.ImageChanged, diag.Warn,
			"image "+s.After.Image+" names no fixed version: what runs may change without a commit",
			"name a tag of a release, or a digest")
	}
}

// tagOf returns the tag of an image, its digest, or "".
func tagOf(image string) string {
	if _, digest, ok := strings.Cut(image, "@"); ok {
		return digest
	}
	_, tag, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	return tag
}

// contextLength says that the longest sequence changes.
func contextLength(r *review, s *subject) {
	was, is := s.Before.ContextLength, s.After.ContextLength
	if !s.exists || !s.stays || was == is || s.Before.Model == "" || s.After.Model == "" {
		return
	}
	r.tell(s, plan.ContextChanged, diag.Off, "context length "+tokens(was)+" -> "+tokens(is)+" tokens", "")
}

func tokens(n int) string {
	if n == 0 {
		return "chosen by the server"
	}
	return plan.Thousands(n)
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

func short(revision string) string {
	if commit.MatchString(revision) {
		return revision[:12]
	}
	return revision
}
