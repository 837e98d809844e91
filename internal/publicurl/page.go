// SPDX-License-Identifier: Apache-2.0

package publicurl

import (
	"net/url"
	"slices"
	"strings"
)

// Page reports whether a URL leads to a page for people instead of a file, by what is known of the sites that share
// data. file is the address of the file that the page shows, or "".
func Page(text string) (page bool, file string) {
	u, err := url.Parse(text)
	if err != nil {
		return false, ""
	}
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	replace := func(at int, by ...string) string {
		return u.Scheme + "://" + u.Host + "/" + strings.Join(slices.Concat(parts[:at], by, parts[at+1:]), "/")
	}
	switch host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."); host {
	case "huggingface.co", "hf.co":
		return huggingFacePage(parts, replace)
	case "github.com":
		return gitHubPage(parts, replace)
	case "gist.github.com":
		return !slices.Contains(parts, "raw"), ""
	case "gitlab.com": // GROUP/PROJECT/-/blob/REVISION/FILE
		if i := slices.Index(parts, "-"); i >= 0 && i+2 < len(parts) && parts[i+1] == "blob" {
			return true, replace(i+1, "raw")
		}
		return slices.Contains(parts, "tree"), ""
	case "kaggle.com": // the API, at /api/v1, serves files
		return parts[0] != "api", ""
	case "drive.google.com": // file/d/ID/view
		if len(parts) >= 3 && parts[0] == "file" && parts[1] == "d" {
			return true, "https://drive.google.com/uc?export=download&id=" + parts[2]
		}
		return parts[0] != "uc", ""
	case "dropbox.com":
		q := u.Query()
		if q.Get("dl") == "1" || q.Get("raw") == "1" {
			return false, ""
		}
		q.Set("dl", "1")
		u.RawQuery = q.Encode()
		return true, u.String()
	}
	return false, ""
}

// huggingFacePage knows the pages of a dataset or a model: itself, its viewer, its folders, and a file as a page. A
// file is at .../resolve/REVISION/FILE.
func huggingFacePage(parts []string, replace func(at int, by ...string) string) (page bool, file string) {
	kind := slices.IndexFunc(parts, func(p string) bool {
		return slices.Contains([]string{"blob", "viewer", "tree", "discussions", "commits", "raw", "resolve"}, p)
	})
	switch {
	case parts[0] == "api":
		return false, ""
	case kind < 0:
		return true, ""
	case parts[kind] == "resolve", parts[kind] == "raw":
		return false, ""
	case parts[kind] == "blob" && kind+2 < len(parts):
		return true, replace(kind, "resolve")
	}
	return true, ""
}

// gitHubPage knows the pages of a repository: OWNER/REPOSITORY/blob/REVISION/FILE is a file as a page.
func gitHubPage(parts []string, replace func(at int, by ...string) string) (page bool, file string) {
	if len(parts) >= 5 && parts[2] == "blob" {
		return true, replace(2, "raw")
	}
	return len(parts) <= 2 || slices.Contains([]string{"tree", "wiki", "issues", "releases"}, parts[2]) &&
		!slices.Contains(parts, "download"), ""
}
