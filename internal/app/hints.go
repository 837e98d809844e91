// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"net"
	"net/http"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/review/webhook"
	"syncer.dev/syncer/internal/web"
)

// webhookPath is where the daemon hears webhooks.
const webhookPath = "/webhook"

// listen hears webhooks until ctx ends: a push causes a look at the branch, an event of a pull request one at the open
// pull requests. A port that is taken costs the hints, and nothing else.
func (d *Daemon) listen(ctx context.Context, c config.Config, pushed chan<- struct{}, v *reviewing) {
	w := c.Review.Webhook
	if w.Listen == "" || d.options.Until == OnePass {
		return
	}
	log := logger(d.options.Log)
	listener, err := net.Listen("tcp", w.Listen)
	if err != nil {
		log.Error("syncer cannot hear webhooks, and polls (configuration: review.webhook.listen)", "error", err)
		return
	}
	log.Info("serving "+webhookPath, "address", listener.Addr().String())
	secret := signin.Secret{File: w.SecretFile, Env: w.SecretEnv}
	mux := http.NewServeMux()
	mux.Handle(webhookPath, webhook.Handler(secret.Read, func(e webhook.Event) {
		switch e {
		case webhook.Push:
			signal(pushed)
		case webhook.PullRequest:
			v.hint()
		}
	}))
	if err := web.ServeBodies(ctx, listener, mux, webhook.MaxBody); err != nil {
		log.Error("hearing webhooks stopped, and syncer polls", "error", err)
	}
}

// forward passes signals on until ctx ends.
func forward(ctx context.Context, from <-chan struct{}, to chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-from:
			if !ok {
				return
			}
			signal(to)
		}
	}
}

// signal leaves a signal, unless one waits already.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
