// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// fetchTimeout bounds Fetch: what the clone has already is an answer too.
const fetchTimeout = 30 * time.Second

// Fetch lets the user's own git fetch one branch of the remote "origin" into its remote-tracking branch, with the
// credentials, keys and settings that git has. It asks for nothing at the terminal, and changes nothing else of the
// clone.
func Fetch(ctx context.Context, dir, branch string) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules",
		"--no-write-fetch-head", "origin", fmt.Sprintf("+refs/heads/%[1]s:refs/remotes/origin/%[1]s", branch))
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.WaitDelay = grace
	ownGroup(cmd)
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if lines[0] == "" {
		return err
	}
	return errors.New(lines[0])
}
