// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/git/advert"
	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/git/smarthttp"
)

func init() {
	// multi_ack is asked for wherever it is offered: Azure DevOps and AWS CodeCommit refuse clients without it, and one
	// commit that we have needs no more of it than go-git reads. Packs are decoded by package pack, which knows thin ones.
	transport.UnsupportedCapabilities = []capability.Capability{capability.MultiACKDetailed}
}

// A Remote opens sessions with the server. It keeps nothing between them but pooled connections, and is safe for
// concurrent use.
type Remote struct {
	endpoint transport.Endpoint
	client   transport.Transport
	auth     signin.Auth
	limits   limits.Limits
	timeout  time.Duration
	url      string // to show
	redactor redactor
	asked    atomic.Bool   // credentials came from Auth.Ask
	direct   *local.Direct // nil for a repository elsewhere
}

// userinfo is what an address says before the name of its host. It is not shown: it is no part of where that is.
var userinfo = regexp.MustCompile(`://[^/@\s]*@`)

// Options say where the repository is, and how to reach it.
type Options struct {
	URL  string // https, http, ssh, user@host:path, a file URL or a local path; without credentials
	Auth signin.Auth
	// CAFile holds PEM certificates to trust for https, in addition to the system's. CertFile and KeyFile hold the PEM
	// certificate to show to the server, and its key.
	CAFile   string
	CertFile string
	KeyFile  string
	Limits   limits.Limits
	Timeout  time.Duration // of each exchange; one minute when zero
}

const defaultTimeout = time.Minute

// New checks the options. It does not touch the network.
func New(o Options) (*Remote, error) {
	ep, err := parseURL(o.URL, o.Auth)
	if err != nil {
		return nil, err
	}
	r := &Remote{
		endpoint: *ep, auth: o.Auth, limits: o.Limits.WithDefaults(), timeout: o.Timeout,
		url: userinfo.ReplaceAllString(ep.String(), "://"),
	}
	if ep.Protocol == "file" {
		r.url = ep.Path
	}
	if r.timeout <= 0 {
		r.timeout = defaultTimeout
	}
	switch ep.Protocol {
	case "ssh":
		r.client = gitssh.DefaultClient
	case "file":
		r.client, r.direct = local.Transport{}, local.NewDirect(filepath.Clean(ep.Path))
	default:
		client, err := smarthttp.NewClient(smarthttp.Options{
			CAFile: o.CAFile, CertFile: o.CertFile, KeyFile: o.KeyFile,
			MaxBody: r.limits.PackBytes + r.limits.PackBytes/1024 + 1<<20, // framing adds 5 bytes to at most 65,515 of a pack
		})
		if err != nil {
			return nil, err
		}
		r.client = githttp.NewClientWithOptions(
			client,
			&githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects},
		)
	}
	return r, nil
}

// Unreachable wraps an error of a session for the caller. The end of the caller's own context is not the server's fault
// and is returned as it is; so are our own refusals.
func (r *Remote) Unreachable(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%s: %w", r.url, ErrEmptyRepository)
	case errors.Is(err, limits.ErrTooLarge):
		return fmt.Errorf("%s: %s: %w", r.url, op, err)
	}
	err = unwrapped(err)
	return &UnreachableError{Op: op, URL: r.url, Remedy: r.remedy(err), Err: r.redactor.error(err)}
}

// remedy returns the remedy for common causes, or "".
func (r *Remote) remedy(err error) string {
	var dns *net.DNSError
	var known diag.Hinter
	text := err.Error()
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case errors.As(err, &known):
		return known.Hint()
	case has("no space after hash"): // over ssh, where the answer is decoded at once
		return advert.SHA256Error{}.Error()
	case denied(err) && r.auth.Empty() && r.endpoint.Protocol != "file":
		return "the server asks for credentials and none are configured"
	case denied(err):
		return "the server refused the configured credentials: have they expired, and do they give access to this repository?"
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return "the repository does not exist, or the credentials give no access to it"
	case errors.Is(err, smarthttp.ErrOtherHost):
		return "if the repository has moved, configure its new URL"
	case errors.As(err, &dns):
		return "the host name does not resolve"
	case has("knownhosts: key is unknown"):
		return "the known hosts file does not list this host: add its key, after checking it"
	case has("knownhosts: key mismatch"):
		return "the host's key is not the one in the known hosts file: it was changed, or another host answers in its place"
	case has("certificate signed by unknown authority"):
		return "the authority of the server's certificate is not trusted here: name its CA file in source.auth.caFile"
	case has("dubious ownership"):
		return "Git refuses a repository that belongs to another user: see safe.directory in git help config"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the server did not answer within %s", r.timeout)
	}
	return ""
}

// Denied reports whether the server has refused the credentials, or gives them no access to the repository.
func Denied(err error) bool {
	var e *UnreachableError
	return errors.As(err, &e) && (denied(e.Err) || errors.Is(e.Err, transport.ErrRepositoryNotFound))
}

func denied(err error) bool {
	return errors.Is(err, transport.ErrAuthenticationRequired) || errors.Is(err, transport.ErrAuthorizationFailed) ||
		strings.Contains(err.Error(), "ssh: unable to authenticate")
}

// Direct opens the files of a repository on this machine to read a branch, if these can be read without git: only one
// that git has shown, in a session of this Remote.
func (r *Remote) Direct(branch string) (*local.Files, error) { return r.direct.Open(branch) }

// RefName returns the full name of a branch.
func RefName(branch string) plumbing.ReferenceName { return plumbing.NewBranchReferenceName(branch) }

// URL returns the repository's address without credentials.
func (r *Remote) URL() string { return r.url }

// Limits returns the limits, with the defaults instead of zero.
func (r *Remote) Limits() limits.Limits { return r.limits }

// Text returns a text of a server for display: without secrets, on one line, printable, and not longer than a
// paragraph.
func (r *Remote) Text(s string) string { return r.redactor.text(s) }

// Explain says of an error about a missing commit that the repository is a shallow clone, where it is one.
func (r *Remote) Explain(err error) error {
	if r.endpoint.Protocol != "file" || !errors.Is(err, objects.ErrMissing) {
		return err
	}
	_, common := local.Dirs(filepath.Clean(r.endpoint.Path))
	if info, statErr := os.Stat(filepath.Join(common, "shallow")); statErr == nil && info.Size() > 0 {
		return &ShallowError{URL: r.url, err: err}
	}
	return err
}
