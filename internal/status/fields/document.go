// SPDX-License-Identifier: Apache-2.0

package fields

// Document is a Workspace's status file, in the order in which people read it.
type Document struct {
	APIVersion string   `yaml:"apiVersion" json:"apiVersion"`
	Kind       string   `yaml:"kind" json:"kind"`
	Metadata   Metadata `yaml:"metadata,flow" json:"metadata"`
	Status     Status   `yaml:"status" json:"status"`
}

// Metadata names the Workspace.
type Metadata struct {
	Namespace string `yaml:"namespace" json:"namespace"`
	Name      string `yaml:"name" json:"name"`
}

// Status is what is true of the Workspace. Times are in RFC 3339, digests after "sha256:", costs in US dollars.
type Status struct {
	State           string      `yaml:"state" json:"state"`
	ObservedCommit  string      `yaml:"observedCommit,omitempty" json:"observedCommit,omitempty"`
	Inputs          string      `yaml:"inputs,omitempty" json:"inputs,omitempty"`
	DesiredCommit   string      `yaml:"desiredCommit,omitempty" json:"desiredCommit,omitempty"`
	DesiredInputs   string      `yaml:"desiredInputs,omitempty" json:"desiredInputs,omitempty"`
	CarriedOut      *CarriedOut `yaml:"carriedOut,omitempty" json:"carriedOut,omitempty"`
	Source          string      `yaml:"source,omitempty" json:"source,omitempty"`
	Model           string      `yaml:"model,omitempty" json:"model,omitempty"`
	Revision        string      `yaml:"revision,omitempty" json:"revision,omitempty"`
	Runtime         string      `yaml:"runtime,omitempty" json:"runtime,omitempty"`
	FirstSeen       string      `yaml:"firstSeen,omitempty" json:"firstSeen,omitempty"`
	InstanceType    string      `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Why             string      `yaml:"why,omitempty" json:"why,omitempty"`
	TargetNodeCount int         `yaml:"targetNodeCount,omitempty" json:"targetNodeCount,omitempty"`
	WorkerNodes     []string    `yaml:"workerNodes,flow,omitempty" json:"workerNodes,omitempty"`
	Conditions      []Condition `yaml:"conditions,omitempty" json:"conditions,omitempty"`
	Pools           []Pool      `yaml:"pools,omitempty" json:"pools,omitempty"`
	Endpoint        string      `yaml:"endpoint,omitempty" json:"endpoint,omitempty"`
	HourlyCost      string      `yaml:"hourlyCost,omitempty" json:"hourlyCost,omitempty"`
	MonthlyCost     string      `yaml:"monthlyCost,omitempty" json:"monthlyCost,omitempty"`
	PricesDate      string      `yaml:"pricesDate,omitempty" json:"pricesDate,omitempty"`
	Objects         []string    `yaml:"objects,flow,omitempty" json:"objects,omitempty"`
	Output          *Output     `yaml:"output,omitempty" json:"output,omitempty"`
}

// CarriedOut is what reviews are compared with.
type CarriedOut struct {
	Digest       string `yaml:"digest" json:"digest"`
	InstanceType string `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Region       string `yaml:"region,omitempty" json:"region,omitempty"`
	Spot         bool   `yaml:"spot,omitempty" json:"spot,omitempty"`
	Nodes        int    `yaml:"nodes,omitempty" json:"nodes,omitempty"`
}

// Condition is a condition of KAITO.
type Condition struct {
	Type               string `yaml:"type" json:"type"`
	Status             string `yaml:"status" json:"status"`
	Reason             string `yaml:"reason" json:"reason"`
	Message            string `yaml:"message" json:"message"`
	LastTransitionTime string `yaml:"lastTransitionTime" json:"lastTransitionTime"`
}

// Pool is an agent pool. Only capacity.yaml shows the fields below Shared.
type Pool struct {
	Name         string `yaml:"name" json:"name"`
	State        string `yaml:"state" json:"state"`
	Nodes        int    `yaml:"nodes" json:"nodes"`
	Shared       bool   `yaml:"shared,omitempty" json:"shared,omitempty"`
	InstanceType string `yaml:"instanceType,omitempty" json:"instanceType,omitempty"`
	Workspace    string `yaml:"workspace,omitempty" json:"workspace,omitempty"`
	Error        string `yaml:"error,omitempty" json:"error,omitempty"`
	NotReleased  string `yaml:"notReleased,omitempty" json:"notReleased,omitempty"`
	Since        string `yaml:"since,omitempty" json:"since,omitempty"`
	HourlyCost   string `yaml:"hourlyCost,omitempty" json:"hourlyCost,omitempty"`
	MonthlyCost  string `yaml:"monthlyCost,omitempty" json:"monthlyCost,omitempty"`
}

// Output is the image that a tuning has pushed last, for servers that use it as an adapter.
type Output struct {
	Image  string `yaml:"image" json:"image"`   // as its file names it
	Digest string `yaml:"digest" json:"digest"` // that the name had then
	Inputs string `yaml:"inputs" json:"inputs"` // workspace.Workspace.Digest of the tuning, after "sha256:"
}
