// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// processesOf lists the processes that were started with a folder as TMPDIR. This one was not: it has set it later.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range all {
		env, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(env), "TMPDIR="+dir+"\x00") {
			continue // it has ended, or is another user's
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if err == nil && len(line) > 0 {
			out = append(out, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return out
}
