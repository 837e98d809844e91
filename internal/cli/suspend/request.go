// SPDX-License-Identifier: Apache-2.0

package suspend

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"syncer.dev/syncer/internal/cli/scaffold"
)

// Request is what a person asks for: the Workspaces, and for a suspension why and how long.
type Request struct {
	Args      []string // at most one: NAME, or NAMESPACE/NAME
	Namespace string   // of a NAME without one
	All       bool     // everything in the repository, instead of one Workspace

	Reason string
	For    time.Duration // 0: until it is resumed, or Until
	Until  string        // RFC 3339; "" for none
}

// Suspension returns the document to write.
func (r Request) Suspension(now time.Time) (scaffold.Suspend, error) {
	d, err := r.Selection()
	if err != nil {
		return d, err
	}
	if strings.TrimSpace(r.Reason) == "" {
		return d, errors.New("--reason is missing: the status shows it to people whose changes wait")
	}
	d.Reason = strings.Join(strings.Fields(r.Reason), " ")
	d.Until, err = r.end(now)
	return d, err
}

// Selection returns the document without its content, which says which file it is.
func (r Request) Selection() (scaffold.Suspend, error) {
	switch {
	case r.All == (len(r.Args) == 1):
		return scaffold.Suspend{}, errors.New("name a Workspace, or give --all")
	case r.All:
		return scaffold.Suspend{}, nil
	}
	namespace, name, both := strings.Cut(r.Args[0], "/")
	if !both {
		namespace, name = r.Namespace, r.Args[0]
	}
	d := scaffold.Suspend{Namespace: namespace, Name: name}
	if !fs.ValidPath(d.File()) || name == "" || strings.ContainsAny(namespace+name, "/\\ ") {
		return d, fmt.Errorf("%q is not the name of a Workspace", r.Args[0])
	}
	return d, nil
}

// end returns when the suspension is over; zero if a person ends it.
func (r Request) end(now time.Time) (time.Time, error) {
	switch {
	case r.For != 0 && r.Until != "":
		return time.Time{}, errors.New("give one of --for and --until")
	case r.For < 0:
		return time.Time{}, errors.New("--for must be positive")
	case r.For > 0:
		return now.Add(r.For), nil
	case r.Until == "":
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, r.Until)
	if err != nil {
		return at, fmt.Errorf("--until %q is not a time such as 2026-12-01T08:00:00Z", r.Until)
	}
	if !at.After(now) {
		return at, fmt.Errorf("--until %s is over", r.Until)
	}
	return at, nil
}
