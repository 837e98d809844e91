// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/slack"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/email/smtp"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/specialized/generic"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// Schemes are the sorts of receivers.
func Schemes() []string { return []string{"slack", "teams", "smtp", "generic"} }

// receiver is one URL, ready to send.
type receiver struct {
	name    string // for people: never the URL
	secrets []string
	send    func(ctx context.Context, title, text string) error
}

// quiet is the log of shoutrrr, which writes URLs into it.
var quiet = log.New(io.Discard, "", 0)

// open returns the receiver of a URL. The error does not hold it.
func open(number int, raw string, client *http.Client) (receiver, error) {
	r := receiver{name: fmt.Sprintf("receiver %d", number), secrets: parts(raw)}
	u, err := url.Parse(raw)
	if err != nil {
		return r, fmt.Errorf("%s is not a URL", r.name)
	}
	scheme, rest, _ := strings.Cut(u.Scheme, "+")
	if !slices.Contains(Schemes(), scheme) {
		return r, fmt.Errorf("%s has a scheme that is none of %s", r.name, strings.Join(Schemes(), ", "))
	}
	r.name += " (" + scheme + ")"
	if err := r.open(scheme, rest, u, client); err != nil {
		return r, fmt.Errorf("%s is not valid: %s", r.name, r.scrub(err))
	}
	return r, nil
}

// open prepares the receiver. shoutrrr reads the URLs and makes the payloads, and we send what goes over HTTP: it would
// use the default transport, which is out of use (package outbound).
func (r *receiver) open(scheme, rest string, u *url.URL, client *http.Client) error {
	switch {
	case scheme == "slack" && rest == "":
		return r.slack(u, client)
	case scheme == "teams" && rest == "https":
		return r.teams(u, client)
	case scheme == "smtp" && rest == "":
		return r.smtp(u)
	case scheme == "generic":
		return r.generic(u, rest, client)
	}
	return errors.New("this form of URL is not known for it")
}

// smtp sends e-mails.
func (r *receiver) smtp(u *url.URL) error {
	s := &smtp.Service{}
	if err := s.Initialize(u, quiet); err != nil {
		return err
	}
	r.send = func(_ context.Context, title, text string) error { // it has a timeout of its own
		params := types.Params{"subject": mime.QEncoding.Encode("utf-8", title)} // a header has ASCII alone
		return s.Send(text, &params)
	}
	return nil
}

// slack sends to an incoming webhook, or by the API with a token.
func (r *receiver) slack(u *url.URL, client *http.Client) error {
	s := &slack.Service{}
	if err := s.Initialize(u, quiet); err != nil {
		return err
	}
	address, header := "", http.Header{"Content-Type": {"application/json"}}
	if t := s.Config.Token; t.IsAPIToken() {
		address = "https://slack.com/api/chat.postMessage"
		header.Set("Authorization", t.Authorization())
	} else {
		address = t.WebhookURL()
	}
	r.send = func(ctx context.Context, title, text string) error {
		c := *s.Config
		c.Title = title
		body, err := json.Marshal(slack.CreateJSONPayload(&c, text))
		if err != nil {
			return err
		}
		answer, err := post(ctx, client, http.MethodPost, address, header, body)
		var api struct {
			OK    *bool  `json:"ok"`
			Error string `json:"error"`
		}
		if err == nil && json.Unmarshal(answer, &api) == nil && api.OK != nil && !*api.OK {
			return fmt.Errorf("slack answers %q", api.Error)
		}
		return err
	}
	return nil
}

// generic sends to any webhook: the title and the message as JSON, or the message alone.
func (r *receiver) generic(u *url.URL, rest string, client *http.Client) error {
	s := &generic.Service{}
	if rest != "" { // generic+https://...: the query is that of the webhook
		var err error
		if u, err = s.GetConfigURLFromCustom(u); err != nil {
			return err
		}
	}
	if err := s.Initialize(u, quiet); err != nil {
		return err
	}
	header := http.Header{}
	for key, values := range u.Query() { // as shoutrrr has it: ?@Authorization=...
		if name, is := strings.CutPrefix(key, "@"); is {
			header[http.CanonicalHeaderKey(name)] = values
		}
	}
	kind := s.Config.ContentType
	if s.Config.Template == "" {
		kind = "text/plain; charset=utf-8"
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", kind)
	}
	r.send = func(ctx context.Context, title, text string) error {
		c := *s.Config
		payload, err := s.GetPayload(&c, types.Params{c.TitleKey: title, c.MessageKey: text})
		if err != nil {
			return err
		}
		body, err := io.ReadAll(payload)
		if err != nil {
			return err
		}
		_, err = post(ctx, client, c.RequestMethod, c.WebhookURL().String(), header, body)
		return err
	}
	return nil
}

// teams sends an adaptive card to a workflow of Microsoft Teams: teams+https://... is its address. shoutrrr knows only
// the connectors before it, which Microsoft has retired. The form of the card is in
// https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference.
func (r *receiver) teams(u *url.URL, client *http.Client) error {
	workflow := *u
	workflow.Scheme = "https"
	if workflow.Host == "" {
		return errors.New("it has no host")
	}
	r.send = func(ctx context.Context, title, text string) error {
		block := func(text, weight string) map[string]any {
			return map[string]any{"type": "TextBlock", "text": text, "weight": weight, "wrap": true}
		}
		blocks := []any{block(title, "bolder")}
		for line := range strings.SplitSeq(text, "\n") {
			blocks = append(blocks, block(line, "default"))
		}
		body, err := json.Marshal(map[string]any{"type": "message", "attachments": []any{map[string]any{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": map[string]any{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.2",
				"body": blocks,
			},
		}}})
		if err != nil {
			return err
		}
		header := http.Header{"Content-Type": {"application/json"}}
		_, err = post(ctx, client, http.MethodPost, workflow.String(), header, body)
		return err
	}
	return nil
}

// post makes one request, and returns the answer.
func post(
	ctx context.Context, client *http.Client, method, address string, header http.Header, body []byte,
) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header.Clone()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return answer, nil
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// parts returns what must not be shown of a URL: all of it, and each piece that may be a secret.
func parts(raw string) []string {
	out := []string{raw}
	split := func(r rune) bool { return strings.ContainsRune("/?&=:@#,;", r) }
	for _, piece := range strings.FieldsFunc(raw, split) {
		if len(piece) >= 5 && !slices.Contains(Schemes(), piece) {
			out = append(out, piece)
		}
		if plain, err := url.QueryUnescape(piece); err == nil && plain != piece {
			out = append(out, plain)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// scrub returns the text of an error without the URL and its pieces.
func (r *receiver) scrub(err error) string {
	text := err.Error()
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "[redacted]")
	}
	return text
}
