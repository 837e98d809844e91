// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"net/http"
	"time"
)

// How many clients may listen for changes at once, how long a stream lasts until the client is to connect again, so
// that its access is checked again, how often a line is sent that keeps the connection open, and how long changes are
// gathered. All are ours.
const (
	maxStreams   = 200
	streamLasts  = 5 * time.Minute
	streamBeat   = 20 * time.Second
	streamGather = 500 * time.Millisecond
	streamWrite  = 10 * time.Second
)

// changes tells a client by server-sent events when there is something new. What is new, the client fetches itself.
func (p *Page) changes(w http.ResponseWriter, r *http.Request, v visit) {
	if v.cluster == nil {
		http.Error(w, "there is no such cluster", http.StatusNotFound)
		return
	}
	closed, ok := p.enter()
	if !ok {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many clients listen", http.StatusServiceUnavailable)
		return
	}
	defer p.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx waits for the end otherwise
	out := http.NewResponseController(w)
	send := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(streamWrite)) // the server's own deadline is for whole answers
		_, err := fmt.Fprint(w, text)
		return err == nil && out.Flush() == nil
	}
	_ = out.SetReadDeadline(time.Time{}) // the one of the server is for requests, and would end the context of this one
	if !send("retry: 3000\n\n") {
		return
	}
	ends := time.NewTimer(streamLasts)
	defer ends.Stop()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	told := r.URL.Query().Get("version")
	for {
		v.cluster = p.cluster(v.cluster.Name)
		if v.cluster == nil {
			return
		}
		now, changed := v.cluster.versionNow()
		if now != told {
			if !send("event: changed\ndata: " + now + "\n\n") {
				return
			}
			told = now
		}
		select {
		case <-changed:
			select {
			case <-time.After(streamGather):
			case <-closed:
				return
			case <-r.Context().Done():
				return
			}
		case <-beat.C:
			if !send(": still here\n\n") {
				return
			}
		case <-ends.C:
			return
		case <-closed:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// enter counts a client that listens; false if there are too many.
func (p *Page) enter() (closed <-chan struct{}, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streams >= maxStreams {
		return nil, false
	}
	p.streams++
	return p.closed, true
}

func (p *Page) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.streams--
}
