package git

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	gitfile "github.com/go-git/go-git/v5/plumbing/transport/file"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// A remote opens sessions with the server. It keeps nothing between them but pooled connections, and is safe for concurrent
// use.
type remote struct {
	endpoint transport.Endpoint
	client   transport.Transport
	auth     Auth
	maxPack  int64
	timeout  time.Duration
	multiAck bool
	url      string // to show
	redactor redactor
}

func newRemote(o Options) (*remote, error) {
	ep, err := parseURL(o.URL, o.Auth)
	if err != nil {
		return nil, err
	}
	r := &remote{
		endpoint: *ep, auth: o.Auth, maxPack: o.MaxPackBytes, timeout: o.Timeout,
		multiAck: needsMultiAck(ep.Host), url: userinfo.ReplaceAllString(ep.String(), "://"),
	}
	if ep.Protocol == "file" {
		r.url = ep.Path
	}
	if r.maxPack <= 0 {
		r.maxPack = defaultMaxPackBytes
	}
	if r.timeout <= 0 {
		r.timeout = defaultTimeout
	}
	switch ep.Protocol {
	case "ssh":
		r.client = gitssh.DefaultClient
	case "file":
		r.client = gitfile.DefaultClient
	default:
		// Framing adds 5 bytes to at most 65,515 of a pack.
		if r.client, err = newHTTPTransport(o.CAFile, r.maxPack+r.maxPack/1024+1<<20); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// unreachable wraps an error of a session for the caller. The end of the caller's own context is not the server's fault and is
// returned as it is; so are our own refusals.
func (r *remote) unreachable(ctx context.Context, op string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%s: %w", r.url, ErrEmptyRepository)
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s: %s: %w", r.url, op, err)
	}
	err = unwrapped(err)
	return &UnreachableError{Op: op, URL: r.url, Hint: r.hint(err), err: r.redactor.error(err)}
}

// hint says what to look at, where the cause is a usual one.
func (r *remote) hint(err error) string {
	var dns *net.DNSError
	text := err.Error()
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case denied(err) && r.auth.empty() && r.endpoint.Protocol != "file":
		return "the server asks for credentials and none are configured"
	case denied(err):
		return "the server refused the configured credentials: have they expired, and do they give access to this repository?"
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return "the repository does not exist, or the credentials give no access to it"
	case errors.Is(err, errRedirect):
		return "if the repository has moved, configure its new URL"
	case errors.As(err, &dns):
		return "the host name does not resolve"
	case has("knownhosts: key is unknown"):
		return "the known hosts file does not list this host: add its key, after checking it"
	case has("knownhosts: key mismatch"):
		return "the host's key is not the one in the known hosts file: it was changed, or somebody is in between"
	case has("certificate signed by unknown authority"):
		return "the server's certificate comes from an authority that is not trusted here: name it in a CA file"
	case has("dubious ownership"):
		return "Git refuses a repository that belongs to another user: see safe.directory in git help config"
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the server did not answer within %s", r.timeout)
	}
	return ""
}

func denied(err error) bool {
	return errors.Is(err, transport.ErrAuthenticationRequired) || errors.Is(err, transport.ErrAuthorizationFailed) ||
		strings.Contains(err.Error(), "ssh: unable to authenticate")
}

// tip returns where the branch is, and the branch's name: an empty name stands for the one that HEAD names.
func (r *remote) tip(adv *packp.AdvRefs, branch string) (plumbing.Hash, string, error) {
	if branch == "" {
		for _, symref := range adv.Capabilities.Get(capability.SymRef) {
			if target, ok := strings.CutPrefix(symref, "HEAD:refs/heads/"); ok {
				branch = target
			}
		}
	}
	h, ok := adv.References[refName(branch).String()]
	if !ok {
		return plumbing.ZeroHash, branch, fmt.Errorf("%s: branch %q: %w", r.url, branch, ErrBranchNotFound)
	}
	return h, branch, nil
}

func refName(branch string) plumbing.ReferenceName { return plumbing.NewBranchReferenceName(branch) }
