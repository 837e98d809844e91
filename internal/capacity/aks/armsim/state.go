package armsim

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cluster is one AKS cluster. It comes into being when it is first asked for, with the system pool that every cluster has.
type cluster struct {
	Subscription  string           `json:"subscription"`
	ResourceGroup string           `json:"resourceGroup"`
	Name          string           `json:"name"`
	Location      string           `json:"location"`
	Pools         map[string]*pool `json:"pools"`
}

// pool is one agent pool: the properties as they were put, and what Azure adds.
type pool struct {
	Name       string             `json:"name"`
	Properties map[string]any     `json:"properties"`
	ETag       string             `json:"etag"`
	State      string             `json:"state"`
	Error      *provisioningError `json:"error,omitempty"`
	// Boots are the times at which the nodes come up, by index; nodes with a later time are not there yet.
	Boots []time.Time `json:"boots"`
	// Done is when the operation in flight ends, and what becomes of the pool then.
	Done   time.Time          `json:"done"`
	Gone   bool               `json:"gone"`   // it is deleted at Done
	Target int                `json:"target"` // nodes at Done
	Fail   *provisioningError `json:"fail,omitempty"`
	// Op is the operation in flight.
	Op string `json:"op"`
}

type provisioningError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// operation is a long-running operation, for those who poll it.
type operation struct {
	ID      string
	Started time.Time
	cluster *cluster
	pool    *pool
	done    bool
	failed  *provisioningError
}

// get returns a cluster, settled: everything that is due by now has happened. The lock is held.
func (s *Server) get(sub, rg, name string) *cluster {
	key := strings.ToLower(rg + "/" + name)
	c := s.clusters[key]
	if c == nil {
		c = &cluster{Subscription: sub, ResourceGroup: rg, Name: name, Location: "eastus", Pools: map[string]*pool{}}
		c.Pools["nodepool1"] = &pool{
			Name: "nodepool1", State: "Succeeded", ETag: s.etag(), Target: 1,
			Properties: map[string]any{"mode": "System", "vmSize": "Standard_D4s_v5", "count": 1.0, "type": "VirtualMachineScaleSets", "osType": "Linux"},
		}
		s.clusters[key] = c
	}
	s.settle(c, time.Now())
	return c
}

// settle lets everything happen in a cluster that is due by now. The lock is held.
func (s *Server) settle(c *cluster, now time.Time) {
	for name, p := range c.Pools {
		if !busy(p.State) || now.Before(p.Done) {
			continue
		}
		op := s.ops[p.Op]
		switch {
		case p.Fail != nil:
			p.State, p.Error = "Failed", p.Fail
			p.Target = len(p.Boots)
		case p.Gone:
			delete(c.Pools, name)
		default:
			p.State, p.Error = "Succeeded", nil
			p.Boots = p.Boots[:min(len(p.Boots), p.Target)]
		}
		if op != nil {
			op.done, op.failed = true, p.Fail
		}
		p.Fail, p.Op, p.ETag = nil, "", s.etag()
	}
	s.save()
}

func busy(state string) bool {
	return state == "Creating" || state == "Updating" || state == "Scaling" || state == "Deleting"
}

func (s *Server) etag() string {
	s.serial++
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", s.serial, time.Now().UnixNano()))
	return fmt.Sprintf("%x", sum[:8])
}

// saved is what a state file holds. Operations that somebody polls are forgotten by a restart, as Azure forgets them in time.
type saved struct {
	Clusters map[string]*cluster `json:"clusters"`
	Serial   int64               `json:"serial"`
}

func (s *Server) load() error {
	if s.options.StateFile == "" {
		return nil
	}
	data, err := os.ReadFile(s.options.StateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var st saved
	if err := json.Unmarshal(data, &st); err != nil {
		return fmt.Errorf("read %s: %w", s.options.StateFile, err)
	}
	s.clusters, s.serial = st.Clusters, st.Serial
	return nil
}

// save writes the state file by renaming, so that it is never half written. An emulator that cannot write goes on in memory.
func (s *Server) save() {
	if s.options.StateFile == "" {
		return
	}
	data, err := json.Marshal(saved{s.clusters, s.serial})
	if err != nil {
		return
	}
	tmp := filepath.Join(filepath.Dir(s.options.StateFile), ".armsim.tmp")
	if os.WriteFile(tmp, data, 0o600) == nil {
		_ = os.Rename(tmp, s.options.StateFile)
	}
}
