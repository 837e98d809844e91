// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// A configuration file is either named, by --config or SYNCER_CONFIG, or found in the folder where a command runs or
// above it. What is found may come from anybody: a pull request that is checked out brings its own. So a found file
// decides what is wanted (folders, limits, policy), and never whom syncer talks to, as whom, and which files of this
// machine it reads. The environment and flags are always obeyed.
//
// Each value belongs to one of the two lists below, which a test checks.

// namedOnly are the values that a found file does not set: hosts, credentials, files of this machine, and what selects
// among the credentials of the user. An entry that ends in a dot stands for all values below it.
var namedOnly = []string{
	"source.url",
	"source.auth.",
	"source.signatures.",
	"source.decryption.",
	"source.rewritten",
	"source.limits.", // they protect the machine that reads the repository
	"status.signing.",
	"status.keep",
	"review.",
	"policy.review.signers",
	"pods.", // hosts that pods get their images and models from, and show the token for models
	"kubeconfig",
	"context",
	"impersonate",
	"listen",
	"page.",
	"log.",
	"notify.urlsFile",
	"notify.urlsEnv",
	"tracing.",
	"kubernetesEvents",
	"impersonate", // whose permissions bound what a team's folder can do
	"lease.",
	"capacity.aks.subscriptionID",
	"capacity.aks.resourceGroup",
	"capacity.aks.cluster",
	"capacity.aks.auth",
	"capacity.aks.clientID",
	"capacity.aks.tenantID",
	"capacity.aks.identityBinding",
	"capacity.aks.cloud",
	"capacity.aks.endpoint",
	"capacity.aks.audience",
	"capacity.aks.authority",
}

// foundToo are the values that a found file sets as well.
var foundToo = []string{
	"cluster",
	"source.branch",
	"source.tag",
	"source.commit",
	"source.path",
	"source.interval",
	"source.timeout",
	"sweep",
	"status.branch",
	"status.path",
	"status.author.",
	"status.debounce",
	"capacity.mode",
	"capacity.prices", // below the folder of the file: see foundFiles
	"capacity.retiredSizes",
	"capacity.nvmeStorageClass",
	"capacity.aks.location",
	"capacity.aks.interval",
	"capacity.aks.gpuDeadline",
	"capacity.karpenter.",
	"capacity.limits.",
	"namespaces",
	"objects",
	"policy.pods.",
	"policy.loadBalancers",
	"policy.contested",
	"policy.unpinnedRevision",
	"policy.deletion",
	"policy.interruption",
	"policy.unknownQuota",
	"policy.costDelta.",
	"policy.massDeletion.",
	"ignore.",
	"policy.review.verdict",
	"policy.review.costTolerance",
	"policy.review.maxAge",
	"policy.preemption",
	"policy.priority.",
	"rollout.",
	"notify.severity",
	"notify.workspaces",
	"notify.reasons",
	"notify.recovered",
	"notify.quiet",
	"prune",
}

// foundFiles are the values among foundToo that name a file. Such a path leads to a file beside the configuration or
// below it, and is relative to its folder.
var foundFiles = []string{"capacity.prices"}

func listed(path string, in []string) bool {
	return slices.ContainsFunc(in, func(entry string) bool {
		return entry == path || strings.HasSuffix(entry, ".") && strings.HasPrefix(path, entry)
	})
}

// LoadFound is Load for a file that was found, not named. The values that only a named file may set keep their defaults
// unless the environment or a flag gives them; notes has a warning for each that the file sets, at its place. Values on
// neither list, which a test rules out, count as such.
func LoadFound(
	path string,
	data []byte,
	env func(string) (string, bool),
	flags map[string]string,
) (c Config, notes []diag.Diagnostic, err error) {
	c, notes, err = load(path, data, env, flags, true)
	return c, notes, err
}

// distrust takes what only a named file may set out of a configuration that was decoded from a found one.
func (c *Config) distrust(path string, positions strictyaml.Positions) []diag.Diagnostic {
	var notes []diag.Diagnostic
	defaults := Default()
	for _, f := range Fields() {
		own := reflect.ValueOf(c).Elem().FieldByIndex(f.index)
		switch {
		case listed(f.Path, foundFiles) && own.String() == "":
			continue
		case listed(f.Path, foundFiles) && filepath.IsLocal(own.String()):
			own.SetString(filepath.Join(filepath.Dir(path), own.String()))
			continue
		case listed(f.Path, foundToo) && !listed(f.Path, foundFiles):
			continue
		}
		own.Set(reflect.ValueOf(defaults).FieldByIndex(f.index))
		at, given := positions[f.Path]
		if !given {
			continue
		}
		notes = append(notes, untrusted(f.Path, path, at))
	}
	slices.SortFunc(notes, diag.Diagnostic.Compare)
	return notes
}

// untrusted warns of a value that a found file must not set.
func untrusted(field, path string, at strictyaml.Position) diag.Diagnostic {
	return diag.Warningf(diag.ConfigNotTrusted, "is not obeyed, because the file was found, not named").
		On(field).In(path).At(at.Line, at.Column).
		Suggest(fmt.Sprintf("if you trust the file, name it: --config %[1]s, or SYNCER_CONFIG=%[1]s", path))
}
