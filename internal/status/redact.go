package status

import "regexp"

// secrets are things in free text that a commit must not keep for ever: credentials in URLs, signatures and tokens in
// queries, authorization headers, and the tokens of well-known services.
var secrets = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@"']+@`), "${1}[redacted]@"},
	{regexp.MustCompile(`(?i)([?&](?:sig|token|access_token|code|key|api_key|password|client_secret)=)[^\s&"']+`), "${1}[redacted]"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} [redacted]"},
	{regexp.MustCompile(`\b(hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)`), "[redacted]"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`), "[redacted]"},
}

// maxText bounds a message in a status file, in bytes.
const maxText = 4096

// Redact takes secrets out of a text, and cuts it to a sane length.
func Redact(s string) string {
	for _, r := range secrets {
		s = r.re.ReplaceAllString(s, r.with)
	}
	if len(s) > maxText {
		s = s[:maxText] + " [cut]"
	}
	return s
}
