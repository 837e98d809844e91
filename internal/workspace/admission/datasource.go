// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/publicurl"
	"syncer.dev/syncer/internal/workspace"
)

// dataSource checks where tuning data comes from.
func (c *check) dataSource(field string, s *workspace.DataSource) {
	given := 0
	for _, yes := range []bool{len(s.URLs) > 0, s.Volume != nil, s.Image != ""} {
		if yes {
			given++
		}
	}
	if given != 1 {
		c.fail(
			diag.ConflictingFields,
			field,
			fmt.Sprintf("must have exactly one of urls, volumeSource and image, not %d", given),
			"name one source of data",
		)
	}
	c.image(field+".image", s.Image)
	c.private(field, s.Image, s.ImagePullSecrets)
	for i, u := range s.URLs { // KAITO looks at them from v1beta1 on; pods of both versions reach the same hosts
		if message := publicurl.Fault(u); message != "" {
			c.fail(diag.InvalidURL, fmt.Sprintf("%s.urls[%d]", field, i), message, "use a public http or https URL")
		} else if page, file := publicurl.Page(u); page {
			hint := "give the address of a file"
			if file != "" {
				hint = "write " + file
			}
			c.warn(diag.WebPage, fmt.Sprintf("%s.urls[%d]", field, i),
				"is a page for people: the download would succeed, and the training fail", hint)
		}
	}
}

// imageReference is the grammar of distribution's references: an optional registry, path components, a tag, a digest.
var imageReference = regexp.MustCompile(
	`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?` +
		`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*` +
		`(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
)

// placeholder is a part of a reference that the reader of an example has to replace, such as ACR_REPO_HERE.
var placeholder = regexp.MustCompile(`(^|[/.:])[A-Z][A-Z0-9]*(_[A-Z0-9]+)+([/.:]|$)`)

// maxImage bounds a reference: a repository's name has at most 255 characters, a tag 128, and a digest less than 200.
const maxImage = 255 + 128 + 200

// image checks a reference to a container image, if one is given.
func (c *check) image(field, ref string) {
	if ref == "" || len(ref) <= maxImage && imageReference.MatchString(ref) {
		return
	}
	if placeholder.MatchString(ref) {
		c.fail(diag.InvalidImage, field, fmt.Sprintf("%.100q is a placeholder", ref),
			"write the name of an image in your registry instead")
		return
	}
	if imageReference.MatchString(strings.ToLower(ref)) {
		c.fail(
			diag.InvalidImage,
			field,
			fmt.Sprintf("%q is not an image reference, because repository names are lower-case", ref),
			"write "+strings.ToLower(ref),
		)
		return
	}
	c.fail(diag.InvalidImage, field, fmt.Sprintf("%.100q is not an image reference", ref), "write registry/repository:tag")
}
