// SPDX-License-Identifier: Apache-2.0

package shard

// Wanted returns the shard that a process asks another one for, or false. The holders are those of all shards, as the
// process knows them; "" is none, or unknown. A process asks as long as another one has at least two shards more, so
// that asking ends when all have about the same number. It asks for the fleet last: to hand that over interrupts
// operations on pools. pick chooses one of n, so that two processes seldom ask for the same one.
func Wanted(holders []string, self string, pick func(n int) int) (shard int, ok bool) {
	count := map[string]int{}
	for _, holder := range holders {
		if holder == "" {
			return 0, false // it is free to be taken, or about to be
		}
		count[holder]++
	}
	most := self
	for _, holder := range holders {
		if count[holder] > count[most] {
			most = holder
		}
	}
	if count[most] < count[self]+2 {
		return 0, false
	}
	var from []int
	for i, holder := range holders {
		if holder == most && i != Fleet {
			from = append(from, i)
		}
	}
	return from[pick(len(from))], true
}

// Yields reports whether a process gives a shard to another one that asks for it: it still has at least two more.
func Yields(holders []string, self, other string) bool {
	own, others := 0, 0
	for _, holder := range holders {
		switch holder {
		case self:
			own++
		case other:
			others++
		}
	}
	return own >= others+2
}
