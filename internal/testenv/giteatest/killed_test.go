// SPDX-License-Identifier: Apache-2.0

package giteatest_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

// inChild makes TestGiteaChild the test process that TestGiteaKilled kills.
const inChild = "GITEATEST_CHILD"

// TestGiteaKilled kills a test process without any warning: its server does not outlive it.
func TestGiteaKilled(t *testing.T) {
	giteatest.Start(t) // leaves the test out where there is no server
	child := exec.Command(os.Args[0], "-test.run=^TestGiteaChild$", "-test.v")
	child.Env = append(os.Environ(), inChild+"=1", "TMPDIR="+t.TempDir()) // it cannot remove its folder
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	for address == "" {
		var word string
		if _, err := fmt.Fscan(out, &word); err != nil {
			t.Fatalf("the child says no address: %v", err)
		}
		address, _ = strings.CutPrefix(word, "http://")
		if address == word {
			address = ""
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	testenv.Eventually(t, "the end of the server", func() string {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return ""
		}
		_ = c.Close()
		return "it still listens"
	})
}

// TestGiteaChild is the process that is killed. Without its parent it only starts a server, and stops it.
func TestGiteaChild(t *testing.T) {
	s := giteatest.Start(t)
	if os.Getenv(inChild) == "" {
		return
	}
	fmt.Println(s.URL)
	<-t.Context().Done()
}
