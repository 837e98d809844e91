// SPDX-License-Identifier: Apache-2.0

package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"syncer.dev/syncer/internal/git/smarthttp"
)

// GitHubAppOptions name an app that is installed for the repository.
type GitHubAppOptions struct {
	AppID          int64
	InstallationID int64
	PrivateKeyFile string // PEM, as GitHub gives it; read again for each token
	BaseURL        string // of the API; https://api.github.com if empty, https://HOST/api/v3 for an Enterprise Server
	CAFile         string // PEM certificates to trust in addition to the system's
	UserAgent      string

	now func() time.Time // for tests
}

// GitHubApp signs in as an installation of a GitHub App. Its tokens end after an hour (GitHub Docs, "Generating an
// installation access token for a GitHub App"); it gets the next one before that. It is safe for concurrent use.
type GitHubApp struct {
	options GitHubAppOptions
	client  *http.Client
	url     string

	busy  smarthttp.Pause
	mu    sync.Mutex
	token string
	until time.Time // when the next one is due
}

const (
	// githubUser goes with an installation's token over https.
	githubUser = "x-access-token"
	// early is how long before its end a token is replaced: longer than any one exchange with the server, and than clocks
	// differ.
	early = 5 * time.Minute
	// GitHub allows an app's own token ten minutes, and none that begins in the future.
	appTokenLife = 9 * time.Minute
	clockSkew    = time.Minute

	tokenTimeout = 30 * time.Second
	maxAnswer    = 64 << 10 // bytes
)

// NewGitHubApp checks the options. It sends no request.
func NewGitHubApp(o GitHubAppOptions) (*GitHubApp, error) {
	base := strings.TrimSuffix(cmp.Or(o.BaseURL, "https://api.github.com"), "/")
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("baseURL is not the URL of an API, such as https://HOST/api/v3")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("baseURL must be https")
	}
	transport, err := smarthttp.NewTransport(smarthttp.Options{CAFile: o.CAFile})
	if err != nil {
		return nil, err
	}
	if o.now == nil {
		o.now = time.Now
	}
	return &GitHubApp{
		options: o,
		client: &http.Client{
			Transport:     transport,
			Timeout:       tokenTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		url: fmt.Sprintf("%s/app/installations/%d/access_tokens", base, o.InstallationID),
	}, nil
}

// Token returns a token of the installation with some time left.
func (g *GitHubApp) Token(ctx context.Context) (Credential, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == "" || !g.options.now().Before(g.until) {
		if err := g.busy.Check(g.options.now()); err != nil {
			return Credential{}, fmt.Errorf("get a token of the GitHub App: %w", err)
		}
		token, end, err := g.request(ctx)
		if err != nil {
			return Credential{}, fmt.Errorf("get a token of the GitHub App: %w", err)
		}
		g.token, g.until = token, end.Add(-early)
	}
	return Credential{Username: githubUser, Secret: g.token}, nil
}

// Refused drops a token that was taken back.
func (g *GitHubApp) Refused(_ context.Context, c Credential) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.Secret == g.token {
		g.token = ""
	}
}

// request gets a new token.
func (g *GitHubApp) request(ctx context.Context) (token string, end time.Time, err error) {
	app, err := g.appToken()
	if err != nil {
		return "", end, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, http.NoBody)
	if err != nil {
		return "", end, err
	}
	req.Header.Set("Authorization", "Bearer "+app)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("User-Agent", cmp.Or(g.options.UserAgent, "syncer"))
	res, err := g.client.Do(req)
	if err != nil {
		return "", end, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return "", end, err
	}
	if g.busy.Note(res, g.options.now()) {
		return "", end, g.busy.Check(g.options.now())
	}
	if res.StatusCode != http.StatusCreated {
		return "", end, refusal(res, body)
	}
	var answer struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		return "", end, errors.New("the answer holds no token")
	}
	return answer.Token, answer.ExpiresAt, nil
}

// appToken signs the app's own token.
func (g *GitHubApp) appToken() (string, error) {
	pem, err := os.ReadFile(g.options.PrivateKeyFile)
	if err != nil {
		return "", fmt.Errorf("read the private key: %w", err)
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		return "", fmt.Errorf("read the private key %s: not an RSA key in PEM", g.options.PrivateKeyFile)
	}
	now := g.options.now()
	return jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer:    strconv.FormatInt(g.options.AppID, 10),
		IssuedAt:  jwt.NewNumericDate(now.Add(-clockSkew)),
		ExpiresAt: jwt.NewNumericDate(now.Add(appTokenLife)),
	}).SignedString(key)
}

// AppError is an answer without a token.
type AppError struct {
	Status  int    // of the HTTP answer
	Message string // of the server
}

func refusal(res *http.Response, body []byte) error {
	var answer struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &answer) // a proxy may answer with anything
	return &AppError{Status: res.StatusCode, Message: answer.Message}
}

// Error returns the server's words.
func (e *AppError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("the server answered %d: %s", e.Status, e.Message), ": ")
}

// Hint says which setting to look at.
func (e *AppError) Hint() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return "privateKeyFile is not a key of the app appID, or the clock of this machine is wrong"
	case http.StatusNotFound:
		return "installationID is not an installation of this app: the address of its page on the server ends in the number"
	case http.StatusForbidden:
		return "the installation is suspended, or the server limits requests"
	}
	return ""
}
