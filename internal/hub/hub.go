// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/outbound"
)

// DefaultEndpoint is Hugging Face. The environment variable HF_ENDPOINT names another one, as for Hugging Face's tools.
const DefaultEndpoint = "https://huggingface.co"

const (
	// requestTimeout is for one request, from connecting to the last byte.
	requestTimeout = 30 * time.Second
	// maxInfo and maxPage bound answers, in bytes, and maxPages their number. A page holds 1,000 files.
	maxInfo  = 4 << 20
	maxPage  = 8 << 20
	maxPages = 50
)

// Client sends requests to one endpoint. It sends the token only to the endpoint's host.
type Client struct {
	base *url.URL
	http *http.Client
	auth bool // there is a token
}

// New returns a client. The endpoint must be https, which protects the token and the answers in transit; plain http is
// accepted for a loopback address. An empty token sends none. The error is an EndpointError with a hint.
func New(endpoint, token string) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, EndpointError("the endpoint is not a URL such as " + DefaultEndpoint)
	}
	ip := net.ParseIP(base.Hostname())
	local := base.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if base.Scheme != "https" && (base.Scheme != "http" || !local) {
		return nil, EndpointError("the endpoint must be https")
	}
	return &Client{base: base, auth: token != "", http: &http.Client{
		Timeout:       requestTimeout,
		Transport:     sameHost{base: base, token: token, next: outbound.Transport()},
		CheckRedirect: follow(base.Scheme),
	}}, nil
}

// EndpointError describes an endpoint that New refuses.
type EndpointError string

// Error returns what is wrong with the endpoint.
func (e EndpointError) Error() string { return string(e) }

// Hint returns how to set the endpoint.
func (EndpointError) Hint() string {
	return "set HF_ENDPOINT to an https URL, or unset it for " + DefaultEndpoint
}

var (
	commit       = regexp.MustCompile(`^[0-9a-f]{40}$`)
	revisionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	pageLink     = regexp.MustCompile(`<([^<>]+)>\s*;\s*rel="?next"?`)
)

// info is the API's description of a repository.
type info struct {
	ID          string          `json:"id"`
	SHA         string          `json:"sha"`
	Gated       json.RawMessage `json:"gated"` // false, "auto" or "manual"
	PipelineTag string          `json:"pipeline_tag"`
	CardData    struct {
		License     string          `json:"license"`
		LicenseName string          `json:"license_name"`
		LicenseLink string          `json:"license_link"`
		BaseModel   json.RawMessage `json:"base_model"` // a string or a list of them
	} `json:"cardData"`
	SafeTensors struct {
		Total int64 `json:"total"`
	} `json:"safetensors"`
}

// Look returns the published facts about a repository at a revision: a commit, a branch or a tag; the head of its main
// branch if empty. The Input has the commit. Errors of the endpoint wrap a *StatusError with a hint.
func (c *Client) Look(ctx context.Context, repo, revision string) (derive.Input, error) {
	if err := derive.Repo(repo); err != nil {
		return derive.Input{}, err
	}
	if revision != "" && (!revisionName.MatchString(revision) || strings.Contains(revision, "..")) {
		return derive.Input{}, fmt.Errorf("look up %s: %.100q is not a commit, a branch or a tag", repo, revision)
	}
	in, err := c.look(ctx, repo, revision)
	if err != nil {
		return derive.Input{}, fmt.Errorf("look up %s: %w", repo, err)
	}
	return in, nil
}

func (c *Client) look(ctx context.Context, repo, revision string) (derive.Input, error) {
	var i info
	address := "api/models/" + repo
	if revision != "" {
		address += "/revision/" + revision
	}
	if _, err := c.json(ctx, c.url(address, ""), maxInfo, &i); err != nil {
		return derive.Input{}, err
	}
	switch {
	case !strings.EqualFold(i.ID, repo):
		return derive.Input{}, fmt.Errorf("the repository was renamed to %q", i.ID)
	case !commit.MatchString(i.SHA):
		return derive.Input{}, errors.New("the answer names no commit")
	case commit.MatchString(revision) && i.SHA != revision:
		return derive.Input{}, fmt.Errorf("the answer is about commit %s", i.SHA)
	}
	gated := string(i.Gated)
	in := derive.Input{
		Repo:       i.ID,
		Revision:   i.SHA,
		License:    i.CardData.License,
		Task:       i.PipelineTag,
		Parameters: max(i.SafeTensors.Total, 0),
		Gated:      gated != "" && gated != "false" && gated != "null",
		BaseModels: stringsIn(i.CardData.BaseModel),
	}
	if in.License == "other" && i.CardData.LicenseName != "" {
		in.License = i.CardData.LicenseName
	}
	in.LicenseURL = licenseURL(i)
	var err error
	if in.Files, err = c.files(ctx, i); err != nil {
		return derive.Input{}, err
	}
	in.Config, err = c.config(ctx, i, in.Files)
	return in, err
}

// licenseURL returns where the text of the licence is: the link of the model card, which may be the path of a file of
// the repository, at the commit.
func licenseURL(i info) string {
	link := i.CardData.LicenseLink
	if link == "" || strings.Contains(link, "://") {
		return link
	}
	return DefaultEndpoint + "/" + i.ID + "/blob/" + i.SHA + "/" + strings.TrimPrefix(link, "/")
}

// config fetches config.json, or params.json from a repository in Mistral's own format.
func (c *Client) config(ctx context.Context, i info, files []derive.File) (derive.Document, error) {
	has := map[string]bool{}
	for _, f := range files {
		has[f.Path] = true
	}
	name := "config.json"
	if !has[name] && has["params.json"] {
		name = "params.json"
	}
	data, _, err := c.get(ctx, c.url(i.ID+"/resolve/"+i.SHA+"/"+name, ""), derive.MaxConfig)
	if err != nil {
		return derive.Document{}, fmt.Errorf("%s: %w", name, err)
	}
	return derive.Document{Name: i.ID + "/" + name, Data: data}, nil
}

// files lists all files of a commit, page by page.
func (c *Client) files(ctx context.Context, i info) ([]derive.File, error) {
	var out []derive.File
	next := c.url("api/models/"+i.ID+"/tree/"+i.SHA, "recursive=true")
	for range maxPages {
		var page []struct {
			derive.File
			Type string `json:"type"`
		}
		link, err := c.json(ctx, next, maxPage, &page)
		if err != nil {
			return nil, fmt.Errorf("list its files: %w", err)
		}
		for _, f := range page {
			if f.Type == "file" {
				out = append(out, f.File)
			}
		}
		m := pageLink.FindStringSubmatch(link)
		if m == nil {
			return out, nil
		}
		u, err := c.base.Parse(m[1])
		if err != nil || u.Host != c.base.Host || u.Scheme != c.base.Scheme {
			return nil, errors.New("list its files: the next page is on another host")
		}
		next = u
	}
	return nil, fmt.Errorf("list its files: more than %d pages", maxPages)
}

// stringsIn reads a string or a list of strings.
func stringsIn(data json.RawMessage) []string {
	var one string
	if json.Unmarshal(data, &one) == nil && one != "" {
		return []string{one}
	}
	var list []string
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	return list
}

func (c *Client) url(path, query string) *url.URL {
	u := *c.base
	u.Path, u.RawQuery = u.Path+"/"+path, query
	return &u
}
