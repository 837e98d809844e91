// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

func init() {
	// The configuration names the host, not ~/.ssh/config.
	gitssh.DefaultSSHConfig = nil
}

// Learn is given each secret that is read, with its user name, so that no text repeats it.
type Learn func(username, secret string)

// Session is what one session with a server signs in with.
type Session struct {
	Method transport.AuthMethod // nil for none
	// Refused says that the server does not know it; nil where there is nothing to do then.
	Refused func(context.Context)
}

// Read reads the credentials as they are now. It is called for every session.
func (a Auth) Read(ctx context.Context, ep *transport.Endpoint, learn Learn) (Session, error) {
	switch {
	case ep.Protocol == "ssh":
		method, err := a.sshMethod(ep, learn)
		return Session{Method: method}, err
	case ep.Protocol == "file":
		return Session{}, nil
	case a.Token != nil:
		return FromSource(ctx, a.Token, learn)
	case a.Bearer.isSet():
		token, err := a.Bearer.Read()
		if err != nil {
			return Session{}, fmt.Errorf("read bearer token: %w", err)
		}
		return ofHTTP(Credential{Secret: token, Bearer: true}, learn), nil
	case a.Password.isSet():
		password, err := a.Password.Read()
		if err != nil {
			return Session{}, fmt.Errorf("read password: %w", err)
		}
		return ofHTTP(Credential{Username: a.Username, Secret: password}, learn), nil
	}
	return Session{}, nil
}

// FromSource returns what a source makes.
func FromSource(ctx context.Context, source TokenSource, learn Learn) (Session, error) {
	c, err := source.Token(ctx)
	if err != nil {
		return Session{}, fmt.Errorf("sign in: %w", err)
	}
	out := ofHTTP(c, learn)
	out.Refused = func(ctx context.Context) { source.Refused(ctx, c) }
	return out, nil
}

func ofHTTP(c Credential, learn Learn) Session {
	learn(c.Username, c.Secret)
	if c.Bearer {
		return Session{Method: &githttp.TokenAuth{Token: c.Secret}}
	}
	return Session{Method: &githttp.BasicAuth{Username: c.Username, Password: c.Secret}}
}

// CredentialError means that a credential cannot be used.
type CredentialError struct {
	Text   string // what is wrong, without the secret
	Remedy string // what to do
}

// Error says what is wrong.
func (e *CredentialError) Error() string { return e.Text }

// Hint names the setting.
func (e *CredentialError) Hint() string { return e.Remedy }

// signer reads the private key.
func (a Auth) signer(learn Learn) (ssh.Signer, error) {
	pem, err := os.ReadFile(a.SSHKey)
	if err != nil {
		return nil, fmt.Errorf("read SSH key: %w", err)
	}
	const setting = "the settings source.auth.passphraseFile and source.auth.passphraseEnv say where the passphrase is"
	if !a.SSHPassphrase.isSet() {
		signer, err := ssh.ParsePrivateKey(pem)
		var missing *ssh.PassphraseMissingError
		if errors.As(err, &missing) {
			return nil, &CredentialError{fmt.Sprintf("the SSH key %s is protected by a passphrase", a.SSHKey), setting}
		}
		return signer, wrap(err, "read SSH key %s", a.SSHKey)
	}
	passphrase, err := a.SSHPassphrase.Read()
	if err != nil {
		return nil, fmt.Errorf("read passphrase of the SSH key: %w", err)
	}
	learn("", passphrase)
	signer, err := ssh.ParsePrivateKeyWithPassphrase(pem, []byte(passphrase))
	switch {
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, &CredentialError{fmt.Sprintf("the passphrase does not open the SSH key %s", a.SSHKey), setting}
	case err != nil:
		// A key without a passphrase needs none: it may have been replaced.
		if signer, plain := ssh.ParsePrivateKey(pem); plain == nil {
			return signer, nil
		}
	}
	return signer, wrap(err, "read SSH key %s", a.SSHKey)
}

// wrap is fmt.Errorf for an error that may be nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

func (a Auth) sshMethod(ep *transport.Endpoint, learn Learn) (transport.AuthMethod, error) {
	keys := &gitssh.PublicKeysCallback{User: ep.User}
	if keys.User == "" {
		keys.User = gitssh.DefaultUsername
	}
	if a.SSHKey == "" {
		signers, err := a.Agent.Signers()
		if err != nil {
			return nil, err
		}
		keys.Callback = func() ([]ssh.Signer, error) { return signers, nil }
	} else {
		signer, err := a.signer(learn)
		if err != nil {
			return nil, err
		}
		keys.Callback = func() ([]ssh.Signer, error) { return []ssh.Signer{signer}, nil }
	}
	if _, err := os.Stat(a.KnownHosts); err != nil {
		return nil, fmt.Errorf("read known hosts: %w", err)
	}
	hosts, err := gitssh.NewKnownHostsDb(a.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("read known hosts %s: %w", a.KnownHosts, err)
	}
	port := ep.Port
	if port <= 0 {
		port = gitssh.DefaultPort
	}
	keys.HostKeyCallback = hosts.HostKeyCallback()
	// Ask for the kinds of key that are known: a host may have several, of which the file lists one.
	keys.HostKeyAlgorithms = hosts.HostKeyAlgorithms(net.JoinHostPort(ep.Host, strconv.Itoa(port)))
	return keys, nil
}
