// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// frontMatter is what Hugo needs to know of a page.
type frontMatter struct {
	Title  string `json:"title"`
	URL    string `json:"url"`
	Here   string `json:"here"`             // the URL without the slash, as in the navigation
	Root   string `json:"up"`               // the way to the root of the site: "" or "../"
	Group  string `json:"group"`            // of the navigation
	Parent *entry `json:"parent,omitempty"` // the page that lists this one, where the navigation does not
	Links  []link `json:"links"`
}

// entry is a page in the navigation.
type entry struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// section is a group in the navigation.
type section struct {
	Title string  `json:"title"`
	Pages []entry `json:"pages"`
}

// hit is a passage in the index for the search. The names are short because there are thousands.
type hit struct {
	URL     string `json:"u"`
	Title   string `json:"t"`
	Heading string `json:"h,omitempty"` // but of the title itself
	Text    string `json:"x"`
}

// stage writes the source of the site to dir, in place of what is there: the files of the folder theme, and the pages.
func (s *site) stage(theme, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.CopyFS(dir, only(os.DirFS(theme))); err != nil {
		return err
	}
	groups := map[*page]string{}
	var nav []section
	for _, g := range s.groups {
		part := section{Title: g.title}
		for _, p := range g.pages {
			groups[p] = g.title
			part.Pages = append(part.Pages, entry{Title: p.title, URL: p.url})
		}
		nav = append(nav, part)
	}
	var index []hit
	for _, p := range s.pages {
		head := frontMatter{
			Title: p.title,
			URL:   "/" + p.url,
			Here:  p.url,
			Root:  relative(p.url, ""),
			Group: groups[p],
			Links: p.to,
		}
		if up := s.parent(p); up != nil {
			head.Group, head.Parent = groups[up], &entry{Title: up.title, URL: up.url}
		}
		content, err := encode(head)
		if err != nil {
			return err
		}
		content = append(append(content, '\n'), p.body...)
		if err := write(filepath.Join(dir, "content", name(p.url)), content); err != nil {
			return err
		}
		if p.file != contents {
			index = append(index, p.hits()...)
		}
	}
	for _, file := range s.files {
		data, err := fs.ReadFile(s.repository, file)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(dir, "static", place(file)), data); err != nil {
			return err
		}
	}
	data, err := encode(nav)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "data", "nav.json"), data); err != nil {
		return err
	}
	if data, err = encode(index); err != nil {
		return err
	}
	// A script, and not JSON: a page that is opened as a file may load scripts beside it, and nothing else.
	return write(filepath.Join(dir, "static", "search-index.js"), fmt.Appendf(nil, "window.searchIndex = %s;\n", data))
}

// parent returns the page that lists a page of a folder: reasons for reasons/UnknownField. It is nil for others.
func (s *site) parent(p *page) *page {
	if !strings.HasPrefix(p.file, "docs/") {
		return nil
	}
	for _, other := range s.pages {
		if other.url == path.Dir(p.url)+".html" {
			return other
		}
	}
	return nil
}

// only is the part of site/ that Hugo reads; the module that pins Hugo is for Go.
func only(theme fs.FS) fs.FS { return themeFS{theme} }

type themeFS struct{ fs.FS }

// ReadDir leaves the files of the Go module out.
func (t themeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(t.FS, name)
	kept := entries[:0:0]
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "go.") && e.Name() != "README.md" {
			kept = append(kept, e)
		}
	}
	return kept, err
}

// name returns the name of a page for Hugo, which gives names a meaning: all pages lie side by side, and _index is the
// first one.
func name(url string) string {
	if url == "index.html" {
		return "_index.md"
	}
	return strings.ReplaceAll(strings.TrimSuffix(url, ".html"), "/", "--") + ".md"
}

// hits returns the passages of a page for the index.
func (p *page) hits() []hit {
	var all []hit
	for i, part := range p.passages {
		h := hit{URL: p.url, Title: p.title, Text: part.text}
		if i > 0 {
			h.URL += "#" + part.anchor
			h.Heading = part.heading
		}
		all = append(all, h)
	}
	return all
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(value)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
