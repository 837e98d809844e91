// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var b strings.Builder
	table := newTable(&b, 3, 0)
	fmt.Fprint(table, "NAME\tNOTE\t\na\tb\t\nlonger\t\t\n\tlong text\t\n")
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "NAME     NOTE\na        b\nlonger\n         long text\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	full := newTable(broken{}, 3, 0)
	fmt.Fprintln(full, "a")
	if err := full.Flush(); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}

var errFull = errors.New("full")

// broken is a writer that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errFull }
