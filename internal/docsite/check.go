// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// built is a page as the generator has written it.
type built struct {
	name      string
	ids       map[string]bool
	links     []string // of people: they may lead anywhere
	resources []string // scripts, styles, images: they must be part of the site
}

// check looks at a site, and returns how many pages it has, and an error with all that is wrong.
func check(site fs.FS) (int, error) {
	pages := map[string]built{}
	var faults []error
	err := fs.WalkDir(site, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(site, name)
		if err != nil {
			return err
		}
		switch path.Ext(name) {
		case ".html":
			pages[name], err = scan(name, data)
		case ".css":
			for _, from := range loads.FindAllString(string(data), -1) {
				faults = append(faults, fmt.Errorf("%s loads a file: %s", name, from))
			}
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, p := range pages {
		faults = append(faults, p.faults(site, pages)...)
	}
	if len(pages) == 0 {
		faults = append(faults, errors.New("there are no pages"))
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if more := len(faults) - most; more > 0 {
		faults = append(faults[:most:most], fmt.Errorf("and %d more", more))
	}
	return len(pages), errors.Join(faults...)
}

// most is how many faults check lists: one in the navigation is on every page.
const most = 30

// loads finds what a style sheet loads, data in the sheet itself aside.
var loads = regexp.MustCompile(`@import[^;]*|url\((?:[^)d"']|["'][^d)])[^)]*\)`)

// scan reads one page.
func scan(name string, data []byte) (built, error) {
	root, err := html.Parse(bytes.NewReader(data))
	if err != nil {
		return built{}, fmt.Errorf("%s: %w", name, err)
	}
	p := built{name: name, ids: map[string]bool{}}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				p.ids[a.Val] = true
			case a.Key == "href" && n.Data == "a":
				p.links = append(p.links, a.Val)
			case a.Key == "href" || a.Key == "src" || a.Key == "srcset" || a.Key == "poster":
				p.resources = append(p.resources, a.Val)
			}
		}
	}
	return p, nil
}

// faults reports the links that lead nowhere, and what the page loads from elsewhere.
func (p built) faults(site fs.FS, pages map[string]built) []error {
	var faults []error
	for i, to := range append(slices.Clone(p.resources), p.links...) {
		u, err := url.Parse(to)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w", p.name, err))
			continue
		case u.Scheme == "data":
			continue
		case u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/"):
			if i < len(p.resources) || u.Scheme == "" {
				faults = append(faults, fmt.Errorf("%s: %s is not part of the site", p.name, to))
			}
			continue
		}
		name := p.name
		if u.Path != "" {
			name = path.Join(path.Dir(p.name), u.Path)
		}
		if _, err := fs.Stat(site, name); err != nil {
			faults = append(faults, fmt.Errorf("%s: %s leads nowhere", p.name, to))
		} else if page, ok := pages[name]; ok && u.Fragment != "" && !page.ids[u.Fragment] {
			faults = append(faults, fmt.Errorf("%s: %s has no such heading", p.name, to))
		}
	}
	return faults
}
