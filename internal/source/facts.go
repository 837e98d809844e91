// SPDX-License-Identifier: Apache-2.0

package source

import (
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/facts"
)

// WithFacts returns a Reader for commands that look at no cluster. It knows the objects of the cluster in these files,
// which the user has written out of it. Mistakes in the files become Problems of what the Reader reads.
func (r Reader) WithFacts(paths []string) (Reader, error) {
	var err error
	r.Offline = true
	r.Facts, r.notes, err = r.readFacts(paths)
	return r, err
}

func (r Reader) readFacts(paths []string) (workspace.Facts, []diag.Diagnostic, error) {
	var all workspace.Facts
	var problems []diag.Diagnostic
	r.Git = Git{} // facts need not be in any commit
	for _, p := range paths {
		t, err := r.OpenPath(p)
		if err != nil {
			return all, nil, err
		}
		f, found, err := facts.Load(t.Files, t.Root)
		if err != nil {
			return all, nil, err
		}
		for _, problem := range found {
			problem.Path = t.Display(problem.Path)
			problems = append(problems, problem)
		}
		if len(found) == 0 && f.Empty() {
			return all, nil, &EmptyError{Path: p, Kinds: "Node, ConfigMap, Secret or PersistentVolumeClaim"}
		}
		all = all.With(f)
	}
	return all, problems, nil
}
