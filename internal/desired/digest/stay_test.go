// SPDX-License-Identifier: Apache-2.0

package digest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/render"
)

// TestDigestsStay pins digests of all situations. Reviews of users are kept under them: if one changes, and not because
// the presets of the fixtures did, all that was reviewed has to be reviewed again.
func TestDigestsStay(t *testing.T) {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(situations)) {
		s := situations[name]
		for _, cache := range []*render.Cache{nil, render.NewCache()} {
			for _, conf := range []int{0, 1024} {
				i := identified{
					files:  map[string]string{"phi.yaml": s.text},
					policy: desired.Policy{Source: s.source},
					cache:  cache,
				}
				if conf > 0 {
					i.files["conf.yaml"] = fmt.Sprintf(configMap, "conf", conf)
					i.files["phi.yaml"] = strings.Replace(s.text, "inference:\n", "inference:\n  config: conf\n", 1)
				}
				fmt.Fprintf(&out, "%s, cache %t, config %d: %s\n", name, cache != nil, conf, i.digest(t))
			}
		}
	}
	golden.Equal(t, "testdata/digests.txt", out.String())
}
