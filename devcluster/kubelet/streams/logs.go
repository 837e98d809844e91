// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

// follow is the time between looks at a log that is followed.
const follow = 200 * time.Millisecond

// logs writes the log of a pod: all of it, or its last lines, and what comes later if that is asked for.
func (s *Server) logs(w http.ResponseWriter, r *http.Request) {
	path := s.runner.Log(keyOf(r))
	if path == "" {
		fmt.Fprintln(w, "This pod is simulated: it runs no process, and has no log.")
		return
	}
	file, err := os.Open(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil {
		text = tail(text, n)
	}
	if _, err := w.Write(text); err != nil || r.URL.Query().Get("follow") != "true" {
		return
	}
	flush(r.Context(), w, file)
}

// flush copies what is added to a file, until the client is gone.
func flush(ctx context.Context, w http.ResponseWriter, file io.Reader) {
	tick := time.NewTicker(follow)
	defer tick.Stop()
	out := http.NewResponseController(w)
	for {
		if _, err := io.Copy(w, file); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// tail returns the last n lines of a text.
func tail(text []byte, n int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines) > 0 && len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return bytes.Join(lines[max(0, len(lines)-n):], nil)
}
