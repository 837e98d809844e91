// SPDX-License-Identifier: Apache-2.0

// Package components keeps what the loop depends on and how that is: Git, the status branch, Kubernetes and Azure, for
// health checks and metrics.
package components

import (
	"maps"
	"sync"
	"time"

	"syncer.dev/syncer/internal/capacity/pools/executor"
)

// The components that a pass depends on.
const (
	Git        = "git"    // reading the source
	Status     = "status" // reading and writing the status branch
	Kubernetes = "kubernetes"
	Azure      = "azure"
)

// Health is the state of the loop for health checks and metrics. It is safe for concurrent use.
type Health struct {
	mu         sync.Mutex
	components map[string]Component
	passes     int64
	lastPass   time.Time
	states     map[string]int
	failures   map[executor.Failure]int
}

// Component is the state of one dependency.
type Component struct {
	Err         error // of the last request; nil if it succeeded
	LastSuccess time.Time
}

// NewHealth returns a Health in which no component has answered yet.
func NewHealth(components ...string) *Health {
	h := &Health{components: map[string]Component{}}
	for _, c := range components {
		h.components[c] = Component{Err: errNotYet}
	}
	return h
}

type notYet struct{}

func (notYet) Error() string { return "has not answered yet" }

var errNotYet error = notYet{}

// Components returns the state of each dependency, by name.
func (h *Health) Components() map[string]Component {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.components)
}

// Passes returns the number of passes, and when the last one began.
func (h *Health) Passes() (int64, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.passes, h.lastPass
}

// States returns the number of Workspaces in each state.
func (h *Health) States() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.states)
}

// PoolFailures returns how often Azure has refused or ended an operation on a pool, by code.
func (h *Health) PoolFailures() map[executor.Failure]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.failures)
}

// Failed records how often Azure has refused or ended an operation on a pool, by code.
func (h *Health) Failed(failures map[executor.Failure]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures = failures
}

// Set records the result of a request to a component. It ignores components that the configuration does not have.
func (h *Health) Set(component string, err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.components[component]
	if !ok {
		return
	}
	c.Err = err
	if err == nil {
		c.LastSuccess = now
	}
	h.components[component] = c
}

// Passed records a pass that began now, and how many Workspaces are in each state after it.
func (h *Health) Passed(now time.Time, states map[string]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passes++
	h.lastPass, h.states = now, states
}
