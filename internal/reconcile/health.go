package reconcile

import (
	"maps"
	"sync"
	"time"
)

// The components that a pass depends on.
const (
	ComponentGit        = "git"
	ComponentKubernetes = "kubernetes"
	ComponentAzure      = "azure"
)

// Health is what the outside may know about the loop. It is safe for concurrent use.
type Health struct {
	mu         sync.Mutex
	components map[string]Component
	passes     int64
	lastPass   time.Time
	states     map[string]int
}

// Component is how one dependency is doing.
type Component struct {
	Err         error // nil: it answered when last asked
	LastSuccess time.Time
}

// NewHealth returns a Health in which each of the components has yet to answer.
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

// Components returns how each dependency is doing.
func (h *Health) Components() map[string]Component {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.components)
}

// Passes returns how many passes there were, and when the last one ended.
func (h *Health) Passes() (int64, time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.passes, h.lastPass
}

// States returns how many Workspaces are in each state.
func (h *Health) States() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.states)
}

func (h *Health) set(component string, err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.components[component]
	c.Err = err
	if err == nil {
		c.LastSuccess = now
	}
	h.components[component] = c
}

func (h *Health) passed(now time.Time, states map[string]int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passes++
	h.lastPass, h.states = now, states
}
