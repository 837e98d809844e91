package render

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// dnsLabel makes a name fit for a container or a volume: no dots, and no longer than 63 characters. A name that had to be
// changed ends in a hash of what it was, so that two never become one.
func dnsLabel(name string) string {
	out := strings.ReplaceAll(name, ".", "-")
	if out == name && len(out) <= 63 {
		return out
	}
	sum := sha256.Sum256([]byte(name))
	return out[:min(len(out), 54)] + "-" + hex.EncodeToString(sum[:4])
}

// imageReference completes a short image name the way Docker does: "phi:1" means "docker.io/library/phi:1". The tool that
// pushes results needs the registry to be named.
func imageReference(image string) string {
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
