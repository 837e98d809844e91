// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/pack"
)

// ProgramOf returns the program that Plan solves for a fleet of which nothing is there yet.
func ProgramOf(in Input) *pack.Program {
	p := newPlanner(in)
	p.bind()
	p.limit()
	prog, _ := p.program()
	var free []int
	for i := range p.assignments {
		free = append(free, i)
	}
	p.solve(prog, free, nil, func(int, *capacity.Option) {})
	return prog
}

// Whole reports whether the last plan was one from nothing.
func (k *Kept) Whole() bool { return k.whole }
