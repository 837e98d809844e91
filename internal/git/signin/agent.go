// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Agent is a person's SSH agent. It keeps one connection, which signs for as long as the process runs.
type Agent struct {
	Socket string // the value of SSH_AUTH_SOCK

	mu     sync.Mutex
	client agent.ExtendedAgent
}

// Signers returns the keys of the agent. It is an error if there are none.
func (a *Agent) Signers() ([]ssh.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		if signers, err := a.client.Signers(); err == nil {
			return some(signers)
		}
		a.client = nil // it was started again, perhaps
	}
	conn, err := net.Dial("unix", a.Socket)
	if err != nil {
		return nil, fmt.Errorf("connect to the SSH agent: %w", err)
	}
	a.client = agent.NewClient(conn)
	signers, err := a.client.Signers()
	if err != nil {
		return nil, fmt.Errorf("ask the SSH agent for keys: %w", err)
	}
	return some(signers)
}

func some(signers []ssh.Signer) ([]ssh.Signer, error) {
	if len(signers) == 0 {
		return nil, errors.New("the SSH agent has no key; add one with ssh-add")
	}
	return signers, nil
}
