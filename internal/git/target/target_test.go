// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"syncer.dev/syncer/internal/diag"
)

func hash(digit string) plumbing.Hash { return plumbing.NewHash(strings.Repeat(digit, 40)) }

func TestFind(t *testing.T) {
	adv := packp.NewAdvRefs()
	adv.References["refs/heads/main"] = hash("1")
	adv.References["refs/heads/v1"] = hash("2")
	adv.References["refs/tags/v1"] = hash("3")
	if err := adv.Capabilities.Add(capability.SymRef, "HEAD:refs/heads/main"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		target Target
		want   string // the digit of the hash
		err    error
	}{
		{"the branch of HEAD", Target{}, "1", nil},
		{"a branch", Target{Branch: "v1"}, "2", nil},
		{"a tag of the same name", Target{Tag: "v1"}, "3", nil},
		{"a commit that a branch names", Target{Commit: hash("2").String()}, "2", nil},
		{"no such branch", Target{Branch: "v2"}, "", ErrBranchNotFound},
		{"no such tag", Target{Tag: "main"}, "", ErrTagNotFound},
	} {
		found, err := test.target.Find(adv)
		if !errors.Is(err, test.err) || test.err == nil && found.Ref != hash(test.want) {
			t.Errorf("%s: %v, %v", test.name, found, err)
		}
	}
	older := Target{Commit: hash("4").String()}
	_, err := older.Find(adv)
	var hint diag.Hinter
	if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "uploadpack.allowReachableSHA1InWant") {
		t.Errorf("a commit that the server does not give: %v", err)
	}
	if err := adv.Capabilities.Set(capability.AllowReachableSHA1InWant); err != nil {
		t.Fatal(err)
	}
	if found, err := older.Find(adv); err != nil || found.Ref != hash("4") {
		t.Errorf("a commit that the server gives: %v, %v", found, err)
	}
}

func TestValidate(t *testing.T) {
	full := hash("a").String()
	for target, valid := range map[Target]bool{
		{}:                              true,
		{Branch: "team/main"}:           true,
		{Tag: "v1.2.3"}:                 true,
		{Commit: full}:                  true,
		{Commit: full[:12]}:             false,
		{Commit: strings.ToUpper(full)}: false,
		{Tag: "v1..2"}:                  false,
		{Branch: "a b"}:                 false,
		{Branch: "main", Tag: "v1"}:     false,
		{Tag: "v1", Commit: full}:       false,
	} {
		if err := target.Validate(); (err == nil) != valid {
			t.Errorf("%+v: %v", target, err)
		}
	}
}
