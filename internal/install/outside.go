// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"strings"
)

// ImageOf returns the image that is asked for, or that of a release. The build is what syncer calls its version.
func ImageOf(asked, build string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	if !strings.HasPrefix(build, "v") {
		return "", fmt.Errorf("this build (%s) is no release, so that it has no image: name one with --image", build)
	}
	return Repository + ":" + build, nil
}

const stays = `These stay:
- the objects of Workspaces in the namespaces %s, which go on serving,
- the GPU pools that syncer has created, which go on costing,
- the branch %s.
To remove models and pools first, push a commit without Workspaces and with the trailer "Syncer-Allow-Empty: true", and
wait until "syncer status" shows none.
`

// Stays says what an installation leaves behind when its objects are deleted.
func Stays(namespaces []string, branch string) string {
	return fmt.Sprintf(stays, strings.Join(namespaces, ", "), branch)
}
