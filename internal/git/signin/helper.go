// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// helperTimeout bounds one run of the helper. A helper may open a browser for the person to sign in.
const helperTimeout = 2 * time.Minute

// Helper is git's credential helper: what a person's own Git would sign in with at a URL. It never prompts at the
// terminal.
type Helper struct {
	URL string // of the repository, without credentials

	mu    sync.Mutex
	known *Credential // what it answered last
}

// Token asks the helper, once. The error says that it knows nothing.
func (h *Helper) Token(ctx context.Context) (Credential, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known != nil {
		return *h.known, nil
	}
	answer, err := h.run(ctx, "fill", "")
	if err != nil {
		return Credential{}, err
	}
	c := Credential{}
	for line := range strings.Lines(answer) {
		switch key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "="); key {
		case "username":
			c.Username = value
		case "password":
			c.Secret = value
		}
	}
	if c.Secret == "" {
		return Credential{}, errors.New("git's credential helper gives no password for this URL")
	}
	h.known = &c
	return c, nil
}

// Refused makes the helper forget a credential, as Git does.
func (h *Helper) Refused(ctx context.Context, c Credential) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = nil
	_, _ = h.run(ctx, "reject", fmt.Sprintf("username=%s\npassword=%s\n", c.Username, c.Secret))
}

// run runs git credential in the working folder, so that the helper of its repository counts, too.
func (h *Helper) run(ctx context.Context, action, more string) (string, error) {
	u, err := url.Parse(h.URL)
	if err != nil {
		return "", errors.New("not a URL")
	}
	ctx, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	input := fmt.Sprintf("protocol=%s\nhost=%s\npath=%s\n%s\n", u.Scheme, u.Host, strings.TrimPrefix(u.Path, "/"), more)
	cmd := exec.CommandContext(ctx, "git", "credential", action)
	cmd.WaitDelay = time.Second // a helper may leave a daemon behind
	cmd.Env = append(slices.Clone(os.Environ()), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	cmd.Stdin = strings.NewReader(input)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	switch {
	case errors.Is(err, exec.ErrWaitDelay), err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask git's credential helper: %w", ctx.Err())
	case strings.Contains(said.String(), "terminal prompts disabled"):
		return "", errors.New("git's credential helper knows no credentials for this URL")
	}
	return "", fmt.Errorf("ask git's credential helper: %w", err)
}
