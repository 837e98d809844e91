// SPDX-License-Identifier: Apache-2.0

package message

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
)

// maxReviews bounds the Workspaces that the message of a commit with reviews lists.
const maxReviews = 100

// OfReviews returns the message of a commit that writes reviews.
func OfReviews(cluster, version string, records []reviewed.Record) string {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b reviewed.Record) int {
		return cmp.Or(a.Workspace.Compare(b.Workspace), strings.Compare(a.Digest, b.Digest))
	})
	subject := fmt.Sprintf("review(%s): ", status.Line(cluster))
	var body strings.Builder
	for i, r := range sorted {
		if i == maxReviews {
			fmt.Fprintf(&body, "and %d more\n", len(sorted)-i)
			break
		}
		fmt.Fprintf(&body, "%s: %s\n", status.Line(r.Workspace.String()), status.Line(r.Digest))
		word := status.Line(r.Workspace.Name)
		if i > 0 {
			word = ", " + word
		}
		more := fmt.Sprintf(" and %d more", len(sorted)-i)
		switch {
		case strings.HasSuffix(subject, " more"):
		case i > 0 && len(subject)+len(word)+len(more) > maxSubject:
			subject += more
		default:
			subject += word
		}
	}
	trailers := fmt.Sprintf("%s: %s\nSyncer-Version: %s\nSyncer-CI: [skip ci]\n",
		TrailerCluster, status.Line(cluster), status.Line(version))
	return subject + "\n\n" + body.String() + "\n" + trailers
}
