// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"strings"
)

// proof is how a request shows that its sender knows the secret, and what the sender calls the event.
type proof struct {
	// knows compares in constant time.
	knows  func(secret, body []byte) bool
	events func(body []byte) []Event
}

// find returns the proof that a request brings, or nil. Of several, the first counts: Gitea sends GitHub's too.
//
//   - Gitea and Forgejo: X-Gitea-Signature or X-Forgejo-Signature, HMAC-SHA256 of the body in hexadecimal, and
//     X-Gitea-Event (docs.gitea.com/usage/webhooks).
//   - GitHub: X-Hub-Signature-256, the same after "sha256=", and X-GitHub-Event
//     (docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries).
//   - GitLab: X-Gitlab-Token, the secret itself, and X-Gitlab-Event
//     (docs.gitlab.com/user/project/integrations/webhooks).
//   - generic: X-Signature, an HMAC of the body in hexadecimal after "sha256=" or "sha512=", as Flux's receivers of
//     type generic-hmac have it. It means any event.
//   - Azure DevOps signs nothing: basic authentication with the secret as the password and any user, or a header
//     "X-Syncer-Token" of the subscription. The event is in the body.
func find(r *http.Request) *proof {
	header := func(names ...string) string {
		for _, name := range names {
			if v := r.Header.Get(name); v != "" {
				return v
			}
		}
		return ""
	}
	if signature := header("X-Gitea-Signature", "X-Forgejo-Signature"); signature != "" {
		return &proof{mac(sha256.New, signature), named(header("X-Gitea-Event", "X-Forgejo-Event"))}
	}
	if signature := header("X-Hub-Signature-256"); signature != "" {
		hexadecimal, _ := strings.CutPrefix(signature, "sha256=")
		return &proof{mac(sha256.New, hexadecimal), named(header("X-GitHub-Event"))}
	}
	if token := header("X-Gitlab-Token"); token != "" {
		return &proof{equal(token), named(header("X-Gitlab-Event"))}
	}
	if signature := header("X-Signature"); signature != "" {
		algorithm, hexadecimal, _ := strings.Cut(signature, "=")
		switch algorithm {
		case "sha256":
			return &proof{mac(sha256.New, hexadecimal), anyEvent}
		case "sha512":
			return &proof{mac(sha512.New, hexadecimal), anyEvent}
		}
		return nil
	}
	if token := header("X-Syncer-Token"); token != "" {
		return &proof{equal(token), azureDevOps}
	}
	if _, password, ok := r.BasicAuth(); ok && password != "" {
		return &proof{equal(password), azureDevOps}
	}
	return nil
}

// mac checks the hexadecimal HMAC of the body.
func mac(algorithm func() hash.Hash, hexadecimal string) func(secret, body []byte) bool {
	return func(secret, body []byte) bool {
		want, err := hex.DecodeString(hexadecimal)
		if err != nil {
			return false
		}
		h := hmac.New(algorithm, secret)
		h.Write(body)
		return hmac.Equal(h.Sum(nil), want)
	}
}

// equal checks a token that is the secret. The comparison of hashes does not show the length of the secret.
func equal(token string) func(secret, body []byte) bool {
	return func(secret, _ []byte) bool {
		a, b := sha256.Sum256([]byte(token)), sha256.Sum256(secret)
		return subtle.ConstantTimeCompare(a[:], b[:]) == 1
	}
}

func anyEvent([]byte) []Event { return []Event{Push, PullRequest} }

// named returns what the name of an event in a header means. Other events, such as a comment, mean nothing.
func named(name string) func([]byte) []Event {
	return func([]byte) []Event {
		switch name {
		case "push", "Push Hook":
			return []Event{Push}
		case "pull_request", "pull_request_sync", "Merge Request Hook":
			return []Event{PullRequest}
		case "System Hook": // of a whole GitLab instance; the event is in the body
			return anyEvent(nil)
		}
		return nil
	}
}

// azureDevOps returns what the body of a service hook means
// (learn.microsoft.com/azure/devops/service-hooks/events).
func azureDevOps(body []byte) []Event {
	var hook struct {
		EventType string `json:"eventType"`
	}
	if json.Unmarshal(body, &hook) != nil {
		return nil
	}
	switch {
	case hook.EventType == "git.push":
		return []Event{Push}
	case strings.HasPrefix(hook.EventType, "git.pullrequest."):
		return []Event{PullRequest}
	}
	return nil
}
