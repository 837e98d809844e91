// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/redact"
)

// WriteYAML prints a value as YAML, by way of its JSON. Secrets are taken out of its strings. A string that a terminal
// or a reader of logs would take for a command is written as in JSON, where it can be escaped; a parser reads the same.
func WriteYAML(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var escaped []string
	stem := stemFor(data)
	data = redact.MapJSON(data, func(s string) string {
		s = redact.Text(s)
		tabless := strings.ReplaceAll(s, "\t", " ")                         // a tab is harmless
		if EscapeLines(tabless) == tabless && !strings.Contains(s, " ::") { // a long line may be folded there
			return s
		}
		literal, err := json.Marshal(s)
		if err != nil {
			return s // a string: cannot happen
		}
		literal = EscapeJSON(literal)
		// Long if what it stands for is, so that a long key is written in the form that long keys need.
		placeholder := fmt.Sprintf("%s%d", stem, len(escaped)/2) + strings.Repeat("z", min(len(literal), 500))
		escaped = append(escaped, placeholder, string(literal))
		return placeholder
	})
	if data, err = yaml.JSONToYAML(data); err != nil {
		return err
	}
	_, err = io.WriteString(w, strings.NewReplacer(escaped...).Replace(string(data)))
	return err
}

// stemFor returns a word that the document does not hold.
func stemFor(document []byte) string {
	stem := "escaped"
	for strings.Contains(string(document), stem) {
		stem += "x"
	}
	return stem
}
