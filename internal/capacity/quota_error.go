// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// QuotaError holds the figures of a quota error, in vCPUs. Known is false if its message has no figures.
type QuotaError struct {
	Family       string // as the message spells it; QuotaRegional for the region, QuotaSpot for spot; "" if unknown
	Region       string // as the message spells it; "" if it does not
	Limit, Usage int
	Required     int // vCPUs that the request needs
	Known        bool
	// OnlyLeft is true if the message states only the rest of the quota. Limit then holds the rest.
	OnlyLeft bool
}

var (
	approvedQuota = regexp.MustCompile(`(?i)exceeding approved (.+?) ?(?:Cores )?quota`)
	preflight     = regexp.MustCompile(
		`(?i)Insufficient vcpu quota requested (\d+), remaining (-?\d+) for family (.+?) for region(?: ([a-z0-9]+))?`,
	)
	ofRegion = regexp.MustCompile(
		`(?i)exceeding quota limits of Core\. Maximum allowed: (\d+), Current in use: (\d+), Additional requested: (\d+)`,
	)
	location = regexp.MustCompile(`(?i)\bLocation: ([a-z0-9]+)\b`)
)

// ParseQuotaError parses the message of a quota error from the compute provider or from the preflight check of AKS.
func ParseQuotaError(message string) QuotaError {
	var s QuotaError
	if m := preflight.FindStringSubmatch(message); m != nil {
		required, _ := strconv.Atoi(m[1])
		remaining, _ := strconv.Atoi(m[2])
		return QuotaError{
			Family:   m[3],
			Region:   m[4],
			Limit:    max(remaining, 0),
			Required: required,
			Known:    true,
			OnlyLeft: true,
		}
	}
	if m := location.FindStringSubmatch(message); m != nil {
		s.Region = m[1]
	}
	if m := ofRegion.FindStringSubmatch(message); m != nil {
		s.Family, s.Known = QuotaRegional, true
		s.Limit, _ = strconv.Atoi(m[1])
		s.Usage, _ = strconv.Atoi(m[2])
		s.Required, _ = strconv.Atoi(m[3])
		return s
	}
	if m := approvedQuota.FindStringSubmatch(message); m != nil {
		s.Family = strings.TrimSpace(m[1])
	}
	switch lower := strings.ToLower(message); {
	case strings.Contains(lower, strings.ToLower(QuotaSpot)):
		s.Family = QuotaSpot
	case strings.Contains(lower, "total regional"):
		s.Family = QuotaRegional
	}
	var ok bool
	if s.Limit, ok = figure(message, "Current Limit:"); !ok {
		return s
	}
	s.Usage, _ = figure(message, "Current Usage:")
	s.Required, _ = figure(message, "Additional Required:")
	s.Known = true
	return s
}

func figure(message, label string) (int, bool) {
	_, rest, found := strings.Cut(message, label)
	if !found {
		return 0, false
	}
	rest = strings.TrimLeft(rest, " ")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.Atoi(rest[:end])
	return n, err == nil
}

// Left returns the vCPUs that the quota still allows.
func (s QuotaError) Left() int { return max(s.Limit-s.Usage, 0) }

// String returns which quota is short, and by how many vCPUs.
func (s QuotaError) String() string {
	if !s.Known {
		return "quota " + s.Family + " is exhausted"
	}
	if s.OnlyLeft {
		return fmt.Sprintf(
			"%d vCPU of %s short: %d left, %d needed",
			max(s.Required-s.Left(), 0),
			s.Family,
			s.Left(),
			s.Required,
		)
	}
	return fmt.Sprintf(
		"%d vCPU of %s short: limit %d, used %d, needed %d",
		max(s.Required-s.Left(), 0),
		s.Family,
		s.Limit,
		s.Usage,
		s.Required,
	)
}
