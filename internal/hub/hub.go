// Package hub asks Hugging Face what it publishes about a model. It is the only package that does, and it does so only when a user
// adds a model to a repository: nothing is looked up when Workspaces are rendered or planned.
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
)

// DefaultEndpoint is Hugging Face itself; HF_ENDPOINT names another one, as for its own tools.
const DefaultEndpoint = "https://huggingface.co"

const (
	// requestTimeout is for one request, from connecting to the last byte.
	requestTimeout = 30 * time.Second
	// maxInfo and maxPage bound answers, in bytes, and maxPages their number. A page holds 1,000 files.
	maxInfo  = 4 << 20
	maxPage  = 8 << 20
	maxPages = 50
)

// Client asks one endpoint. The token, if any, is sent to its host alone.
type Client struct {
	base *url.URL
	http *http.Client
	auth bool // there is a token
}

// New returns a client. The endpoint must be https, so that nobody on the way can read the token or change what is answered; plain
// http is accepted on the machine itself.
func New(endpoint, token string) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(endpoint, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, errors.New("the endpoint is not a URL such as " + DefaultEndpoint)
	}
	ip := net.ParseIP(base.Hostname())
	local := base.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if base.Scheme != "https" && (base.Scheme != "http" || !local) {
		return nil, errors.New("the endpoint must be https")
	}
	return &Client{base: base, auth: token != "", http: &http.Client{
		Timeout:       requestTimeout,
		Transport:     sameHost{base: base, token: token, next: http.DefaultTransport},
		CheckRedirect: follow(base.Scheme),
	}}, nil
}

var (
	commit   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	pageLink = regexp.MustCompile(`<([^<>]+)>\s*;\s*rel="?next"?`)
)

// info is what the API says about a repository.
type info struct {
	ID          string          `json:"id"`
	SHA         string          `json:"sha"`
	Gated       json.RawMessage `json:"gated"` // false, "auto" or "manual"
	PipelineTag string          `json:"pipeline_tag"`
	CardData    struct {
		License     string          `json:"license"`
		LicenseName string          `json:"license_name"`
		BaseModel   json.RawMessage `json:"base_model"` // a string or a list of them
	} `json:"cardData"`
	SafeTensors struct {
		Total int64 `json:"total"`
	} `json:"safetensors"`
}

// Look returns what is published about a repository at the commit that its main branch is at.
func (c *Client) Look(ctx context.Context, repo string) (derive.Input, error) {
	if err := derive.Repo(repo); err != nil {
		return derive.Input{}, err
	}
	in, err := c.look(ctx, repo)
	if err != nil {
		return derive.Input{}, fmt.Errorf("look up %s: %w", repo, err)
	}
	return in, nil
}

func (c *Client) look(ctx context.Context, repo string) (derive.Input, error) {
	var i info
	if _, err := c.json(ctx, c.url("api/models/"+repo, ""), maxInfo, &i); err != nil {
		return derive.Input{}, err
	}
	switch {
	case !strings.EqualFold(i.ID, repo):
		return derive.Input{}, fmt.Errorf("it is called %q now", i.ID)
	case !commit.MatchString(i.SHA):
		return derive.Input{}, errors.New("the answer names no commit")
	}
	in := derive.Input{
		Repo: i.ID, Revision: i.SHA, License: i.CardData.License, Task: i.PipelineTag, Parameters: max(i.SafeTensors.Total, 0),
		Gated: len(i.Gated) > 0 && string(i.Gated) != "false" && string(i.Gated) != "null", BaseModels: stringsIn(i.CardData.BaseModel),
	}
	if in.License == "other" && i.CardData.LicenseName != "" {
		in.License = i.CardData.LicenseName
	}
	var err error
	if in.Files, err = c.files(ctx, i); err != nil {
		return derive.Input{}, err
	}
	in.Config, err = c.config(ctx, i, in.Files)
	return in, err
}

// config fetches config.json, or params.json of a repository in Mistral's own format that has no other.
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
