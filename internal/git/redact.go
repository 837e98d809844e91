package git

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxServerText limits how much of what a server said is repeated.
const maxServerText = 600

var (
	userinfo = regexp.MustCompile(`://[^/@\s]*@`)
	// authHeader catches what a verbose server or proxy may echo back.
	authHeader = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// redactor removes secrets from text. It learns them as they are used.
type redactor struct {
	mu      sync.Mutex
	secrets []string
}

// learn remembers a secret in each spelling it travels in. A few generations are kept: an answer to the old one may come late.
func (r *redactor) learn(username, secret string) {
	basic := base64.StdEncoding.EncodeToString([]byte(username + ":" + secret))
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.secrets, secret) {
		return
	}
	for _, s := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), basic} {
		r.secrets = append(r.secrets, s, "***")
	}
	const generations = 4 * 8
	if n := len(r.secrets) - generations; n > 0 {
		r.secrets = r.secrets[n:]
	}
}

// text returns s fit to be shown: without secrets, on one line, printable, and not longer than a paragraph.
func (r *redactor) text(s string) string {
	r.mu.Lock()
	s = strings.NewReplacer(r.secrets...).Replace(s)
	r.mu.Unlock()
	s = userinfo.ReplaceAllString(s, "://")
	s = authHeader.ReplaceAllString(s, "$1 ***")
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }), " ")
	if len(s) > maxServerText {
		s = strings.ToValidUTF8(s[:maxServerText], "") + "..."
	}
	return s
}

// error returns err with its text redacted. Its causes can be matched, but not reached.
func (r *redactor) error(err error) error {
	if err == nil {
		return nil
	}
	return &redactedError{text: r.text(unwrapped(err).Error()), cause: err}
}

type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(unwrapped(e.cause), target) }

// unwrapped strips the wrappers of go-git that say nothing and hide their cause from errors.Is.
func unwrapped(err error) error {
	for {
		switch e := err.(type) {
		case *plumbing.UnexpectedError:
			err = e.Err
		case *plumbing.PermanentError:
			err = e.Err
		default:
			return err
		}
	}
}
