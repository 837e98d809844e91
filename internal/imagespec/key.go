// SPDX-License-Identifier: Apache-2.0

package imagespec

import "strings"

// Key returns the one spelling of a flag of vLLM's server: with dashes, as FlexibleArgumentParser.parse_args makes it,
// and not abbreviated, as argparse makes it. What follows a dot names a field inside of the value, and stays as it is.
// A name that the server does not know keeps its dashes.
func Key(name string) string {
	f := Current().Flag(name)
	return f.Key()
}

// Found is what a name of a flag means to the server.
type Found struct {
	Name  string // of the flag, with dashes; the name as it was asked for when nothing was found
	Field string // the part behind the first dot, with the dot; "" without one
	Arg   Arg
	Known bool
	// Negated says that the name is that of a Bool with the prefix no-.
	Negated bool
	// Short says that the name is only the beginning of that of the flag, which argparse accepts.
	Short bool
	// Among are the flags that a name is the beginning of, when it is of several.
	Among []string
}

// Key returns the one spelling of the flag.
func (f Found) Key() string {
	if f.Negated {
		return "no-" + f.Name + f.Field
	}
	return f.Name + f.Field
}

// Flag finds a flag of vLLM's server by any spelling that the server takes.
func (s *Spec) Flag(name string) Found {
	base, field, dotted := strings.Cut(name, ".")
	base = strings.ReplaceAll(base, "_", "-")
	if dotted {
		field = "." + field
	}
	f := Found{Name: base, Field: field}
	if s.exact(&f, base) {
		return f
	}
	if base == "" {
		return f
	}
	var among []string
	for _, name := range s.FlagNames() {
		if strings.HasPrefix(name, base) {
			among = append(among, name)
		}
	}
	switch len(among) {
	case 0:
	case 1:
		f.Short = s.exact(&f, among[0])
	default:
		f.Among = among
	}
	return f
}

// exact fills in a flag by its whole name, and reports whether there is one.
func (s *Spec) exact(f *Found, name string) bool {
	if arg, ok := s.Flags[name]; ok {
		f.Name, f.Arg, f.Known = name, arg, true
		return true
	}
	positive, no := strings.CutPrefix(name, "no-")
	if arg, ok := s.Flags[positive]; no && ok && arg.Negative {
		f.Name, f.Arg, f.Known, f.Negated = positive, arg, true, true
		return true
	}
	return false
}

// FlagNames returns the names of all flags of vLLM's server, those with no- included, sorted. It is read-only.
func (s *Spec) FlagNames() []string { return s.names }
