// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Auth says how to sign in. Its secrets are named, not given: they are read from their file or environment variable
// each time they are used, so that a rotated one is picked up.
type Auth struct {
	// Username goes with Password, as it is: some servers want it empty. Forges that take a token as the password mostly
	// accept any name.
	Username string
	Password Secret
	// Bearer is an OAuth token, sent as such.
	Bearer Secret
	// Token makes credentials for https at each use, in place of Password and Bearer.
	Token TokenSource
	// Ask is asked for credentials only when the server demands some and none of the above is given: for a person at a
	// terminal.
	Ask TokenSource
	// SSHKey is a file with a private key, and SSHPassphrase opens it if need be.
	SSHKey        string
	SSHPassphrase Secret
	// Agent signs in over ssh where no SSHKey is given: for a person at a terminal.
	Agent *Agent
	// KnownHosts is a file in OpenSSH's format, mandatory for ssh. A host that it does not list is refused.
	KnownHosts string
}

// A TokenSource makes credentials for https. It is safe for concurrent use.
type TokenSource interface {
	// Token returns what to sign in with now.
	Token(ctx context.Context) (Credential, error)
	// Refused says that the server did not accept c, so that it is not returned again.
	Refused(ctx context.Context, c Credential)
}

// Secret names where a secret is kept: a file or an environment variable.
type Secret struct {
	File string
	Env  string
}

func (s Secret) isSet() bool { return s != Secret{} }

// maxSecretBytes is far above any token's size: a path that points at something else by mistake is noticed.
const maxSecretBytes = 64 << 10

// Read returns the secret. It is an error if there is none.
func (s Secret) Read() (string, error) {
	if s.Env != "" {
		v := strings.TrimSpace(os.Getenv(s.Env))
		if v == "" {
			return "", fmt.Errorf("environment variable %s is empty", s.Env)
		}
		return v, nil
	}
	info, err := os.Stat(s.File)
	if err != nil {
		return "", err
	}
	if info.Size() > maxSecretBytes {
		return "", fmt.Errorf("%s is %d bytes, too large for a secret", s.File, info.Size())
	}
	b, err := os.ReadFile(s.File)
	if err != nil {
		return "", err
	}
	v := strings.TrimSpace(string(b))
	if v == "" {
		return "", fmt.Errorf("%s is empty", s.File)
	}
	return v, nil
}

// Empty reports whether no credentials are configured. A person may have some nevertheless.
func (a Auth) Empty() bool {
	a.Ask, a.Agent, a.KnownHosts, a.Username = nil, nil, "", ""
	return a == Auth{}
}

// Validate checks that the credentials fit together and to the scheme. It reads none of them: a file that comes later,
// as a mounted secret may, is no error yet.
func (a Auth) Validate(protocol string) error {
	for _, s := range []struct {
		name string
		Secret
	}{{"password", a.Password}, {"bearer token", a.Bearer}, {"SSH passphrase", a.SSHPassphrase}} {
		if s.File != "" && s.Env != "" {
			return fmt.Errorf("the %s is named twice: in file %s and in environment variable %s", s.name, s.File, s.Env)
		}
	}
	switch {
	case protocol == "ssh" && (a.Password.isSet() || a.Bearer.isSet() || a.Token != nil):
		return errors.New("a password or token does not work over ssh: give an SSH key")
	case protocol == "ssh" && (a.SSHKey == "" && a.Agent == nil || a.KnownHosts == ""):
		return errors.New("ssh needs an SSH key file and a known hosts file (source.auth.sshKeyFile and knownHostsFile)")
	case protocol != "ssh" && (a.SSHKey != "" || a.KnownHosts != ""):
		return errors.New("an SSH key works only for ssh URLs")
	case count(a.Password.isSet(), a.Bearer.isSet(), a.Token != nil) > 1:
		return errors.New("give a password, a bearer token, a GitHub App or an Entra identity, not several")
	}
	return nil
}

func count(conditions ...bool) (n int) {
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}
