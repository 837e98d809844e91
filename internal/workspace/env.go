package workspace

// Env is what the rules of admission depend on besides the files. The zero value is a cluster for which syncer creates agent
// pools, and of which nothing is known.
type Env struct {
	// Brought says that nodes are brought, and not created (capacity.mode: byo).
	Brought bool
	// AnySize accepts sizes of other clouds than Azure (capacity.mode: karpenter).
	AnySize bool
	// NodeClasses are the node classes that Workspaces may name where Karpenter creates nodes; nil where it does not, or where
	// any may be named.
	NodeClasses []string
	// ClosedWorld says that the ConfigMaps and Nodes of the Set and of Facts are all there are. Otherwise one that is missing may be in
	// the cluster.
	ClosedWorld bool
	// Facts are what is known of the cluster.
	Facts Facts
	// Size tells what a VM size has. Without it nothing is said about memory. It does not know sizes that cannot be had any more.
	Size func(name string) (Size, bool)
}

// Size is what the rules of admission need to know about a VM size.
type Size struct {
	GPUs      int
	MemoryGiB int // of all GPUs together
}

// Facts are what a cluster has, as far as Workspaces refer to it. Each map is nil when nobody looked; a map that is not nil is
// complete for the namespaces that Workspaces are in. Of Secrets only the names are ever wanted.
type Facts struct {
	Nodes      []Node // meaningful when NodesKnown
	NodesKnown bool

	ConfigMaps map[Key]map[string]string // data
	Secrets    map[Key]bool
	Claims     map[Key]bool // PersistentVolumeClaims
	// Unknown are objects of which nobody could say whether they are there, whatever the maps say of others.
	Unknown map[Named]bool
}

// Node is a node that may be brought: its name, and the labels by which its GPUs are known.
type Node struct {
	Name   string
	Labels map[string]string
	Source Position // where the repository describes it; zero for one of the cluster
}

// nodes returns the nodes that are known; known is false when none was looked at.
func (c *check) nodes() (nodes []Node, known bool) {
	if c.env.Facts.NodesKnown {
		return c.env.Facts.Nodes, true
	}
	return c.set.Nodes, len(c.set.Nodes) > 0
}
