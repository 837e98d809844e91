// SPDX-License-Identifier: Apache-2.0

package color

import (
	"bytes"
	"io"
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
		name, mode string
		env        map[string]string
		want       bool
	}{
		{"no terminal", Auto, nil, false},
		{"asked for", Always, map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, true},
		{"not wanted", Never, map[string]string{"CLICOLOR_FORCE": "1"}, false},
		{"forced", Auto, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{"not forced", Auto, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{"forced and refused", Auto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "x"}, false},
		{"an empty NO_COLOR says nothing", Auto, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": ""}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := func(name string) (string, bool) {
				value, ok := tt.env[name]
				return value, ok
			}
			for _, out := range []io.Writer{&bytes.Buffer{}, file} {
				if got := Wanted(tt.mode, env, out); got != tt.want {
					t.Errorf("%t", got)
				}
			}
		})
	}
}
