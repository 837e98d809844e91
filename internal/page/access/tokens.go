// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// Identity is whose a token is, as the API server says.
type Identity struct {
	User, UID string
	Groups    []string
	Extra     map[string][]string
}

// Authority is the API server of a cluster. Implementations are safe for concurrent use.
type Authority interface {
	// Identify returns whose a token is, or ErrUnknownToken.
	Identify(ctx context.Context, token string) (Identity, error)
	// MayList reports whether a user may list the Workspaces of a namespace, or of all for "".
	MayList(ctx context.Context, who Identity, namespace string) (bool, error)
}

// ErrUnknownToken is the error of a token that the API server does not accept: it is wrong, expired or revoked.
var ErrUnknownToken = errors.New("the cluster does not accept the token")

// ErrTooMany is the error of a token that is not looked at, because too many others came before it.
var ErrTooMany = errors.New("too many tokens at once")

// How long an answer of the API server counts, and for how many tokens. A permission that is taken away ends within
// keepYes, and one that is given counts after keepNo. How often it is asked about tokens that are not known yet: a
// client that guesses costs the API server no more than that. All are ours.
const (
	keepYes     = time.Minute
	keepNo      = 5 * time.Second
	keepTokens  = 1000
	newTokens   = rate.Limit(5)
	burstTokens = 20
	atOnce      = 8 // namespaces
)

// longest is the longest token that is looked at, in bytes.
const longest = 16 << 10

// Tokens asks an Authority about tokens, and remembers the answers for a short time. It is safe for concurrent use.
type Tokens struct {
	authority Authority
	limit     *rate.Limiter
	flight    singleflight.Group

	mu    sync.Mutex
	known *lru.Cache[[sha256.Size]byte, answer]
}

// answer is what the Authority said about a token for some namespaces.
type answer struct {
	scope      Scope
	err        error
	namespaces string
	until      time.Time
}

// NewTokens returns Tokens that ask an Authority.
func NewTokens(a Authority) *Tokens {
	known, _ := lru.New[[sha256.Size]byte, answer](keepTokens) // fails for a size that is not positive
	return &Tokens{authority: a, limit: rate.NewLimiter(newTokens, burstTokens), known: known}
}

// Try is Scope for a token that any client may have made up: the API server is asked about few of them at once, and the
// error of the others is ErrTooMany.
func (t *Tokens) Try(ctx context.Context, token string, namespaces []string, now time.Time) (Scope, error) {
	return t.scope(ctx, token, namespaces, now, func() bool { return t.limit.AllowN(now, 1) })
}

// Scope returns what the owner of a token may see: everything, or some of the namespaces. The error is ErrUnknownToken,
// or that of an API server that does not answer; nothing may be seen then.
func (t *Tokens) Scope(ctx context.Context, token string, namespaces []string, now time.Time) (Scope, error) {
	return t.scope(ctx, token, namespaces, now, func() bool { return true })
}

func (t *Tokens) scope(
	ctx context.Context, token string, namespaces []string, now time.Time, may func() bool,
) (Scope, error) {
	unprintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if token == "" || len(token) > longest || strings.ContainsFunc(token, unprintable) {
		return Scope{}, ErrUnknownToken
	}
	key, names := sha256.Sum256([]byte(token)), strings.Join(namespaces, ",")
	if a, ok := t.get(key, names, now); ok {
		return a.scope, a.err
	}
	v, err, _ := t.flight.Do(string(key[:])+names, func() (any, error) {
		if !may() {
			return Scope{}, ErrTooMany
		}
		// Others wait for the same answer: that of one client who goes away counts for them.
		scope, err := t.ask(context.WithoutCancel(ctx), token, namespaces)
		switch {
		case err == nil && !scope.Empty():
			t.put(key, answer{scope, nil, names, now.Add(keepYes)})
		case err == nil, errors.Is(err, ErrUnknownToken):
			t.put(key, answer{scope, err, names, now.Add(keepNo)})
		}
		return scope, err
	})
	scope, _ := v.(Scope)
	return scope, err
}

// askTimeout bounds the questions about one token.
const askTimeout = 10 * time.Second

func (t *Tokens) ask(ctx context.Context, token string, namespaces []string) (Scope, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	who, err := t.authority.Identify(ctx, token)
	if err != nil {
		return Scope{}, fmt.Errorf("review the token: %w", err)
	}
	scope := Scope{User: who.User}
	if scope.All, err = t.authority.MayList(ctx, who, ""); err != nil {
		return Scope{}, fmt.Errorf("review the access of %s: %w", who.User, err)
	}
	if scope.All {
		return scope, nil
	}
	may := make([]bool, len(namespaces))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, namespace := range namespaces {
		g.Go(func() (err error) {
			may[i], err = t.authority.MayList(ctx, who, namespace)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return Scope{}, fmt.Errorf("review the access of %s: %w", who.User, err)
	}
	scope.Namespaces = map[string]bool{}
	for i, namespace := range namespaces {
		if may[i] {
			scope.Namespaces[namespace] = true
		}
	}
	return scope, nil
}

func (t *Tokens) get(key [sha256.Size]byte, namespaces string, now time.Time) (answer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.known.Get(key)
	return a, ok && a.namespaces == namespaces && now.Before(a.until)
}

func (t *Tokens) put(key [sha256.Size]byte, a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known.Add(key, a)
}
