// SPDX-License-Identifier: Apache-2.0

package git

import (
	"time"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/signin"
)

// Options configure a Repository.
type Options struct {
	// URL is the address of the repository: https://host/path, http://host/path, ssh://user@host/path, user@host:path,
	// file:///path or a local path. Credentials inside it are refused, and so are credentials over http to another
	// machine. A local repository needs the git command on PATH: go-git speaks to its upload-pack and receive-pack.
	URL string
	// Branch is the branch to follow, such as main; Tag the tag, and Commit the full hash of the one commit. At most one
	// of them is given. None means the branch that the server's HEAD names.
	Branch string
	Tag    string
	Commit string
	Auth   Auth
	// CAFile holds PEM certificates to trust for https, in addition to the system's. CertFile and KeyFile hold the PEM
	// certificate to show to the server, and its key. A file that changes is read again.
	CAFile   string
	CertFile string
	KeyFile  string
	Limits   Limits
	// Timeout limits each exchange with the server: reading its refs, receiving a pack, pushing. One minute when zero.
	Timeout time.Duration
}

// Auth says how to sign in, Secret where a secret is kept, and TokenSource makes credentials at the moment of use.
type (
	Auth        = signin.Auth
	Secret      = signin.Secret
	TokenSource = signin.TokenSource
)

// Limits bound what is received from the server, and what is read of it; a TooLargeError says which was exceeded.
type (
	Limits        = limits.Limits
	TooLargeError = limits.TooLargeError
)
