package plan

// settleModes does what concerns all Workspaces together in the modes without agent pools: limits on NodePools, and the GPUs
// of brought nodes. It returns what is held back.
func settleModes(wishes []Wish, policy Policy, seen Observed) (warnings []string) {
	switch {
	case policy.Brought:
		shareBrought(wishes, seen)
	case policy.Karpenter != nil:
		warnings = holdNodePools(wishes, policy, seen)
		for i := range wishes {
			wishes[i].withNodePool()
		}
	}
	return warnings
}

// wait makes the guard keep what is live for Workspaces that wait, and what they may share with others.
func (g *Guard) wait(d Desired) {
	g.Waiting = d.waiting()
	g.KeepShared = g.KeepShared || len(g.Waiting) > 0
}
