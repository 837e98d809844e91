// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/imagespec"
)

// Flags reach the server as arguments of its process, never through a shell. These patterns are a second defence: they
// exclude characters that a shell interprets, which no flag of any model needs, so that a reviewer need not consider
// them.
var (
	flagName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	flagValue = regexp.MustCompile(`^[A-Za-z0-9 _./:,=+@%{}"\[\]-]*$`)
)

// ourFlags lists flags that syncer sets for every Workspace.
var ourFlags = []string{
	"host",
	"port",
	"uds",
	"model",
	"served-model-name",
	"download-dir",
	"pretrained-model-name-or-path",
}

// secretFlags lists flags whose values are secrets.
var secretFlags = []string{"api-key", "hf-token", "ssl-keyfile-password", "token"}

// flagRemoteCode lets a server import code from the repository of the model.
const flagRemoteCode = imagespec.RemoteCodeFlag

// plainFlag returns the name of a flag as both runtimes read it: underscores are dashes.
// For vLLM, the beginning of a name is the name.
func plainFlag(name string) string {
	return imagespec.Key(strings.ReplaceAll(strings.ToLower(name), "_", "-"))
}

// badFlag returns an error and a hint for a flag that runParameters may not hold; both are empty for other flags.
func badFlag(name, value string) (message, hint string) {
	plain := plainFlag(name)
	head, _, _ := strings.Cut(plain, ".")
	switch {
	case !flagName.MatchString(name):
		return "not the name of a flag", "omit the leading dashes; use letters, digits, dots, dashes and underscores"
	case slices.Contains(secretFlags, head):
		return "secrets must not be in Git", "inference.preset.presetOptions.modelAccessSecret names a Secret " +
			"with the token"
	case slices.Contains(ourFlags, head):
		return "syncer sets this flag for each Workspace", "remove it"
	case imagespec.Current().Flag(plain).LoadsCode(value):
		return imagespec.CodeMessage, imagespec.CodeHint
	case len(value) > maxText:
		return "the value is too long", ""
	case !flagValue.MatchString(value):
		return "has a character that is not allowed in a flag", `use letters, digits, spaces and _./:,=+@%{}"[]-`
	}
	return "", ""
}
