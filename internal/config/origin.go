// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// origins says where values come from that the file does not give, by path: "--flag", or the name of a variable.
type origins map[string]string

// override sets the values that the environment and flags give. A value that cannot be read is a problem.
func (c *Config) override(env func(string) (string, bool), flags map[string]string) (origins, Error) {
	from := origins{}
	var problems Error
	set := func(f Field, value, origin string) {
		from[f.Path] = origin
		if err := f.Set(c, value); err != nil {
			problems = append(problems, diag.Errorf(diag.WrongType, "%v", err).On(f.Path).In(origin))
		}
	}
	for _, f := range Fields() {
		if v, ok := env(f.Env); ok {
			set(f, v, f.Env)
		}
		if v, ok := flags[f.Path]; ok {
			set(f, v, "--"+f.Flag)
		}
	}
	return from, problems
}

// locate adds to a problem with a value where that value was given. An item of a list comes from where the list does.
func (o origins) locate(p diag.Diagnostic, file string, positions strictyaml.Positions) diag.Diagnostic {
	value, _, _ := strings.Cut(p.Field, "[")
	if origin, ok := o[value]; ok {
		return p.In(origin)
	}
	if at, ok := positions[p.Field]; ok {
		return p.In(file).At(at.Line, at.Column)
	}
	return p
}
