// SPDX-License-Identifier: Apache-2.0

// Command soak runs the real syncer for a long time against a real Kubernetes control plane, a real Git repository and
// an emulator of Azure's API. Every few seconds something happens: files are pushed, broken and removed, objects and
// pools are changed by others, servers fail. First syncer is killed now and then; after that one process must not grow,
// by what its metrics say. In the end it has to come to rest with what the last commit asks for.
//
// "make soak DURATION=10m" runs it. A seed decides what happens, but not when syncer sees it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	duration := flag.Duration("duration", 10*time.Minute, "how long things happen")
	seed := flag.Uint64("seed", 1, "of what happens")
	verbose := flag.Bool("v", false, "print what happens, and the log of syncer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *duration, *seed, *verbose)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

const (
	// The parts of the time: killing takes the first, warming the second, and the rest is measured.
	killing, warming = 0.2, 0.15

	everyAction = 2 * time.Second
	everySample = 2 * time.Second
	restTime    = 5 * time.Minute
)

func run(ctx context.Context, duration time.Duration, seed uint64, verbose bool) (err error) {
	w := &world{rng: rand.New(rand.NewPCG(seed, 7)), verbose: verbose, did: map[string]int{}}
	defer w.cleanup()
	defer func() {
		switch f := recover().(type) {
		case nil:
		case fatal:
			err = errors.New(string(f))
		default:
			panic(f)
		}
	}()
	if err := w.start(ctx); err != nil {
		return err
	}
	part := func(share float64) time.Duration { return time.Duration(share * float64(duration)) }
	began := time.Now()
	var samples []sample
	sampled := time.Now()
	for time.Since(began) < duration && ctx.Err() == nil {
		at := time.Since(began)
		w.act(ctx, at < part(killing))
		if at > part(killing+warming) && time.Since(sampled) >= everySample {
			s, err := w.sample(ctx)
			if err != nil {
				return fmt.Errorf("read the metrics: %w", err)
			}
			s.at, sampled = at, time.Now()
			samples = append(samples, s)
			if verbose {
				fmt.Println(s)
			}
		}
		if err := w.syncerRuns(); err != nil {
			return err
		}
		pause(ctx, time.Duration(w.rng.Int64N(int64(2*everyAction))))
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fmt.Println("what happened:", w.did)
	if err := w.rest(ctx); err != nil {
		return err
	}
	return judge(samples)
}

// pause waits.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
