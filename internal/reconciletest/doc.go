// SPDX-License-Identifier: Apache-2.0

// Package reconciletest simulates Git, Kubernetes and Azure in memory, for tests of the loop and of the engine.
//
// A Simulator has three parts, each of which works on, fails and recovers by itself:
//
//   - Git: the repository (a reconcile.Source) and the status branch (a reconcile.Recorder).
//   - Kubernetes: the API server (a reconcile.Cluster), with the controllers, the scheduler and the kubelets behind it.
//   - Azure: the agent pools (a capacity.Cloud), their quota and their failures; see capacitytest.
//
// Pods run on the nodes of the pools, so that a change of one part affects the others. The parts check every write, and
// fail the test at once if syncer deletes a node under a pod, moves a server before its new nodes have room, moves a
// running job, deletes anything while Git is down or because a file has a syntax error, writes an unmanaged pool, or
// exceeds a limit or a quota.
//
// # Knobs
//
//	s.Git.Down, s.Git.RecordDown      the repository, the status branch is unreachable
//	s.Kubernetes.Down                 the API server is unreachable
//	s.Kubernetes.Refused              a webhook refuses the objects of these Workspaces
//	s.Kubernetes.Finalizers           the deletion of these objects does not end
//	s.Kubernetes.Crash                the pods of these Workspaces crash
//	s.Kubernetes.Pushed               the images that tunings push
//	s.Azure.Down                      Azure is unreachable
//	s.Azure.Refuse, .Fail, .Once      Azure refuses to grow a pool, fails late, or never ends the operation
//	s.Azure.NoNodes, .Takes           pools without nodes; the duration of an operation
//	s.Azure.Lose                      deletes a pool
//	s.Azure.VCPUs, .Limits            the quota of each family, the limits of the configuration
//	s.Azure.Nodes.Late, .Break        GPUs are late, or disappear for some time
//	s.Azure.Nodes.AddForeign          an unmanaged pod
//
// # Time
//
// Time is that of the bubble of testing/synctest, so a test that needs time runs in one. Pass runs one pass of a loop
// and then advances the time; Advance only advances it. No test depends on the speed of the machine:
//
//	synctest.Test(t, func(t *testing.T) {
//		s := reconciletest.New(t)
//		s.Git.Push("phi.yaml", reconciletest.Phi)
//		out := s.Settle(s.Loop())
//		...
//	})
//
// # Random states
//
// Random returns a Simulator with random limits, and Play runs random events. All follow from the seed. Observe returns
// the observed state. After Heal and some time the live state must equal the desired state, which CheckSettled checks.
//
//	s := reconciletest.Random(t, seed)
//	l := s.Loop()
//	s.Play(l, 12)
//	seen := s.Observe()
package reconciletest
