// SPDX-License-Identifier: Apache-2.0

// Package sweep spreads a check of many objects over an interval. Each object has its own time within the interval,
// which follows from its name alone, so that a restart changes nothing, and equal parts of the interval hold about
// equal parts of the objects. Pure.
package sweep

import (
	"hash/fnv"
	"time"
)

// Due reports whether the time of an object comes after from and not after to. An interval of zero or less is never.
func Due(object string, interval time.Duration, from, to time.Time) bool {
	if interval <= 0 || !to.After(from) {
		return false
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(object)) // never fails
	// The low bits of FNV are those that differ most between similar names.
	offset := time.Duration(h.Sum64() % uint64(interval)) //nolint:gosec // less than an interval
	return round(to, offset, interval) > round(from, offset, interval)
}

// round counts the times of an object until now.
func round(now time.Time, offset, interval time.Duration) int64 {
	since := now.UnixNano() - int64(offset)
	n := since / int64(interval)
	if since < 0 && since%int64(interval) != 0 {
		n-- // division rounds toward zero
	}
	return n
}

// Step is the time between two parts of a sweep: a sixtieth of the interval, and not less than a second, so that no
// part has more than its share.
func Step(interval time.Duration) time.Duration { return max(interval/60, time.Second) }
