// SPDX-License-Identifier: Apache-2.0

package giteatest_test

import (
	"net/http"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// TestGiteaSmoke is a first look.
func TestGiteaSmoke(t *testing.T) {
	s := giteatest.Start(t)
	alice := s.User("alice")
	r := alice.Repository("models")
	r.Commit(map[string]string{"a.txt": "a\n"}, "first")
	r.Push(gittest.Main)
	var v struct{ Version string }
	alice.Call(http.MethodGet, "/version", nil, &v)
	t.Log(v, r.Markdown("hello @alice **x**"))
}
