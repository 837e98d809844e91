// SPDX-License-Identifier: Apache-2.0

// Package librarylog sets where client-go (klog) and controller-runtime log. They log every attempt to reach a server
// that is down; syncer reports that error once for each pass.
package librarylog

import (
	"log/slog"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// Set gives both a handler for their logs, for the whole process; nil discards them. The composition root calls it,
// because their loggers are global.
//
// Only the first call counts: informers that run already read the loggers.
func Set(h slog.Handler) {
	once.Do(func() {
		log := logr.Discard()
		if h != nil {
			log = logr.FromSlogHandler(h)
		}
		klog.SetLogger(log)
		ctrllog.SetLogger(log)
	})
}

var once sync.Once
