// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/watch"
)

// replayed are the values of the annotation that the preset sets after its change, and those of bare requests that
// repeat the change.
var replayed = []string{"value-0", "value-1", "value-2", "value-3"}

// write is a request that has changed an object.
type write struct {
	Path, Query, Accept string
	Body                []byte
}

// writes are what a witness has seen since it was asked last.
type writes struct {
	Last    time.Time // when the last one was answered
	DryRuns int
	All     []write
}

// witness is an API server that says when it has written what.
type witness struct {
	server http.Handler
	drift  func(ctx context.Context, name string) error // changes an object of a Workspace, as another client does
	mu     sync.Mutex
	seen   writes
}

// ServeHTTP answers a request to the API server, and two of its own: to change an object, and for the writes.
func (w *witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/witness/drift":
		if err := w.drift(r.Context(), r.URL.Query().Get("name")); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
		}
	case r.URL.Path == "/witness/writes":
		w.mu.Lock()
		seen := w.seen
		w.seen = writes{}
		w.mu.Unlock()
		_ = json.NewEncoder(rw).Encode(seen)
	case r.Method == http.MethodGet:
		w.server.ServeHTTP(rw, r)
	default:
		w.write(rw, r)
	}
}

func (w *witness) write(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	w.server.ServeHTTP(answer, r)
	w.mu.Lock()
	if r.URL.Query().Has("dryRun") {
		w.seen.DryRuns++
	} else {
		w.seen.Last = time.Now()
		w.seen.All = append(w.seen.All, write{r.URL.Path, r.URL.RawQuery, r.Header.Get("Accept"), body})
	}
	w.mu.Unlock()
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes())
}

// running is a loop that runs as the daemon's does: it waits for a local repository, and for the cluster.
type running struct {
	*measured
	passes chan struct{} // gets a signal when a pass has ended
}

// live measures events while the loop runs.
func (m *measured) live(ctx context.Context, out *loopTimes) error {
	ctx, stop := context.WithCancel(ctx)
	const debounce = 2 * time.Millisecond // as the daemon has
	pushed, err := watch.Paths(ctx, debounce, local.WatchPaths(m.run.Repository)...)
	if err != nil {
		stop()
		return err
	}
	r := running{m, make(chan struct{}, 1000)}
	var end sync.WaitGroup
	defer end.Wait()
	defer stop()
	end.Go(func() {
		events := reconcile.Events{Source: pushed, Cluster: m.parts.Cluster.Changes()}
		m.loop.Run(ctx, events, func(o reconcile.Outcome) bool {
			select {
			case r.passes <- struct{}{}:
			case <-ctx.Done():
			}
			return false
		})
	})
	r.quiet(ctx)
	err = profiled("changed", func() (err error) { out.Changed, err = r.changed(ctx, m.run.Changes); return err })
	if err != nil {
		return err
	}
	out.HeapAfter, _ = memory()
	out.Commits = len(m.run.Changes) + len(m.run.Unrelated)
	if err := profiled("drifted", func() (err error) { out.Drifted, err = r.drifted(ctx); return err }); err != nil {
		return err
	}
	var seen writes
	if err := profiled("preset", func() (err error) { out.Preset, seen, err = r.preset(ctx); return err }); err != nil {
		return err
	}
	r.quiet(ctx)
	if out.Beside, err = r.changed(ctx, m.run.Beside); err != nil {
		return err
	}
	stop() // it would undo the bare requests
	end.Wait()
	out.Preset.Floor, err = m.floor(context.WithoutCancel(ctx), seen.All)
	return err
}

// changed pushes commits that change one Workspace each.
func (r running) changed(ctx context.Context, commits []string) (liveCost, error) {
	return r.each(ctx, commits, func(commit string) (time.Time, error) {
		start := time.Now()
		return start, r.push(commit)
	})
}

// drifted has another client change an object of one Workspace after the other.
func (r running) drifted(ctx context.Context) (liveCost, error) {
	return r.each(ctx, r.run.Drifts, func(name string) (time.Time, error) {
		_, err := fetch(ctx, r.run.Server+"/witness/drift?name="+name)
		return time.Now(), err
	})
}

// each starts one event after the other and waits until syncer has written what follows from it.
func (r running) each(ctx context.Context, all []string, begin func(string) (time.Time, error)) (liveCost, error) {
	var out liveCost
	used := bench.CPUTime()
	for _, one := range all {
		if _, err := r.seen(ctx); err != nil {
			return out, err
		}
		start, err := begin(one)
		if err != nil {
			return out, err
		}
		seen, err := r.written(ctx, 1)
		if err != nil {
			return out, fmt.Errorf("%s: %w", one, err)
		}
		out.Took = append(out.Took, seen.Last.Sub(start))
		out.Requests += float64(len(seen.All)+seen.DryRuns) / float64(len(all))
		r.quiet(ctx)
	}
	if len(all) > 0 {
		out.CPU = (bench.CPUTime() - used) / time.Duration(len(all))
	}
	return out, nil
}

// written waits for the end of passes, until there were so many writes, and returns them.
func (r running) written(ctx context.Context, least int) (writes, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	var out writes
	for len(out.All) < least {
		select {
		case <-r.passes:
		case <-ctx.Done():
			return out, fmt.Errorf("%d of %d writes: %w", len(out.All), least, ctx.Err())
		}
		more, err := r.seen(ctx)
		if err != nil {
			return out, err
		}
		out.DryRuns += more.DryRuns
		if out.All = append(out.All, more.All...); len(more.All) > 0 {
			out.Last = more.Last
		}
	}
	return out, nil
}

// seen returns what was written since it was asked last.
func (r running) seen(ctx context.Context) (writes, error) {
	var out writes
	data, err := fetch(ctx, r.run.Server+"/witness/writes")
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	return out, err
}

// quiet waits until no pass has ended for a while.
func (r running) quiet(ctx context.Context) {
	for {
		select {
		case <-r.passes:
		case <-time.After(150 * time.Millisecond):
			return
		case <-ctx.Done():
			return
		}
	}
}

// preset changes the preset, and returns what was written.
func (r running) preset(ctx context.Context) (presetCost, writes, error) {
	out := presetCost{Workspaces: r.run.Preset.Workspaces}
	if _, err := r.seen(ctx); err != nil {
		return out, writes{}, err
	}
	start, used := time.Now(), bench.CPUTime()
	if err := r.push(r.run.Preset.Commit); err != nil {
		return out, writes{}, err
	}
	seen, err := r.written(ctx, 2*out.Workspaces) // both Services of each
	if err != nil {
		return out, seen, err
	}
	out.Took, out.CPU = seen.Last.Sub(start), bench.CPUTime()-used
	out.Writes, out.DryRuns = len(seen.All), seen.DryRuns
	for _, w := range seen.All {
		if strings.Contains(w.Path, "/statefulsets/") {
			out.Restarts++
		}
	}
	return out, seen, nil
}

// loopFloor is what bare requests repeat of a change: its writes, or as many dry runs before them too.
type loopFloor struct {
	Parallel []int // how many at a time; the best one counts. At most as many as there are values to repeat with
	DryRuns  bool
}

// floor is the time of bare requests that write the same again, with bodies that are ready, at the best concurrency.
func (m *measured) floor(ctx context.Context, all []write) (time.Duration, error) {
	var best time.Duration
	for i, parallel := range m.run.Preset.Floor.Parallel {
		took, err := m.bare(ctx, all, parallel, replayed[1+i])
		if err != nil {
			return 0, err
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// bare sends requests again, without the version of the object, and with another value.
func (m *measured) bare(ctx context.Context, all []write, parallel int, value string) (time.Duration, error) {
	queries := []string{""}
	if m.run.Preset.Floor.DryRuns {
		queries = []string{"&dryRun=All", ""}
	}
	var rounds [][]*http.Request
	for _, query := range queries {
		requests := make([]*http.Request, len(all))
		for i, w := range all {
			var err error
			if requests[i], err = m.again(ctx, w, value, query); err != nil {
				return 0, err
			}
		}
		rounds = append(rounds, requests)
	}
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	defer client.CloseIdleConnections()
	start := time.Now()
	for _, requests := range rounds {
		var g errgroup.Group
		g.SetLimit(parallel)
		for _, req := range requests {
			g.Go(func() error { _, err := answer(&client, req); return err })
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

// again is the request of a write, with another value.
func (m *measured) again(ctx context.Context, w write, value, query string) (*http.Request, error) {
	var o map[string]any
	if err := json.Unmarshal(bytes.ReplaceAll(w.Body, []byte(replayed[0]), []byte(value)), &o); err != nil {
		return nil, err
	}
	if meta, ok := o["metadata"].(map[string]any); ok {
		delete(meta, "resourceVersion")
	}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	url := m.run.Server + w.Path + "?" + w.Query + query
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/apply-patch+yaml")
	req.Header.Set("Accept", w.Accept)
	return req, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return answer(http.DefaultClient, req)
}

func answer(client *http.Client, req *http.Request) ([]byte, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, data)
	}
	return data, err
}
