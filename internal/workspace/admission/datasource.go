// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/publicurl"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/imageref"
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

// image checks a reference to a container image, if one is given.
func (c *check) image(field, ref string) {
	if ref == "" {
		return
	}
	if fault := imageref.Judge(ref); fault != nil {
		c.fail(diag.InvalidImage, field, fault.Message, fault.Hint)
	}
}

// private warns about an image in a registry that is private by its name, which a program in the pod pulls without
// credentials: the rights of the node are those of the kubelet alone.
func (c *check) private(field, image string, secrets []string) {
	host, private := imageref.Private(image)
	if !private || len(secrets) > 0 {
		return
	}
	c.warn(diag.PullSecretMissing, field+".image",
		host+" is private unless its owner has opened it, and a program in the pod pulls the image without credentials",
		"name a Secret in imagePullSecrets; that the cluster is attached to the registry does not help here")
}
