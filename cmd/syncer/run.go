package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/watch"
	"syncer.dev/syncer/internal/web"
	"syncer.dev/syncer/internal/workspace"
)

// daemon is "syncer run".
type daemon struct {
	std      stdio
	settings *settings
	once     bool
	wait     bool
	log      *slog.Logger
	state    *state
	rendered *render.Cache // over all configurations
}

func newRun(std stdio) *cobra.Command {
	d := &daemon{std: std, rendered: render.NewCache()}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Keep the cluster equal to the repository",
		Long: `Poll the repository, create and resize agent pools, apply and prune objects, and commit what is true to the status branch,
until interrupted. A repository on this machine, and the configuration file, are also watched: a push or an edit is seen at
once.

Whatever cannot be reached is said on standard error and at /readyz, and tried again; nothing is deleted meanwhile.

With --once there is one pass. With --wait the command ends when nothing is left to wait for: every Workspace is ready,
running, succeeded, failed or suspended, and that has been recorded. Either then exits with 1 if a Workspace has failed.`,
		Example: `  syncer run --config syncer.yaml
  syncer run --once
  syncer run --wait --source-url /srv/git/models.git`,
		Args: cobra.NoArgs,
	}
	d.settings = configFlags(cmd, std)
	cmd.Flags().BoolVar(&d.once, "once", false, "make one pass, and exit")
	cmd.Flags().BoolVar(&d.wait, "wait", false, "exit when everything is ready or has failed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d.log = slog.New(slog.NewTextHandler(std.err, nil))
		return d.run(cmd.Context())
	}
	return cmd
}

// run starts over with each new configuration, until it is done.
func (d *daemon) run(ctx context.Context) error {
	name, data, err := d.settings.file()
	if err != nil {
		return err
	}
	c, err := d.settings.parse(name, data)
	if err != nil {
		return err
	}
	p, err := connect(c)
	if err != nil {
		return err
	}
	d.state = &state{}
	d.state.use(p, newHealth(c), c)
	if err := d.serve(ctx, c.Listen); err != nil {
		return err
	}
	edited, err := watch.Paths(ctx, 100*time.Millisecond, name)
	if err != nil {
		return fmt.Errorf("watch %s: %w", name, err)
	}
	for {
		epoch, cancel := context.WithCancel(ctx)
		done := make(chan reconcile.Outcome, 1)
		go func() { done <- d.follow(epoch, c, p) }()
		next, nextParts, last := d.reload(ctx, edited, name, &data, done)
		cancel()
		if next == nil {
			return d.answer(ctx, last)
		}
		<-done
		c, p = *next, nextParts
		d.state.use(p, newHealth(c), c)
		d.log.Info("configuration reloaded", "file", name)
	}
}

// reload waits until the loop is done, or until the configuration has become another valid one.
func (d *daemon) reload(ctx context.Context, edited <-chan struct{}, name string, data *[]byte, done <-chan reconcile.Outcome) (*config.Config, *parts, reconcile.Outcome) {
	for {
		select {
		case last := <-done:
			return nil, nil, last
		case <-edited:
			_, now, err := d.settings.file()
			if err != nil || bytes.Equal(now, *data) {
				continue
			}
			*data = now
			c, err := d.settings.parse(name, now)
			if err == nil {
				var p *parts
				if p, err = connect(c); err == nil {
					return &c, p, reconcile.Outcome{}
				}
			}
			d.log.Error("the new configuration is not used; the old one stays in force", "error", err.Error())
		}
	}
}

// follow runs the loop for one configuration.
func (d *daemon) follow(ctx context.Context, c config.Config, p *parts) reconcile.Outcome {
	p.cluster.Start(ctx)
	loop := p.loop(reader{config: c, rendered: d.rendered}, d.log, d.state.health())
	events := reconcile.Events{Cluster: p.cluster.Changes()}
	if dir, local := git.LocalPath(c.Source.URL); local {
		pushed, err := watch.Paths(ctx, 20*time.Millisecond, git.WatchPaths(dir)...)
		if err != nil {
			d.log.Warn("the repository cannot be watched; it is polled", "error", err.Error())
		}
		events.Source = pushed
	}
	return loop.Run(ctx, events, func(o reconcile.Outcome) bool {
		switch {
		case d.once:
			return !o.Starting
		case d.wait:
			return o.Settled
		}
		return false
	})
}

// answer turns the last outcome into the exit code.
func (d *daemon) answer(ctx context.Context, last reconcile.Outcome) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if last.Trouble != nil {
		return last.Trouble
	}
	failed := 0
	for _, r := range last.Reports {
		if r.State == status.Failed {
			failed++
		}
	}
	for _, p := range last.Problems {
		if p.Severity == workspace.Error && p.Workspace == (workspace.Key{}) {
			failed++
		}
	}
	if failed > 0 {
		return no("%d of %s failed", failed, plural(len(last.Reports), "Workspace"))
	}
	return nil
}

// serve answers health and metrics in the background.
func (d *daemon) serve(ctx context.Context, addr string) error {
	if addr == "" || d.once {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen (configuration: listen): %w", err)
	}
	d.log.Info("serving /healthz, /readyz and /metrics", "address", l.Addr().String())
	go func() {
		if err := web.Serve(ctx, l, web.Handler(d.state, d.state.registry())); err != nil {
			d.log.Error("serve", "error", err.Error())
		}
	}()
	return nil
}
