// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"testing"
)

func TestColor(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		name, flag string
		env        map[string]string
		want       bool
	}{
		{"no terminal", colorAuto, nil, false},
		{"asked for", colorAlways, map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		{"not wanted", colorNever, map[string]string{"CLICOLOR_FORCE": "1"}, false},
		{"forced", colorAuto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{"not forced", colorAuto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{"forced and refused", colorAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "x"}, false},
		{"an empty NO_COLOR says nothing", colorAuto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": ""}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, out := range []Stdio{{Out: &bytes.Buffer{}}, {Out: file}} {
				out.Env = func(name string) (string, bool) {
					value, ok := tt.env[name]
					return value, ok
				}
				if got, err := out.color(tt.flag); got != tt.want || err != nil {
					t.Errorf("%t, %v", got, err)
				}
			}
		})
	}
	if _, err := (Stdio{}).color("sometimes"); err == nil || err.Error() !=
		`--color "sometimes" is not one of auto, always, never` {
		t.Errorf("an unknown value: %v", err)
	}
}
