package render

import (
	"io"
	"log"
	"runtime"
	"strings"
	"sync"
)

// Kustomize ends the process, by log.Fatal, on some input that it did not expect, such as a ConfigMap with an empty key that is
// merged into another. One Workspace must not end the work for all others. log.Fatal writes before it exits: what it writes
// through turns the call into a panic, which the build recovers from.

// notFatal is the output of the standard logger.
type notFatal struct{ io.Writer }

// Write panics when it is called by log.Fatal out of Kustomize, and writes otherwise.
func (w notFatal) Write(text []byte) (int, error) {
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
			return w.Writer.Write(text)
		}
	}
}

var guarding sync.Mutex

// guardLog makes sure that the standard logger writes through notFatal, whatever others made of it in the meantime.
func guardLog() {
	guarding.Lock()
	defer guarding.Unlock()
	if _, ok := log.Writer().(notFatal); !ok {
		log.SetOutput(notFatal{log.Writer()})
	}
}
