// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconcile"
)

// sizes are the sizes that random files name and that Azure may run out of.
var sizes = []string{
	"Standard_NC24ads_A100_v4",
	"Standard_NV36ads_A10_v5",
	"Standard_NC40ads_H100_v5",
	"Standard_NC48ads_A100_v4",
}

// NoCapacity is the error of Azure if it has no machine of a size.
var NoCapacity = &capacity.CloudError{Class: capacity.ClassCapacity, Code: "AllocationFailed", Message: "no capacity"}

var failures = []*capacity.CloudError{
	NoCapacity,
	{Class: capacity.ClassThrottled, Code: "Throttled", Message: "slow down", RetryAfter: 3 * time.Minute},
	{Class: capacity.ClassTransient, Code: "InternalServerError", Message: "try again"},
	NoQuota,
}

// NoQuota is the error of Azure if the quota of Standard_NC24ads_A100_v4 is zero.
var NoQuota = &capacity.CloudError{
	Class: capacity.ClassQuota,
	Code:  "OperationNotAllowed",
	Message: "exceeding approved standardNCADSA100v4Family Cores quota. " +
		"Current Limit: 0, Current Usage: 0, Additional Required: 24",
}

// Random returns a Simulator whose limits, quota and events follow from the seed.
func Random(t testing.TB, seed uint64) *Simulator {
	s := New(t)
	s.rng = rand.New(rand.NewPCG(seed, 17))
	switch s.rng.IntN(4) {
	case 0:
		s.Azure.Limits.Nodes = 3
	case 1:
		s.Azure.Limits.HourlyCost = 12
	case 2:
		s.Azure.VCPUs = 72
	}
	return s
}

// Rand is the source of random values of the Simulator.
func (s *Simulator) Rand() *rand.Rand { return s.rng }

// Limited reports whether limits or quota may leave a Workspace without nodes.
func (s *Simulator) Limited() bool {
	return s.Azure.Limits.Nodes > 0 || s.Azure.Limits.HourlyCost > 0 || s.Azure.VCPUs > 0
}

// Play runs events. After each event the loop runs up to three passes.
func (s *Simulator) Play(l *reconcile.Loop, events int) {
	for range events {
		s.Event()
		for range s.rng.IntN(4) {
			s.Pass(l, s.Moment())
		}
	}
}

// Moment returns a random time of up to four minutes.
func (s *Simulator) Moment() time.Duration { return time.Duration(1+s.rng.IntN(240)) * time.Second }

// Event runs a random event: a push, a failure, its end, or an event of a job, a node or a pool.
func (s *Simulator) Event() {
	kinds := []func(){
		s.pushFile, s.pushFile, s.pushFile, s.pushFile, s.breakOrRemoveFile,
		s.failOnce, s.refuseSize, s.failSize, s.withholdNodes, s.Heal,
		s.azureDown, s.gitDown, s.kubernetesDown, s.slowDown,
		s.addForeignPod, s.finishJob, s.breakNode, s.losePool, s.refuseObjects, s.delayGPUs,
	}
	kinds[s.rng.IntN(len(kinds))]()
}

// Names are those of random files. The first letter is the kind: m a model, t a tuning, s an InferenceSet.
var Names = []string{"m1", "m2", "m3", "t1", "t2", "s1"}

// pushFile writes the file of a name.
func (s *Simulator) pushFile() {
	name := Names[s.rng.IntN(len(Names))]
	s.Git.Push(name+".yaml", RandomFile(s.rng, name))
}

// RandomFile returns a file for a Workspace or an InferenceSet of that name, whose first letter is its kind: see Names.
func RandomFile(rng *rand.Rand, name string) string {
	f := fields{Name: name, Size: "auto"}
	switch rng.IntN(10) {
	case 0, 1:
		f.Annotations = `syncer.dev/suspend: "true"`
	case 2:
		if name[0] != 't' { // a job whose file changes is recreated
			f.Annotations = `syncer.dev/spot: "true"`
		}
	}
	if rng.IntN(2) == 0 {
		f.Size = sizes[rng.IntN(len(sizes))]
	}
	switch name[0] {
	case 't':
		return fill("tuning.yaml.tmpl", f)
	case 's':
		if f.Size == "auto" {
			f.Size = sizes[0]
		}
		f.Replicas = rng.IntN(4)
		return fill("set.yaml.tmpl", f)
	}
	return fill("model.yaml.tmpl", f)
}

func (s *Simulator) breakOrRemoveFile() {
	files := s.Git.Files()
	if len(files) == 0 {
		return
	}
	name := files[s.rng.IntN(len(files))]
	if s.rng.IntN(2) == 0 {
		s.Git.Break(name)
	} else {
		s.Git.Remove(name)
	}
}

func (s *Simulator) size() string { return sizes[s.rng.IntN(len(sizes))] }

func (s *Simulator) failure() *capacity.CloudError { return failures[s.rng.IntN(len(failures))] }

func (s *Simulator) failOnce() {
	e := s.failure()
	fault := []*capacitytest.Fault{{Refuse: e}, {Late: e}, {Stuck: true}}[s.rng.IntN(3)]
	s.Azure.Set(func(f *capacitytest.Fake) { f.Once = append(f.Once, fault) })
}

func (s *Simulator) refuseSize() {
	refuse := map[string]*capacity.CloudError{s.size(): s.failure()}
	s.Azure.Set(func(f *capacitytest.Fake) { f.Refuse = refuse })
}

func (s *Simulator) failSize() {
	fail := map[string]*capacity.CloudError{s.size(): s.failure()}
	s.Azure.Set(func(f *capacitytest.Fake) { f.Fail = fail })
}

func (s *Simulator) withholdNodes() {
	none := map[string]bool{s.size(): true}
	s.Azure.Set(func(f *capacitytest.Fake) { f.NoNodes = none })
}

func (s *Simulator) azureDown() { s.Azure.Set(func(f *capacitytest.Fake) { f.Down = ErrDown }) }

func (s *Simulator) gitDown() { s.Git.Down, s.Git.RecordDown = ErrDown, ErrDown }

func (s *Simulator) kubernetesDown() { s.Kubernetes.Down = ErrDown }

func (s *Simulator) slowDown() {
	takes := time.Duration(s.rng.IntN(8)) * time.Minute
	s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = takes })
}

// delayGPUs delays the GPUs of nodes that join later.
func (s *Simulator) delayGPUs() { s.Azure.Nodes.Late = s.rng.IntN(3) }

func (s *Simulator) addForeignPod() {
	if node := s.node(); node != "" {
		s.Azure.Nodes.AddForeign(fmt.Sprintf("other/pod%d", s.rng.IntN(3)), node)
	}
}

func (s *Simulator) breakNode() {
	if node := s.node(); node != "" {
		s.Azure.Nodes.Break(node, s.rng.IntN(5))
	}
}

// node returns a random node with GPUs, or "".
func (s *Simulator) node() string {
	var names []string
	nodes := s.Azure.Fake.Nodes()
	for _, p := range s.Azure.Live() {
		names = append(names, nodes[p.Name]...)
	}
	if len(names) == 0 {
		return ""
	}
	return names[s.rng.IntN(len(names))]
}

func (s *Simulator) finishJob() {
	for _, w := range s.Azure.Nodes.Workloads() {
		if w.Job && w.Finished == "" && s.Azure.Nodes.Runs(w.Name) {
			s.Azure.Nodes.Finish(w.Name, []capacitytest.Finish{capacitytest.Complete, capacitytest.Broken}[s.rng.IntN(2)])
			return
		}
	}
}

// losePool deletes an owned pool, as another client of Azure can.
func (s *Simulator) losePool() {
	if owned := s.Owned(); len(owned) > 0 {
		s.LosePool(owned[s.rng.IntN(len(owned))].Name)
	}
}

// LosePool deletes a pool with its nodes. Pods that ran there are pending again.
func (s *Simulator) LosePool(name string) {
	s.Azure.Lose(name)
	s.Azure.Nodes.Reconcile()
}

func (s *Simulator) refuseObjects() {
	name := []string{"m1", "m2", "m3", "t1", "t2", "s1-0"}[s.rng.IntN(6)]
	s.Kubernetes.Refused[name] = errors.New(`admission webhook "policy.example.com" denied the request`)
}
