// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// notOurs are variables with the prefix of the configuration that are none of its values: those of commands and of the
// tests, and those that Kubernetes sets in a pod beside a Service whose name begins with "syncer".
var notOurs = regexp.MustCompile(`^SYNCER_(CONFIG|PRICES_URL|GITEA|(BENCH|TEST)_\w+|` +
	`(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?))$`)

// UnknownVariables returns a warning for each variable of an environment, as "NAME=value", that has the prefix of the
// configuration and names none of its values.
func UnknownVariables(environ []string) []diag.Diagnostic {
	known := map[string]bool{}
	var names []string
	for _, f := range config.Fields() {
		known[f.Env] = true
		names = append(names, f.Env)
	}
	var out []diag.Diagnostic
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "SYNCER_") || known[name] || notOurs.MatchString(name) {
			continue
		}
		d := diag.Warningf(diag.UnknownField, "no value of the configuration has this variable").In(name)
		if near := strictyaml.Suggest(name, names); near != "" {
			d = d.Suggest("did you mean " + near + "?")
		}
		out = append(out, d)
	}
	return out
}
