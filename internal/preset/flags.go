package preset

import (
	"regexp"
	"slices"
	"strings"
)

// Flags reach the server as arguments of its process, never through a shell. The lists below are a second wall: nobody who
// reviews a preset should have to think about what a shell would make of it, and such characters are in no flag of any model.
var (
	flagName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	flagValue = regexp.MustCompile(`^[A-Za-z0-9 _./:,=+@%{}"\[\]-]*$`)
)

// ourFlags are set for every Workspace, from where it runs and how it is reached.
var ourFlags = []string{"host", "port", "uds", "model", "served-model-name", "download-dir", "pretrained-model-name-or-path"}

// secretFlags hold what must not be in Git.
var secretFlags = []string{"api-key", "hf-token", "ssl-keyfile-password", "token"}

// codeFlags name code that the server would import.
var codeFlags = []string{
	"middleware", "tool-parser-plugin", "reasoning-parser-plugin", "logits-processors", "logits-processor-pattern", "worker-cls",
	"worker-extension-cls", "scheduler-cls",
}

// badFlag returns what is wrong with a flag of runParameters, and what to do about it; both are empty when nothing is.
func badFlag(name, value string) (message, hint string) {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	switch {
	case !flagName.MatchString(name):
		return "not the name of a flag", "without the leading dashes: letters, digits, dots, dashes and underscores"
	case slices.Contains(secretFlags, plain):
		return "a secret does not belong into Git", "inference.preset.presetOptions.modelAccessSecret names a Secret with the token"
	case slices.Contains(ourFlags, plain):
		return "is set for each Workspace", "leave it out"
	case slices.Contains(codeFlags, plain):
		return "would load code into the server", "build it into an image, and name the image with a component"
	case len(value) > maxText:
		return "longer than the value of any flag", ""
	case !flagValue.MatchString(value):
		return "holds a character that no flag needs", `letters, digits, spaces and _./:,=+@%{}"[]- are allowed`
	}
	return "", ""
}
