package git

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Options say which repository to follow, and how.
type Options struct {
	// URL is where the repository is: https://host/path, http://host/path, ssh://user@host/path, user@host:path, file:///path
	// or a local path. Credentials inside it are refused, and so are credentials over http to another machine. A local
	// repository needs the git command on PATH: go-git speaks to its upload-pack and receive-pack.
	URL string
	// Branch is the branch to follow, such as main. Empty means the one that the server's HEAD names.
	Branch string
	Auth   Auth
	// CAFile holds PEM certificates to trust for https, besides the system's.
	CAFile string
	// MaxPackBytes limits what one fetch may receive; 64 MiB when zero. Its objects may take eight times that in memory.
	MaxPackBytes int64
	// Timeout limits each exchange with the server: reading its refs, receiving a pack, pushing. One minute when zero.
	Timeout time.Duration
}

// Auth says how to sign in. Its secrets are named, not given: they are read from their file or environment variable each
// time they are used, so that a rotated one is picked up.
type Auth struct {
	// Username goes with Password. Forges that take a token as the password mostly accept any name; it defaults to "git".
	Username string
	Password Secret
	// Bearer is an OAuth token, sent as such.
	Bearer Secret
	// SSHKey is a file with a private key, and SSHPassphrase opens it if need be.
	SSHKey        string
	SSHPassphrase Secret
	// KnownHosts is a file in OpenSSH's format, mandatory for ssh. A host that it does not list is refused.
	KnownHosts string
}

// Secret names where a secret is kept: a file or an environment variable.
type Secret struct {
	File string
	Env  string
}

func (s Secret) isSet() bool { return s != Secret{} }

// maxSecretBytes is far above any token's size: a path that points at something else by mistake is noticed.
const maxSecretBytes = 64 << 10

func (s Secret) read() (string, error) {
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

func (a Auth) empty() bool { return a == Auth{} }

// validate checks that the credentials fit together and to the scheme. It reads none of them: a file that comes later, as a
// mounted secret may, is no error yet.
func (a Auth) validate(protocol string) error {
	for _, s := range []struct {
		name string
		Secret
	}{{"password", a.Password}, {"bearer token", a.Bearer}, {"SSH passphrase", a.SSHPassphrase}} {
		if s.File != "" && s.Env != "" {
			return fmt.Errorf("the %s is named twice: in file %s and in environment variable %s", s.name, s.File, s.Env)
		}
	}
	switch {
	case protocol == "ssh" && (a.Password.isSet() || a.Bearer.isSet()):
		return errors.New("a password or token does not work over ssh: give an SSH key")
	case protocol == "ssh" && (a.SSHKey == "" || a.KnownHosts == ""):
		return errors.New("ssh needs an SSH key file and a known hosts file")
	case protocol != "ssh" && (a.SSHKey != "" || a.KnownHosts != ""):
		return errors.New("an SSH key works only for ssh URLs")
	case a.Password.isSet() && a.Bearer.isSet():
		return errors.New("give a password or a bearer token, not both")
	case a.Username != "" && !a.Password.isSet() && protocol != "ssh":
		return errors.New("a user name needs a password")
	}
	return nil
}

const (
	defaultMaxPackBytes = 64 << 20
	defaultTimeout      = time.Minute
	inflation           = 8 // how much larger than its pack a repository may be in memory
)
