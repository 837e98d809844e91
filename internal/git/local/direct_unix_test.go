// SPDX-License-Identifier: Apache-2.0

//go:build unix

package local

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestTrustEnds: what git has accepted counts for a while, and then git is asked again.
func TestTrustEnds(t *testing.T) {
	repo := gittest.NewRepo(t)
	synctest.Test(t, func(t *testing.T) {
		d := NewDirect(repo.Dir)
		opens := func() bool {
			files, err := d.Open(gittest.Main)
			if err == nil {
				files.Close()
			}
			return err == nil
		}
		if opens() {
			t.Error("it opens before git has accepted it")
		}
		shown := d.Before()
		shown("other")
		if opens() {
			t.Error("it opens although git has shown another branch only")
		}
		shown(gittest.Main)
		time.Sleep(trustedFor)
		if !opens() {
			t.Error("it does not open, although git has accepted it")
		}
		time.Sleep(time.Second)
		if opens() {
			t.Error("it opens although git has accepted it long ago")
		}
	})
}

// TestIsOurs: files of another user are not ours.
func TestIsOurs(t *testing.T) {
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	others := "/" // of root
	if os.Geteuid() == 0 {
		others = filepath.Join(t.TempDir(), "others")
		if err := os.WriteFile(others, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(others, 12345, -1); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{mine: true, others: false} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := isOurs(info); got != want {
			t.Errorf("%s: ours %t, want %t", path, got, want)
		}
	}
}
