// SPDX-License-Identifier: Apache-2.0

package preflight

// Facts are the answers of the servers.
type Facts struct {
	GitRead  Answer
	GitWrite Answer // of the status branch
	// Server is whether Kubernetes answers at all, and User is as whom it knows the one who asks; "" if it did not say.
	// All below are empty if it does not answer.
	Server     Answer
	User       string
	Namespaces []Namespace
	Rights     []Granted
	GPU        Nodes
	Azure      *Cloud // nil in the modes without agent pools
}

// Namespace is whether one namespace exists.
type Namespace struct {
	Name string
	Answer
}

// Granted is whether the one who asks has a right. Error is why the server did not say; "" if it did.
type Granted struct {
	Right
	Allowed bool
	Error   string
}

// Nodes are what shows whether nodes offer their GPUs to pods.
type Nodes struct {
	Answer        // of the list of nodes: OK, or why there is none
	GPUs   []Node // those whose size has GPUs, or that offer some
	// Plugins are the DaemonSets of NVIDIA's device plugin, as "namespace/name". PluginsKnown is false where they may not
	// be listed.
	Plugins      []string
	PluginsKnown bool
}

// Node is a node with GPUs. Offered are those that pods can get: allocatable nvidia.com/gpu, or shares of GPUs.
type Node struct {
	Name, Size string
	Ready      bool
	Offered    int64
}

// Cloud is what Azure answered.
type Cloud struct{ Pools, Quota, Sizes Answer }
