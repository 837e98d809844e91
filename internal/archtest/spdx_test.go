// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"bytes"
	"io/fs"
	"os"
	"testing"
)

// TestEveryFileNamesItsLicense says that the first line of each Go file is the SPDX line.
func TestEveryFileNamesItsLicense(t *testing.T) {
	want := []byte("// SPDX-License-Identifier: Apache-2.0\n\n")
	root := os.DirFS("../..")
	for _, name := range sources(t, root, ".go") {
		source, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(source, want) {
			t.Errorf("%s: want the first line %q and an empty line after it", name, bytes.TrimSpace(want))
		}
	}
}
