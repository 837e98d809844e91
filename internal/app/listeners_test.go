// SPDX-License-Identifier: Apache-2.0

package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
)

// TestReceivers: URLs come from a file, without comments, or from the environment; what is missing is named by its
// field.
func TestReceivers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "receivers")
	if err := os.WriteFile(file, []byte("# the team\n\nslack://a@b\n  generic://c \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("RECEIVERS", "smtp://d\nslack://e")
	for name, tt := range map[string]struct {
		from config.Notify
		want []string
		err  string
	}{
		"file":        {config.Notify{URLsFile: file}, []string{"slack://a@b", "generic://c"}, ""},
		"environment": {config.Notify{URLsEnv: "RECEIVERS"}, []string{"smtp://d", "slack://e"}, ""},
		"no file":     {config.Notify{URLsFile: file + "x"}, nil, "notify.urlsFile"},
		"no variable": {config.Notify{URLsEnv: "RECEIVERS_OF_NONE"}, nil, "notify.urlsEnv"},
	} {
		got, err := receivers(tt.from)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
	}
}
