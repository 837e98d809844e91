// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
)

// contents is the first page, and the navigation.
const contents = "docs/README.md"

// page is one Markdown file of the repository, and one page of the site.
type page struct {
	document
	file string // in the repository, such as "docs/capacity.md"
	url  string // in the site, such as "capacity.html"
	body []byte // without changes
	to   []link
}

// link is a link of a page, as it is written in the file and as it is in the site.
type link struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// group is a part of the navigation.
type group struct {
	title string
	pages []*page
}

// site is the documentation: its pages, and the files that they link to.
type site struct {
	repository fs.FS
	pages      []*page // by file
	groups     []group
	files      []string // of the repository, that pages link to and that are no pages
}

// read reads the documentation of a repository. It returns all mistakes as one error: links and anchors that lead
// nowhere, pages that the navigation does not lead to, and titles that two pages have.
func read(repository fs.FS) (*site, error) {
	s := &site{repository: repository}
	byFile := map[string]*page{}
	add := func(file string) error {
		if byFile[file] != nil {
			return nil
		}
		body, err := fs.ReadFile(repository, file)
		if err != nil {
			return err
		}
		p := &page{document: parse(body), file: file, url: address(file), body: body}
		byFile[file] = p
		s.pages = append(s.pages, p)
		return nil
	}
	files, err := documents(repository)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := add(file); err != nil {
			return nil, err
		}
	}
	if byFile[contents] == nil {
		return nil, fmt.Errorf("there is no %s", contents)
	}
	var faults []error
	for _, listed := range byFile[contents].groups {
		g := group{title: listed.heading}
		for _, to := range listed.links {
			file, fault := s.resolve(contents, to)
			if fault == nil {
				fault = add(file)
			}
			if fault != nil {
				faults = append(faults, fmt.Errorf("%s: %s: %w", contents, to, fault))
				continue
			}
			g.pages = append(g.pages, byFile[file])
		}
		s.groups = append(s.groups, g)
	}
	slices.SortFunc(s.pages, func(a, b *page) int { return strings.Compare(a.file, b.file) })
	for _, p := range s.pages {
		faults = append(faults, s.connect(p, byFile)...)
	}
	return s, errors.Join(append(faults, s.order()...)...)
}

// documents returns the Markdown files of docs.
func documents(repository fs.FS) ([]string, error) {
	var all []string
	err := fs.WalkDir(repository, "docs", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name == "docs/examples":
			return fs.SkipDir
		case path.Ext(name) == ".md":
			all = append(all, name)
		}
		return nil
	})
	return all, err
}

// address returns the place of a Markdown file in the site.
func address(file string) string {
	page := strings.TrimSuffix(file, ".md") + ".html"
	switch {
	case file == contents:
		return "index.html"
	case file == "README.md":
		return "syncer.html"
	case strings.HasPrefix(page, "docs/"):
		return strings.TrimPrefix(page, "docs/")
	}
	return "repository/" + page
}

// resolve returns the file that a link of a file names. A folder stands for its README.md.
func (s *site) resolve(from, to string) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	if u.Path == "" {
		return from, nil
	}
	file := path.Join(path.Dir(from), u.Path)
	info, err := fs.Stat(s.repository, file)
	if err != nil {
		return "", errors.New("there is no such file")
	}
	if !info.IsDir() {
		return file, nil
	}
	if _, err := fs.Stat(s.repository, file+"/README.md"); err != nil {
		return "", errors.New("the folder has no README.md: name a file")
	}
	return file + "/README.md", nil
}

// connect finds where each link of a page leads.
func (s *site) connect(p *page, byFile map[string]*page) []error {
	var faults []error
	p.to = []link{}
	for _, to := range p.links {
		if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
			continue
		}
		file, err := s.resolve(p.file, to)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %s: %w", p.file, to, err))
			continue
		}
		_, anchor, _ := strings.Cut(to, "#")
		target, other := "", byFile[file]
		switch {
		case other != nil && anchor != "" && !other.anchors[anchor]:
			faults = append(faults, fmt.Errorf("%s: %s: %s has no such heading", p.file, to, file))
			continue
		case other != nil:
			target = other.url
		case path.Ext(file) == ".md":
			faults = append(faults, fmt.Errorf("%s: %s: %s does not list it", p.file, to, contents))
			continue
		default:
			if !slices.Contains(s.files, file) {
				s.files = append(s.files, file)
			}
			target = place(file)
		}
		target = relative(p.url, target)
		if anchor != "" {
			target += "#" + anchor
		}
		p.to = append(p.to, link{From: to, To: target})
	}
	return faults
}

// place returns where the site has a copy of a file, with an ending that browsers show instead of saving it.
func place(file string) string { return "files/" + file + ".txt" }

// relative returns the way from one page of the site to another.
func relative(from, to string) string { return strings.Repeat("../", strings.Count(from, "/")) + to }

// order reports what is wrong with the pages as a whole.
func (s *site) order() []error {
	var faults []error
	titles := map[string]string{}
	reached := map[string]bool{"index.html": true}
	for _, g := range s.groups {
		if len(g.pages) == 0 {
			faults = append(faults, fmt.Errorf("%s: %q has no pages", contents, g.title))
		}
		for _, p := range g.pages {
			if reached[p.url] {
				faults = append(faults, fmt.Errorf("%s lists %s twice", contents, p.file))
			}
			reached[p.url] = true
		}
	}
	for _, p := range s.pages {
		switch other := titles[p.title]; {
		case p.title == "":
			faults = append(faults, fmt.Errorf("%s has no title", p.file))
		case other != "":
			faults = append(faults, fmt.Errorf("%s and %s have the same title, %q", other, p.file, p.title))
		}
		titles[p.title] = p.file
		// A page of a folder is found on the page that lists the folder: reasons/UnknownField on reasons.
		if parent := path.Dir(p.url); !strings.HasPrefix(p.file, "docs/") || parent == "." || !reached[parent+".html"] {
			if !reached[p.url] {
				faults = append(faults, fmt.Errorf("%s does not list %s", contents, p.file))
			}
		} else if !s.links(parent+".html", p.url) {
			faults = append(faults, fmt.Errorf("docs/%s.md does not list %s", parent, p.file))
		}
	}
	return faults
}

// links reports whether one page links to another.
func (s *site) links(from, to string) bool {
	for _, p := range s.pages {
		if p.url == from {
			return slices.ContainsFunc(p.to, func(l link) bool { return l.To == relative(from, to) })
		}
	}
	return false
}
