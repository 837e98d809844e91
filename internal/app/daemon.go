// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"time"

	"syncer.dev/syncer/internal/app/monitoring"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/page"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/watch"
	"syncer.dev/syncer/internal/web"
)

// Until is the condition on which a Daemon ends.
type Until int

const (
	Cancelled Until = iota // its context ends
	OnePass                // the first pass is complete; such a daemon does not listen
	Settled                // nothing is left to do or to wait for
)

// DaemonOptions are the inputs of NewDaemon.
type DaemonOptions struct {
	Load       func() (config.Config, error) // reads the configuration; called again after each change of ConfigFile
	ConfigFile string                        // the daemon watches it; it need not exist
	Until      Until
	Log        *slog.Logger
	// Configured is called with each configuration that is in use, before anything is logged for it; it may be nil.
	Configured func(config.Config)
}

// Daemon keeps clusters equal to the repository: it runs a loop for each, serves health and metrics, and starts over
// after a change of the configuration. It then keeps the cache of rendered objects, and replaces connections and
// health.
type Daemon struct {
	options  DaemonOptions
	setup    *setup // for the present configuration
	state    *monitoring.State
	listener net.Listener      // nil when the daemon serves nothing
	rendered *render.Cache     // for all configurations
	accepted upstream.Accepted // for all configurations
	passes   ondemand.Passes
	page     *page.Page    // for all configurations; nil when the daemon serves nothing
	due      chan struct{} // a client asks for a pass
}

// NewDaemon loads the configuration, creates the adapters and opens the port. It contacts no server. Call Run or Close.
func NewDaemon(o DaemonOptions) (*Daemon, error) {
	c, err := o.Load()
	if err != nil {
		return nil, err
	}
	d := &Daemon{options: o, state: &monitoring.State{}, rendered: render.NewCache(), due: make(chan struct{}, 1)}
	d.passes.Due = func() { signal(d.due) }
	if c.Listen != "" && o.Until != OnePass {
		d.page = page.New(o.Log)
	}
	if o.Configured != nil {
		o.Configured(c)
	}
	if err := d.connect(c); err != nil {
		return nil, err
	}
	d.use()
	if d.page != nil {
		if d.listener, err = net.Listen("tcp", c.Listen); err != nil {
			return nil, fmt.Errorf("listen (configuration: listen): %w", err)
		}
	}
	return d, nil
}

// connect creates the adapters of a configuration, and keeps the ones before if that fails.
func (d *Daemon) connect(c config.Config) error {
	next, err := newSetup(c, d)
	if err == nil {
		d.setup = next
	}
	return err
}

// use shows the adapters of the configuration to health, metrics and the page, and its clusters to those who ask for a
// pass.
func (d *Daemon) use() {
	d.state.Use(d.setup.watched()...)
	d.passes.Serve(d.setup.names()...)
	if d.page != nil {
		d.page.Use(d.setup.onPage())
	}
}

// Addr returns the address of the page, /healthz, /readyz and /metrics, or nil if the daemon does not listen.
func (d *Daemon) Addr() net.Addr {
	if d.listener == nil {
		return nil
	}
	return d.listener.Addr()
}

// Close closes the port of a daemon that does not run. Run closes it by itself.
func (d *Daemon) Close() error {
	if d.listener == nil {
		return nil
	}
	return d.listener.Close()
}

// Run runs the loop until the daemon ends, and returns the outcome of its last pass. When it returns, all goroutines of
// the daemon have ended. The error is that of the context if it ended first.
func (d *Daemon) Run(ctx context.Context) (reconcile.Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan struct{})
	go func() {
		defer close(served)
		d.serve(ctx)
	}()
	defer func() {
		cancel()
		<-served
	}()
	edited, err := watch.Paths(ctx, configDebounce, d.options.ConfigFile)
	if err != nil {
		return reconcile.Outcome{}, fmt.Errorf("watch %s: %w", d.options.ConfigFile, err)
	}
	for {
		loop, stop := context.WithCancel(ctx)
		done := make(chan reconcile.Outcome, 1)
		go func(s *setup) { done <- s.run(loop) }(d.setup)
		last, finished := d.wait(edited, done)
		stop()
		if finished {
			return last, ctx.Err()
		}
		<-done // the old loops end before the new ones start
		d.use()
		d.options.Log.Info("configuration reloaded", "file", d.options.ConfigFile)
	}
}

// The daemon reads a changed configuration file after it has been unchanged for configDebounce, since editors write in
// several steps, and a local repository after sourceDebounce: Git moves a branch in one step, once all that it leads to
// is there, and the events of that step come within a millisecond. Both are ours.
const (
	configDebounce = 100 * time.Millisecond
	sourceDebounce = 2 * time.Millisecond
)

// wait returns the last outcome when the loop has ended. It returns false after it has replaced the configuration by
// another valid one.
func (d *Daemon) wait(edited <-chan struct{}, done <-chan reconcile.Outcome) (reconcile.Outcome, bool) {
	rejected := "" // the last logged error: an editor may write a file several times
	for {
		select {
		case last := <-done:
			return last, true
		case <-d.setup.joined:
			d.state.Use(d.setup.watched()...)
			continue
		case <-edited:
		}
		c, err := d.options.Load()
		if err == nil && reflect.DeepEqual(c, d.setup.config) {
			rejected = ""
			continue
		}
		if err == nil {
			err = d.connect(c)
		}
		switch {
		case err == nil:
			if d.options.Configured != nil {
				d.options.Configured(c)
			}
			return reconcile.Outcome{}, false
		case err.Error() != rejected:
			rejected = err.Error()
			d.options.Log.Error("the new configuration is not valid; syncer continues with the old one",
				"file", d.options.ConfigFile, "error", err)
		}
	}
}

// serve answers requests for the page, for health and metrics, and for a pass, until ctx is done.
func (d *Daemon) serve(ctx context.Context) {
	if d.listener == nil {
		return
	}
	at := d.listener.Addr().String()
	d.options.Log.Info("serving the page, /healthz, /readyz, /metrics and /reconcile", "address", at)
	defer context.AfterFunc(ctx, d.page.Close)()
	handler := web.Handler(d.state, d.state.Registry(), d.page.Guard(&d.passes), d.page)
	if err := web.ServeBodies(ctx, d.listener, handler, page.MaxForm); err != nil {
		d.options.Log.Error("serving the page, health and metrics stopped", "error", err)
	}
}
