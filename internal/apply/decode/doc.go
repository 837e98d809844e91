// SPDX-License-Identifier: Apache-2.0

// Package decode reads live objects of Kubernetes and Karpenter as values of package cluster: what a workload asks for
// and how far it is, what is wrong with a pod, what a node offers. Pure.
//
//	w, err := decode.Workload(u)      // a StatefulSet or a Job
//	p := decode.Pod(pod)              // with reason and message where something is wrong
package decode
