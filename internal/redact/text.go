// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// Mark stands where a secret was.
const Mark = "[redacted]"

// rule takes one kind of secrets out of a text.
type rule struct {
	// needs are words of which a text has some, or no secret of this kind. One of each set must be there.
	needs wordSet
	apply func(string) string
}

// rules are applied in this order: what spans lines comes first, and names before forms.
var rules = []rule{
	{hasSecret, manifests},
	{hasPEM, pem},
	{hasEncoded, encoded},
	{hasURL | hasUser, userinfo},
	{hasHeader, headers},
	{hasName | hasSecretName, variables},
	{hasFlag | hasSecretName, flags},
	{hasSeparator | hasSecretName, named},
	{hasForm, forms},
}

// Text returns a text without the secrets in it. Calling it again changes nothing more.
func Text(s string) string {
	if len(s) < len("pwd=a") {
		return s // nothing fits: the shortest is a name, a separator and a value
	}
	has := look(s)
	if has == 0 {
		return s
	}
	for _, r := range rules {
		if has&r.needs != r.needs {
			continue
		}
		if out := r.apply(s); out != s {
			s, has = out, look(out)
		}
	}
	return s
}

// privateKey is a PEM block over several lines, with escaped line breaks, or cut.
var privateKey = regexp.MustCompile(
	`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)`,
)

func pem(s string) string { return privateKey.ReplaceAllLiteralString(s, Mark) }

// base64Text is what may be a PEM block or a registry's credentials in base64.
var base64Text = regexp.MustCompile(`(?:LS0tLS1CRUdJTi|eyJhdXRo)[A-Za-z0-9+/_-]*=*`)

// encoded takes out private keys and registry credentials in base64. Certificates stay.
func encoded(s string) string {
	return base64Text.ReplaceAllStringFunc(s, func(found string) string {
		if strings.HasPrefix(found, "eyJhdXRo") { // {"auth
			return Mark
		}
		head := found[:min(len(found), 120)/4*4] // enough for the first line
		if text, err := base64.StdEncoding.DecodeString(head); err == nil &&
			!strings.Contains(string(text), "PRIVATE KEY") {
			return found
		}
		return Mark
	})
}

// authority is the part of a URL up to the last "@" of the word, or to the end of its authority.
var authority = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*)://([^\s"'<>` + "`" + `\\]*)`)

// userinfo takes out the user info of URLs. The user of an SSH address is a plain name; that of any other may be a
// token.
func userinfo(s string) string {
	return authority.ReplaceAllStringFunc(s, func(found string) string {
		scheme, rest, _ := strings.Cut(found, "://")
		host, tail := rest, ""
		if i := strings.IndexAny(rest, "/?#"); i >= 0 {
			host, tail = rest[:i], rest[i:]
		}
		at := strings.LastIndexByte(host, '@')
		if at < 0 { // a password may hold a slash that should have been escaped
			user, after, colon := strings.Cut(host, ":")
			end := strings.LastIndexByte(tail, '@')
			if !colon || user == "" || strings.Trim(after, "0123456789") == "" || end < 0 || strings.HasPrefix(host, "[") {
				return found
			}
			return scheme + "://" + Mark + tail[end:]
		}
		if strings.Contains(strings.ToLower(scheme), "ssh") && !strings.Contains(host[:at], ":") {
			return found
		}
		return scheme + "://" + Mark + host[at:] + tail
	})
}

var (
	authorization = regexp.MustCompile(
		`(?i)(?:^|[^a-z0-9])(?:proxy-)?authorization\\?["']?[ \t]*[:=][ \t]*\\?["']?` +
			`((?:(?:bearer|basic|token|apikey|negotiate|sharedkey|sharedkeylite)[ \t]+)?)([^\s"'\\]+)`,
	)
	// allOfLine are schemes whose credentials are several words.
	allOfLine = regexp.MustCompile(`(?i)^(digest|aws4-hmac-sha256|sharedaccesssignature|signature|hmac|oauth)$`)
	scheme    = regexp.MustCompile(
		`(?i)(\b(?:bearer|basic|negotiate|sharedkey|sharedkeylite|sharedaccesssignature)[ \t]+)([A-Za-z0-9._~+/=:%&-]{4,})`,
	)
)

// headers takes out the credentials of headers Authorization, and those that follow the name of a scheme.
func headers(s string) string {
	s = cutOut(authorization, s, func(m []int) (start, end int) {
		start, end = m[4], m[5]
		value, named := s[start:end], m[2] < m[3]
		switch {
		case strings.HasPrefix(value, Mark):
			return start, start
		case !named && allOfLine.MatchString(value):
			rest := lineFrom(s, end)
			return end + len(rest) - len(strings.TrimLeft(rest, " \t")), end + len(rest)
		case placeholder(value), !named && ordinary(value) && !endsLine(s, end):
			return start, start
		}
		return start, end
	})
	return replace(scheme, s, func(g []string) string {
		shared := strings.HasPrefix(strings.ToLower(g[1]), "shared") // no word of a sentence
		if ordinary(g[2]) && !shared || placeholder(g[2]) {
			return g[0]
		}
		return g[1] + Mark
	})
}

// cutOut puts Mark in place of what judge finds in each match; an empty span is none. The search goes on after the
// span, so that one match may begin in what follows another. The offsets are those of the whole text.
func cutOut(re *regexp.Regexp, s string, judge func(m []int) (start, end int)) string {
	var b strings.Builder
	done := 0
	for at := 0; at < len(s); {
		m := re.FindStringSubmatchIndex(s[at:])
		if m == nil {
			break
		}
		for i := range m {
			m[i] += at
		}
		start, end := judge(m)
		if start < end && s[start:end] != Mark {
			b.WriteString(s[done:start])
			b.WriteString(Mark)
			done = end
		}
		at = max(end, at+1)
	}
	b.WriteString(s[done:])
	return b.String()
}

// replace is ReplaceAllStringFunc with the groups of each match.
func replace(re *regexp.Regexp, s string, by func(groups []string) string) string {
	matches := re.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return s
	}
	var b strings.Builder
	last := 0
	for _, m := range matches {
		groups := make([]string, len(m)/2)
		for i := range groups {
			if m[2*i] >= 0 {
				groups[i] = s[m[2*i]:m[2*i+1]]
			}
		}
		b.WriteString(s[last:m[0]])
		b.WriteString(by(groups))
		last = m[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

// form is what a token that is known by itself looks like.
type form struct {
	hint string // in lower case; a text without it has no such token
	re   *regexp.Regexp
}

// shapes are the forms of tokens. The first group is what stands before one.
var shapes = func() []form {
	const edge = `(^|[^A-Za-z0-9])`
	var out []form
	for _, f := range []struct{ hint, expression string }{
		{"akia", `AKIA[A-Z0-9]{16}`}, // AWS
		{"asia", `ASIA[A-Z0-9]{16}`},
		{"abia", `ABIA[A-Z0-9]{16}`},
		{"acca", `ACCA[A-Z0-9]{16}`},
		{"sk-", `sk-[A-Za-z0-9_-]{16,}`},             // OpenAI, Anthropic and their likes
		{"sk_", `sk_(?:live|test)_[A-Za-z0-9]{16,}`}, // Stripe
		{"rk_", `rk_(?:live|test)_[A-Za-z0-9]{16,}`},
		{"whsec_", `whsec_[A-Za-z0-9]{16,}`},
		{"hf_", `hf_[A-Za-z0-9]{16,}`}, // Hugging Face
		{"api_org_", `api_org_[A-Za-z0-9]{16,}`},
		{"gh", `gh[pousr]_[A-Za-z0-9]{16,}`}, // GitHub
		{"github_pat_", `github_pat_[A-Za-z0-9_]{16,}`},
		{"gl", `gl(?:pat|dt|rt|ptt|soat|cbt|ft|imt|agent|oas)-[A-Za-z0-9_.-]{16,}`}, // GitLab
		{"npm_", `npm_[A-Za-z0-9]{16,}`},
		{"pypi-", `pypi-[A-Za-z0-9_-]{16,}`},
		{"dckr_", `dckr_[a-z]{3}_[A-Za-z0-9_-]{16,}`}, // Docker Hub
		{"xox", `xox[a-z]-[A-Za-z0-9-]{10,}`},         // Slack
		{"xapp-", `xapp-[A-Za-z0-9-]{10,}`},
		{"nvapi-", `nvapi-[A-Za-z0-9_-]{16,}`}, // NVIDIA
		{"aiza", `AIza[A-Za-z0-9_-]{30,}`},     // Google
		{"ya29.", `ya29\.[A-Za-z0-9_-]{16,}`},
		{"hvs.", `hvs\.[A-Za-z0-9_-]{16,}`},                   // Vault
		{"gsk_", `gsk_[A-Za-z0-9]{16,}`},                      // Groq
		{"r8_", `r8_[A-Za-z0-9]{16,}`},                        // Replicate
		{"sg.", `SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`}, // SendGrid
		{"age-secret-key-", `AGE-SECRET-KEY-1[A-Z0-9]{16,}`},
		{"eyj", `eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?`}, // JSON web tokens
		{"q~", `[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{24,}`},                  // client secrets of Entra ID
		{"azdo", `[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}`},                           // Azure DevOps
		{"==", `[A-Za-z0-9+/]{86}==`},                                           // keys of Azure storage, Cosmos DB, Batch
	} {
		out = append(out, form{f.hint, regexp.MustCompile(edge + f.expression)})
	}
	hook := regexp.MustCompile(`(hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9+/_-]{10,}`)
	return append(out, form{"hooks.slack.com", hook})
}()

// forms takes out tokens that are known by their form.
func forms(s string) string {
	has := look(s)
	for i, f := range shapes {
		if has&ofShape(i) == 0 {
			continue
		}
		s = replace(f.re, s, func(g []string) string {
			token := g[0][len(g[1]):]
			if f.hint == "sk-" && ordinary(strings.ReplaceAll(token, "-", "")) {
				return g[0]
			}
			return g[1] + Mark
		})
	}
	return s
}
