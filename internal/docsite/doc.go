// SPDX-License-Identifier: Apache-2.0

// Command docsite makes the documentation ready for Hugo, and checks what Hugo has made of it. "make docs" runs it.
//
//	docsite stage DIR    writes the source of the site: contents with front matter, navigation, index for the search
//	docsite check DIR    fails if a page of the site has a link or an anchor that leads nowhere, or loads from elsewhere
//
// The Markdown files of the repository have no front matter, because people read them on a forge. Titles are their
// first headings; docs/README.md is the navigation: its headings are the groups, and the first link of each item is a
// page.
//
//	docs/README.md ─> groups ┐
//	docs/*.md      ─> pages ─┴─> problems, or: content/*.md, data/nav.json, static/search-index.js ─> hugo ─> check
package main
