package capacity

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Shortage is what the words of a quota error say, in vCPUs. Known tells whether there were figures in them.
type Shortage struct {
	Family       string // as the words have it; "cores" for the region, "lowPriorityCores" for spot; "" when they do not say
	Limit, Usage int
	Required     int // more than there is
	Known        bool
	// OnlyLeft says that the words told only how much is left, which Limit then holds.
	OnlyLeft bool
}

var (
	approvedQuota = regexp.MustCompile(`(?i)exceeding approved (.+?) ?(?:Cores )?quota`)
	preflight     = regexp.MustCompile(`(?i)Insufficient vcpu quota requested (\d+), remaining (-?\d+) for family (.+?) for region`)
)

// ParseShortage reads the words of a quota error, of the compute provider or of AKS's own check before it starts.
func ParseShortage(message string) Shortage {
	var s Shortage
	if m := preflight.FindStringSubmatch(message); m != nil {
		required, _ := strconv.Atoi(m[1])
		remaining, _ := strconv.Atoi(m[2])
		return Shortage{Family: m[3], Limit: max(remaining, 0), Required: required, Known: true, OnlyLeft: true}
	}
	if m := approvedQuota.FindStringSubmatch(message); m != nil {
		s.Family = strings.TrimSpace(m[1])
	}
	switch lower := strings.ToLower(message); {
	case strings.Contains(lower, "lowprioritycores"):
		s.Family = "lowPriorityCores"
	case strings.Contains(lower, "total regional"):
		s.Family = "cores"
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

// Left is how many vCPUs can still be had.
func (s Shortage) Left() int { return max(s.Limit-s.Usage, 0) }

// String says what is short.
func (s Shortage) String() string {
	if !s.Known {
		return "quota " + s.Family + " is exhausted"
	}
	if s.OnlyLeft {
		return fmt.Sprintf("%d vCPU of %s short: %d left, %d needed", max(s.Required-s.Left(), 0), s.Family, s.Left(), s.Required)
	}
	return fmt.Sprintf("%d vCPU of %s short: limit %d, used %d, needed %d", max(s.Required-s.Left(), 0), s.Family, s.Limit, s.Usage, s.Required)
}
