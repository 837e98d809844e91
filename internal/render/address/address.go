// SPDX-License-Identifier: Apache-2.0

// Package address writes the addresses of data as the programs of pods expect them. Pure.
//
//	URLList([]string{"https://example.com/a", "https://example.com/b"})  // "https://example.com/a https://example.com/b"
package address

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ImageReference completes a short image name the way Docker does: "phi:1" means "docker.io/library/phi:1". The tool
// that pushes results needs the name of the registry.
func ImageReference(image string) string {
	first, _, slash := strings.Cut(image, "/")
	switch {
	case !slash:
		image = "docker.io/library/" + image
	case !strings.ContainsAny(first, ".:") && first != "localhost":
		image = "docker.io/" + image
	}
	last := image[strings.LastIndex(image, "/")+1:]
	if !strings.ContainsAny(last, ":@") {
		image += ":latest"
	}
	return image
}

// URLList joins URLs by spaces, as the script that fetches them expects. It escapes a space in a query and refuses any
// other space or control character.
func URLList(urls []string) (string, error) {
	var out []string
	for i, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", fmt.Errorf("tuning.input.urls[%d] is not an http or https URL", i)
		}
		u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
		text := u.String()
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return "", errors.New("tuning.input.urls holds a control character")
		}
		out = append(out, text)
	}
	return strings.Join(out, " "), nil
}
