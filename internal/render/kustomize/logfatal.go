// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"io"
	"log"
	"runtime"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// fatalWriter is the output of the standard logger once GuardLog has installed it.
type fatalWriter struct{ io.Writer }

// Write panics when Kustomize calls log.Fatal, and writes otherwise.
func (w fatalWriter) Write(text []byte) (int, error) {
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for fatal := false; ; {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "log.Fatal"), strings.HasPrefix(f.Function, "log.(*Logger).Fatal"):
			fatal = true
		case fatal && strings.HasPrefix(f.Function, "sigs.k8s.io/kustomize/"):
			panic(strings.TrimSpace(string(text)))
		}
		if !more {
			_, err := io.WriteString(w.Writer, diag.EscapeLines(string(text)))
			return len(text), err
		}
	}
}

// GuardLog turns Kustomize's calls of log.Fatal into panics, from which a build recovers. The program's main function
// calls it once, before anything else: it replaces the output of the process's standard logger.
//
// Kustomize calls log.Fatal, which ends the process, on input that it does not expect, such as a ConfigMap with an
// empty key that is merged into another. One Workspace must not stop the work for all others. log.Fatal writes before
// it exits, so the writer can stop it.
func GuardLog() { log.SetOutput(fatalWriter{log.Writer()}) }
