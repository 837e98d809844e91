// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzFound: for any file that was found in a checkout, the values that only a named file may set are the defaults, the
// notes name each of them that the file sets, and each problem has a place in the file. A file that is accepted when it
// is named gives what it says: the same values as flags make the same configuration.
func FuzzFound(f *testing.F) {
	const head = "apiVersion: syncer.dev/v1alpha1\nkind: Config\n"
	for _, text := range []string{
		"", head, head + "cluster: demo\nsource: {url: 'https://example.com/r.git', path: models}\n",
		head + "source:\n  auth: {passwordEnv: HOME}\nkubeconfig: evil.yaml\n",
		head + "source: &a {limits: {fileSize: 1}}\nstatus: *a\n",
		head + "<<: {kubeconfig: x}\n", head + "\"kubeconfig\": x\nKubeconfig: y\n",
		head + "capacity: {prices: ../prices.json}\n", head + "capacity: {prices: /etc/passwd}\n",
		head + "capacity: {prices: a/b.json, limits: {gpus: 3, hourlyCost: 1.5}}\nnamespaces: [a, b]\nprune: false\n",
		head + "policy: {pods: {level: privileged, secrets: []}}\n",
		"apiVersion: v1\nkind: Config\nclusters: []\n", head + "---\n" + head, "[]", "\xff",
	} {
		f.Add(text)
	}
	none := func(string) (string, bool) { return "", false }
	f.Fuzz(func(t *testing.T, text string) {
		c, notes, err := LoadFound("repo/syncer.yaml", []byte(text), none, nil)
		told := map[string]bool{}
		for _, n := range notes {
			told[n.Field] = true
			if n.Path != "repo/syncer.yaml" || n.Line < 1 || n.Column < 1 || n.Hint == "" {
				t.Fatalf("%q: incomplete warning %+v", text, n)
			}
		}
		defaults := Default()
		for _, field := range Fields() {
			if listed(field.Path, namedOnly) && field.get(&c) != field.get(&defaults) {
				t.Fatalf("%q: a file that was found sets %s", text, field.Path)
			}
		}
		var problems Error
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, p := range problems {
			// What no file has set has no place: "cluster" is required, say.
			if p.Message == "" || p.Reason == "" || p.Path != "" && (p.Line < 1 || p.Column < 1) {
				t.Fatalf("%q: incomplete problem %+v", text, p)
			}
		}
		named, err := Load("syncer.yaml", []byte(text), none, nil)
		if err != nil {
			return
		}
		flags := map[string]string{}
		for _, field := range Fields() {
			own := reflect.ValueOf(named).FieldByIndex(field.index)
			if own.Kind() == reflect.Slice && own.IsNil() {
				continue // absent, which no flag can say
			}
			flags[field.Path] = field.get(&named)
			if listed(field.Path, namedOnly) && field.get(&named) != field.get(&defaults) && !told[field.Path] {
				t.Fatalf("%q: no note names %s, which is not obeyed", text, field.Path)
			}
		}
		again, err := Load("", nil, none, flags)
		if err != nil {
			t.Fatalf("%q: as flags %v", text, err)
		}
		if diff := cmp.Diff(named, again); diff != "" {
			t.Fatalf("%q: as flags it is another configuration:\n%s", text, diff)
		}
	})
}
