// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/page/session"
)

// visit is a request of a client that may see something.
type visit struct {
	now       time.Time
	scope     access.Scope
	cluster   *cluster // nil for what belongs to no cluster
	published published
}

// visit returns what a client may see of the cluster of its request, or an error: errSignIn, or one of package access.
func (p *Page) visit(r *http.Request, now time.Time) (visit, error) {
	v := visit{now: now}
	o := p.getOptions()
	name := r.PathValue("cluster")
	if o.Access == Loopback {
		if why := access.Loopback(r); why != "" {
			return v, &elsewhereError{why}
		}
		v.scope = access.Scope{All: true}
		if name == "" && len(o.Clusters) == 1 {
			name = o.Clusters[0].Name
		}
		v.enter(p.cluster(name))
		return v, nil
	}
	s, trusted, err := p.session(r, o, now)
	if err != nil {
		return v, err
	}
	if name == "" {
		name = s.Cluster
	}
	c := p.cluster(s.Cluster)
	if c == nil || c.tokens == nil {
		return v, errSignIn
	}
	scope := c.tokens.Try
	if trusted {
		scope = c.tokens.Scope
	}
	if v.scope, err = scope(r.Context(), s.Token, c.Namespaces, now); err != nil {
		return v, err
	}
	if name == s.Cluster { // a token of one cluster says nothing about another
		v.enter(c)
	}
	return v, nil
}

func (v *visit) enter(c *cluster) {
	if v.cluster = c; c != nil {
		v.published = c.published()
	}
}

var errSignIn = errors.New("sign in first")

// elsewhereError is the error of a client that is not on this machine.
type elsewhereError struct{ why string }

func (e *elsewhereError) Error() string { return e.why }

// session returns the token of a request: that of its cookie, or that of its header. It is trusted if the cluster has
// accepted it before.
func (p *Page) session(r *http.Request, o Options, now time.Time) (s session.Session, trusted bool, err error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && len(o.Clusters) > 0 {
		s = session.Session{Token: token, Cluster: o.Clusters[0].Name}
		if name := r.PathValue("cluster"); name != "" {
			s.Cluster = name
		}
		return s, false, nil
	}
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return s, false, errSignIn
	}
	sealer, err := o.Sealer()
	if err != nil {
		return s, false, err
	}
	if s, err = sealer.Open(cookie.Value, now); err != nil {
		return s, false, errSignIn
	}
	return s, true, nil
}

// seen calls a handler with what the client may see, or answers why it may see nothing.
func (p *Page) seen(next func(http.ResponseWriter, *http.Request, visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		now := p.now()
		v, err := p.visit(r, now)
		var elsewhere *elsewhereError
		switch {
		case err == nil && v.scope.Empty():
			p.tell(w, v, http.StatusForbidden, message{
				"Nothing to see", v.scope.User + " may not list Workspaces in any namespace of this cluster. " +
					"A Role with the verb list on workspaces.kaito.sh permits it.", "/sign-in", "Sign in with another token",
			})
		case err == nil:
			next(w, r, v)
		case errors.As(err, &elsewhere):
			p.tell(w, v, http.StatusForbidden, message{
				"Only from this machine", "The page is for clients of the machine that syncer runs on, and " + elsewhere.why +
					".\nTo open it from elsewhere: kubectl port-forward, or page.access: token in the configuration.", "", "",
			})
		case errors.Is(err, errSignIn), errors.Is(err, access.ErrUnknownToken):
			p.demand(w, r)
		default:
			p.unknown(w, v, err)
		}
	}
}

// demand sends a browser to the form, and tells other clients that they need a token.
func (p *Page) demand(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" || strings.HasSuffix(r.URL.Path, "/changes") {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "a token of the cluster is needed", http.StatusUnauthorized)
		return
	}
	to := "/sign-in"
	if next := r.URL.RequestURI(); next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// unknown answers that it cannot be found out what the client may see: it sees nothing.
func (p *Page) unknown(w http.ResponseWriter, v visit, err error) {
	code := http.StatusServiceUnavailable
	if errors.Is(err, access.ErrTooMany) {
		code = http.StatusTooManyRequests
	}
	w.Header().Set("Retry-After", "10")
	p.tell(w, v, code, message{
		"Access cannot be checked now", diag.EscapeText(err.Error()) + ".\nTry again in a moment.", "/", "Try again",
	})
}

// secure reports whether the cookie of a client travels by https only. Browsers keep no such cookie that comes by http,
// which is all that there is between a browser and a port-forward on its machine.
func secure(r *http.Request) bool { return r.TLS != nil || !access.LoopbackHost(r) }

// cookieName is that of the cookie with the session. The prefix lets browsers refuse one that another host has set.
func cookieName(r *http.Request) string {
	if secure(r) {
		return "__Host-syncer"
	}
	return "syncer"
}

// MaxForm bounds the form with a token, in bytes.
const MaxForm = 20 << 10

// signInView is the form.
type signInView struct {
	Clusters []string
	Cluster  string
	Next     string
	Error    string
}

func (p *Page) askToken(w http.ResponseWriter, r *http.Request) {
	o := p.getOptions()
	if o.Access != Token {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	failed := ""
	if _, err := r.Cookie(cookieName(r)); err == nil {
		failed = "The session has ended. Sign in again."
	} else if r.URL.Query().Get("kept") == "no" {
		failed = "The browser has not kept the session. It does so only if the page is opened by https, or from localhost."
	}
	p.form(w, http.StatusOK, signInView{o.names(), "", localPath(r.URL.Query().Get("next")), failed})
}

func (p *Page) form(w http.ResponseWriter, code int, f signInView) {
	p.show(w, code, "signin.html", frame{Title: "Sign in", Bare: true, Now: p.now(), View: f})
}

// signIn exchanges a token for a session.
func (p *Page) signIn(w http.ResponseWriter, r *http.Request) {
	o := p.getOptions()
	if o.Access != Token {
		http.Error(w, "the page needs no token", http.StatusNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	f := signInView{Clusters: o.names(), Cluster: r.PostFormValue("cluster"), Next: localPath(r.PostFormValue("next"))}
	if f.Cluster == "" && len(f.Clusters) > 0 {
		f.Cluster = f.Clusters[0]
	}
	c := p.cluster(f.Cluster)
	if c == nil || c.tokens == nil {
		f.Error = "There is no such cluster."
		p.form(w, http.StatusBadRequest, f)
		return
	}
	now := p.now()
	token := strings.TrimSpace(r.PostFormValue("token"))
	scope, err := c.tokens.Try(r.Context(), token, c.Namespaces, now)
	code := http.StatusOK
	switch {
	case errors.Is(err, access.ErrUnknownToken):
		code, f.Error = http.StatusUnauthorized, "The cluster does not accept this token. It may have expired."
	case errors.Is(err, access.ErrTooMany):
		code, f.Error = http.StatusTooManyRequests, "Too many sign in at once. Try again in a moment."
	case err != nil:
		code, f.Error = http.StatusServiceUnavailable, "The token cannot be checked now: "+diag.EscapeText(err.Error())
	case scope.Empty():
		code, f.Error = http.StatusForbidden, diag.EscapeText(scope.User)+" may not list Workspaces in any namespace: that "+
			"takes the verb list on workspaces.kaito.sh."
	}
	if f.Error == "" {
		var cookie *http.Cookie
		if cookie, err = p.seal(r, o, session.Session{Token: token, Cluster: f.Cluster, Since: now}); err == nil {
			http.SetCookie(w, cookie)
			http.Redirect(w, r, f.Next, http.StatusSeeOther)
			return
		}
		code, f.Error = http.StatusBadRequest, hinted(err)
	}
	p.form(w, code, f)
}

// hinted returns an error with what helps.
func hinted(err error) string {
	text := diag.EscapeText(err.Error())
	if hints := diag.Hints(err); len(hints) > 0 {
		text += ". " + diag.EscapeText(strings.Join(hints, "; "))
	}
	return text
}

func (p *Page) seal(r *http.Request, o Options, s session.Session) (*http.Cookie, error) {
	sealer, err := o.Sealer()
	if err != nil {
		return nil, err
	}
	value, err := sealer.Seal(s)
	if err != nil {
		return nil, err
	}
	return &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", MaxAge: int(sealer.Lifetime() / time.Second),
		HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteStrictMode,
	}, nil
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Path: "/", MaxAge: -1, HttpOnly: true, Secure: secure(r), SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// localPath returns a path of this server to go on to, for any text that a client has sent.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "/sign-") {
		return "/"
	}
	return u.RequestURI()
}
