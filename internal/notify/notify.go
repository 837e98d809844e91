// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"syncer.dev/syncer/internal/outbound"
	"syncer.dev/syncer/internal/status/transitions"
)

// Options are the inputs of New.
type Options struct {
	Cluster string
	// URLs returns the receivers. It is called for each message, so that URLs can be replaced without a restart.
	URLs   func() ([]string, error)
	Filter Filter
	// Quiet is how long the same is not told again.
	Quiet time.Duration
	Log   *slog.Logger
	// Transport is that of HTTP receivers; nil for outbound.Transport.
	Transport http.RoundTripper
	// Retry is the delay before the second attempt, which doubles; 0 for a default.
	Retry time.Duration
}

// Notifier tells transitions. New returns one.
type Notifier struct {
	options Options
	client  *http.Client
	queue   chan []transitions.Transition

	mu     sync.Mutex
	memory memory
}

const (
	timeout      = 15 * time.Second // for one receiver
	attempts     = 3
	firstRetry   = 5 * time.Second
	maxWaiting   = 100 // messages that wait to be sent
	defaultQuiet = time.Hour
)

// New returns a Notifier that tells nothing before Run.
func New(o Options) *Notifier {
	if o.Transport == nil {
		o.Transport = outbound.Transport()
	}
	return &Notifier{
		options: o,
		client:  &http.Client{Transport: o.Transport, Timeout: timeout},
		queue:   make(chan []transitions.Transition, maxWaiting),
		memory:  newMemory(cmp.Or(o.Quiet, defaultQuiet)),
	}
}

// Tell queues one message with the transitions that the filter accepts and that were not told lately, and with those
// that could not be told again before, and still hold. It does not wait.
func (n *Notifier) Tell(all []transitions.Transition, now time.Time) {
	n.mu.Lock()
	chosen := n.memory.choose(all, n.options.Filter, now)
	n.mu.Unlock()
	if len(chosen) == 0 {
		return
	}
	select {
	case n.queue <- chosen:
	default:
		n.options.Log.Warn("a notification is dropped, because too many wait", "workspaces", len(chosen))
	}
}

// lookAgain is the time between looks at what had to wait.
const lookAgain = time.Minute

// Run sends what is queued, until ctx is done.
func (n *Notifier) Run(ctx context.Context) {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			n.Tell(nil, now)
		case all := <-n.queue:
			n.send(ctx, all)
		}
	}
}

// send sends one message to all receivers, side by side.
func (n *Notifier) send(ctx context.Context, all []transitions.Transition) {
	urls, err := n.options.URLs()
	if err != nil {
		n.options.Log.Error("no notification is sent", "error", err)
		return
	}
	title, text := message(n.options.Cluster, all)
	var sending sync.WaitGroup
	for i, raw := range urls {
		sending.Go(func() {
			if err := n.deliver(ctx, i+1, raw, title, text); err != nil && ctx.Err() == nil {
				n.options.Log.Error("a notification is not delivered", "error", err)
			}
		})
	}
	sending.Wait()
}

// deliver sends to one receiver, and tries again if that fails.
func (n *Notifier) deliver(ctx context.Context, number int, raw, title, text string) error {
	r, err := open(number, raw, n.client)
	if err != nil {
		return err
	}
	delay := cmp.Or(n.options.Retry, firstRetry)
	for attempt := 1; ; attempt++ {
		sending, cancel := context.WithTimeout(ctx, timeout)
		err = r.send(sending, title, text)
		cancel()
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%s: %s", r.name, r.scrub(err))
		if attempt == attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(delay):
		}
		delay *= 2
	}
}

// Check returns an error if a URL cannot be used. The error does not hold it.
func Check(urls []string) error {
	var errs []error
	for i, raw := range urls {
		_, err := open(i+1, raw, http.DefaultClient)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
