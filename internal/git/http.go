package git

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// newHTTPTransport returns go-git's transport over a client of our own, so that nothing is shared with the process's default
// client. Proxies come from the environment, as usual.
func newHTTPTransport(caFile string, maxBody int64) (transport.Transport, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read CA file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read CA file %s: no certificate in it", caFile)
		}
		base.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	base.IdleConnTimeout = 2 * time.Minute // longer than the usual time between two polls
	client := &http.Client{Transport: limitedBodies{base, maxBody}, CheckRedirect: refuseOtherHost}
	return githttp.NewClientWithOptions(client, &githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects}), nil
}

var errRedirect = errors.New("redirect to another host refused")

// refuseOtherHost lets a server move a repository within itself (/team/x to /team/x.git, http to https) but not elsewhere:
// whoever answers for the configured host is trusted with what runs in the cluster, and nobody else.
func refuseOtherHost(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	sameHost := strings.EqualFold(req.URL.Hostname(), from.Hostname())
	samePort := req.URL.Port() == from.Port() || from.Scheme == "http" && req.URL.Scheme == "https"
	if !sameHost || !samePort {
		return fmt.Errorf("%w: from %s to %s", errRedirect, from.Host, req.URL.Host)
	}
	return nil
}

// limitedBodies bounds what is read of any answer: go-git reads lists of refs and the bodies of errors whole.
type limitedBodies struct {
	http.RoundTripper
	max int64
}

// maxErrorBody is enough for the words of a proxy or forge.
const maxErrorBody = 8 << 10

func (l limitedBodies) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := l.max
	if res.StatusCode >= http.StatusBadRequest {
		limit = maxErrorBody
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, limit), res.Body}
	return res, nil
}
