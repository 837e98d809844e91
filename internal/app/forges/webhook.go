// SPDX-License-Identifier: Apache-2.0

package forges

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/signin"
	"syncer.dev/syncer/internal/review/webhook"
	"syncer.dev/syncer/internal/web"
)

// webhookPath is where webhooks arrive.
const webhookPath = "/webhook"

// Listen hears webhooks until ctx ends, and calls pushed or changed, which must not block, for each push and each event
// of a pull request. It returns at once if the configuration has no address. A port that is taken costs the hints, and
// nothing else.
func Listen(ctx context.Context, w config.Webhook, log *slog.Logger, pushed, changed func()) {
	if w.Listen == "" {
		return
	}
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
			pushed()
		case webhook.PullRequest:
			changed()
		}
	}))
	if err := web.ServeBodies(ctx, listener, mux, webhook.MaxBody); err != nil {
		log.Error("hearing webhooks stopped, and syncer polls", "error", err)
	}
}
