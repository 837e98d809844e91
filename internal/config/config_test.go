// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/golden"
)

func none(string) (string, bool) { return "", false }

const valid = `apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: demo
source:
  url: https://example.com/team/models.git
  path: workspaces
  interval: 1m
capacity:
  aks: {subscriptionID: s, resourceGroup: g, cluster: c, location: eastus}
  limits: {hourlyCost: 100, nodes: 20, allowedSizes: ["Standard_NC*"]}
`

func TestPrecedence(t *testing.T) {
	env := map[string]string{
		"SYNCER_SOURCE_INTERVAL":          "2m",
		"SYNCER_SOURCE_BRANCH":            "env",
		"SYNCER_NAMESPACES":               "a, b",
		"SYNCER_SOURCE_AUTH_SSH_KEY_FILE": "/key",
	}
	c, err := Load(
		"syncer.yaml",
		[]byte(valid),
		func(k string) (string, bool) { v, ok := env[k]; return v, ok },
		map[string]string{"source.branch": "flag"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if c.Source.Interval != 2*time.Minute || c.Source.Branch != "flag" || c.Source.Path != "workspaces" ||
		c.Status.Branch != "syncer/status" ||
		!c.Prune {
		t.Errorf("%+v", c)
	}
	if len(c.Namespaces) != 2 || c.Source.Auth.SSHKeyFile != "/key" || c.Capacity.Limits.HourlyCost != 100 {
		t.Errorf("%+v", c)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"cluster: demo", "clutser: demo", `syncer.yaml:3:1: clutser: unknown field "clutser" (did you mean "cluster"?)`},
		{"cluster: demo", "cluster: De_mo", "syncer.yaml:3:1: cluster:"},
		{"interval: 1m", "interval: 0s", "syncer.yaml:7:3: source.interval: must be between 1s and 24h, not 0s"},
		{"interval: 1m", "interval: 9999999999999h", "must be a duration"},
		{
			"location: eastus", "location: eastus, interval: 1s",
			"capacity.aks.interval: must be between 2s and 24h, not 1s (syncer sends Azure about one request a second at most",
		},
		{"kind: Config", "kind: Config\nsweep: 30s", "sweep: must be 0, or between 1m and 168h, not 30s"},
		{"interval: 1m", "branch: a..b", "is not a valid branch name"},
		{"path: workspaces", "path: ../x", "is not a path inside the repository"},
		{"kind: Config", "kind: Workspace", "start the file with"},
		{"https://example.com", "https://user:secret@example.com", "must not contain a password"},
		{"cluster: demo", "cluster: demo\ncapacity: {mode: x}", "given twice"},
		{"cluster: demo", "cluster: demo\nstatus: {branch: main, path: workspaces}", "status would overwrite the source"},
		{"cluster: demo", "cluster: demo\nstatus: {path: reviews/x}", "must not be in the folder reviews"},
		{"location: eastus", "location: eastus, auth: magic", `"magic" is not a valid value`},
		{"cluster: demo", "cluster: [", "syncer.yaml:"},
		{"cluster: demo", "policy: {pods: {level: strict}}", `"strict" is not a valid value (use restricted or baseline or`},
		{"cluster: demo", "policy: {contested: fight}", `"fight" is not a valid value (use leave or overwrite)`},
		{"cluster: demo", "policy: {loadBalancers: never}", `"never" is not a valid value (use allow or deny)`},
		{"cluster: demo", "policy: {pods: {serviceAccounts: [A_B]}}", `serviceAccounts: "A_B" is not a valid name`},
	} {
		_, err := Load("syncer.yaml", []byte(strings.Replace(valid, tt.old, tt.new, 1)), none, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.new, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the password is shown: %v", err)
		}
	}
	_, err := Load("", nil, none, map[string]string{"prune": "maybe"})
	if err == nil || !strings.Contains(err.Error(), "--prune: prune: must be true or false") {
		t.Errorf("flag: %v", err)
	}
}

// TestNoneAndAll: a list of names that is absent allows all, an empty one none, from each source.
func TestNoneAndAll(t *testing.T) {
	for name, tt := range map[string]struct {
		file, env string
		given     bool
		want      []string
	}{
		"absent":              {file: "prune: true", want: nil},
		"null":                {file: "policy: {pods: {secrets: }}", want: nil},
		"empty":               {file: "policy: {pods: {secrets: []}}", want: []string{}},
		"empty variable":      {file: "policy: {pods: {secrets: [a]}}", given: true, want: []string{}},
		"names":               {file: "policy: {pods: {secrets: [a, b]}}", want: []string{"a", "b"}},
		"names by a variable": {file: "prune: true", env: "a,b", given: true, want: []string{"a", "b"}},
	} {
		env := func(k string) (string, bool) { return tt.env, tt.given && k == "SYNCER_POLICY_PODS_SECRETS" }
		text := "apiVersion: syncer.dev/v1alpha1\nkind: Config\n" + tt.file + "\n"
		c, err := Load("syncer.yaml", []byte(text), env, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, c.Policy.Pods.Secrets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if c.Policy.Pods.Level != "baseline" || c.Policy.LoadBalancers != Allow {
			t.Errorf("%s: defaults %+v", name, c.Policy)
		}
	}
}

func TestNeedNamesAllWays(t *testing.T) {
	c := Default()
	err := c.Need("source.url", "source.branch")
	if err == nil || !strings.Contains(err.Error(), "with --set source.url=VALUE") ||
		!strings.Contains(err.Error(), "SYNCER_SOURCE_URL") ||
		strings.Contains(err.Error(), "branch") {
		t.Errorf("%v", err)
	}
}

func TestNames(t *testing.T) {
	want := map[string]string{
		"capacity.aks.subscriptionID": "SYNCER_CAPACITY_AKS_SUBSCRIPTION_ID capacity-aks-subscription-id",
		"source.auth.sshKeyFile":      "SYNCER_SOURCE_AUTH_SSH_KEY_FILE source-auth-ssh-key-file",
		"source.url":                  "SYNCER_SOURCE_URL source-url",
		"source.auth.caFile":          "SYNCER_SOURCE_AUTH_CA_FILE source-auth-ca-file",
	}
	for _, f := range Fields() {
		if w, ok := want[f.Path]; ok && w != f.Env+" "+f.Flag {
			t.Errorf("%s: %s %s, want %s", f.Path, f.Env, f.Flag, w)
		}
		if f.Usage == "" {
			t.Errorf("%s has no usage", f.Path)
		}
	}
}

// TestReference keeps docs/configuration.md equal to the code.
func TestReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"One YAML file, `syncer.yaml` by default, with `apiVersion: syncer.dev/v1alpha1` and `kind: Config`. " +
		"Unknown keys are errors.\n" +
		"Commands look for the file upwards from the working folder to the root of the repository, unless `--config` or\n" +
		"`SYNCER_CONFIG` names it. Each value can also be given on the command line, by its flag or as `--set KEY=VALUE`, " +
		"or in its\nenvironment variable; commas separate the items of a list. " +
		"The command line wins over the environment, and the environment\nwins over the file. " +
		"`syncer help config` prints the keys, defaults and meanings.\n" +
		"syncer reads the file and the credentials that it names again when they change.\n\n" +
		"A file that a command *found* may come from anybody, such as the author of a pull request that is checked " +
		"out.\nIt decides what is wanted, and never which servers syncer reaches, with which credentials, and which " +
		"files of the\nmachine it reads. The values with \"yes\" in the column *named* are obeyed only in a file that " +
		"`--config` or\n`SYNCER_CONFIG` names, in the environment, or on the command line; a command that would use one " +
		"of a found\nfile says so, with its place. A found `capacity.prices` names a file in the folder of the " +
		"configuration or below.\n\n" +
		"| key | named | default | flag | environment | meaning |\n|---|---|---|---|---|---|\n")
	for _, f := range Fields() {
		d := ""
		if f.Default != "" {
			d = "`" + f.Default + "`"
		}
		named := ""
		if listed(f.Path, namedOnly) {
			named = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | `--%s` | `%s` | %s |\n", f.Path, named, d, f.Flag, f.Env,
			strings.ReplaceAll(f.Usage, "|", `\|`))
	}
	b.WriteString("\n## Several clusters\n\n" +
		"`clusters` is a list, in the file only. One process serves each of its clusters; what a cluster does not set is " +
		"as for all.\nOther commands choose one with `--cluster NAME`. A file that was found sets no `kubeconfig`, " +
		"`context` and other values with\n\"yes\" above, here either.\n\n| key of a cluster | meaning |\n|---|---|\n")
	for f := range reflect.TypeFor[Cluster]().Fields() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f.Tag.Get("yaml"), f.Tag.Get("usage"))
	}
	golden.Equal(t, "../../docs/configuration.md", b.String())
}

func TestKarpenterIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"mode: karpenter": "capacity.karpenter.nodeClass: mode karpenter requires a node class",
		"mode: byo":       "",
		"mode: karpenter\n" +
			"  karpenter: {nodeClass: {group: g, kind: K, name: n}, sizes: [a=1x40], requirements: [zone=a|b]}": "",
		"karpenter: {sizes: [a=1]}":         `capacity.karpenter.sizes: "a=1" does not name an instance type`,
		"karpenter: {requirements: [zone]}": `capacity.karpenter.requirements: "zone" is not a valid requirement`,
		"mode: cloud":                       "use aks or byo or karpenter",
	} {
		_, err := Load(
			"syncer.yaml",
			[]byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\ncapacity:\n  "+text+"\n"),
			func(string) (string, bool) { return "", false },
			nil,
		)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestPodNetworkIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"{registries: [docker.io=registry.example.com/hub, \"r.example:5000=m.example/a/b\"]}": "",
		"{huggingFaceEndpoint: \"https://hub.example.com/mirror\", proxy: {http: \"http://p:3128\", " +
			"https: \"http://p:3128\", no: [.example.com, 10.0.0.0/8, fd00::/8, \"*\"]}}": "",
		"{registries: [docker.io]}":                                  `pods.registries: "docker.io" does not name a registry`,
		"{registries: [library=registry.example.com]}":               "pods.registries: ",
		"{registries: [\"docker.io=https://r.example.com\"]}":        "(write FROM=TO, such as docker.io=registry",
		"{huggingFaceEndpoint: hub.example.com}":                     "pods.huggingFaceEndpoint: is not a URL",
		"{huggingFaceEndpoint: \"https://hub.example.com?token=1\"}": "pods.huggingFaceEndpoint: has a query or a fragment",
		"{proxy: {https: \"http://user:secret@proxy.example.com\"}}": "pods.proxy.https: has a user name or password",
		"{proxy: {http: \"socks5://proxy.example.com\"}}":            "pods.proxy.http: is not a URL of http or https",
		"{proxy: {no: [\"a b\"]}}":                                   `pods.proxy.no: "a b" is not valid`,
		"{mirrors: []}":                                              "pods.mirrors: unknown field",
	} {
		_, err := Load(
			"syncer.yaml",
			[]byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\npods: "+text+"\n"),
			func(string) (string, bool) { return "", false },
			nil,
		)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", text, err)
		}
	}
}

func TestPriorityIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"priority: {max: [lab=normal], shares: [lab=40%, default=100%]}": "",
		"priority: {max: [lab]}":               `policy.priority.max: "lab" is not valid (write NAMESPACE=PRIORITY, such as`,
		"priority: {max: [lab=urgent]}":        `policy.priority.max: "lab=urgent" is not valid`,
		"priority: {max: [other=low]}":         "policy.priority.max: namespace other is not one that Workspaces may use",
		"priority: {shares: [lab=0%]}":         `policy.priority.shares: "lab=0%" is not valid`,
		"priority: {shares: [lab=101%]}":       `policy.priority.shares: "lab=101%" is not valid`,
		"priority: {shares: [lab=0.4]}":        `policy.priority.shares: "lab=0.4" is not valid`,
		"priority: {shares: [lab=4%, lab=5%]}": "policy.priority.shares: namespace lab is listed twice",
		"preemption: always":                   `policy.preemption: "always" is not a valid value (use allow or deny)`,
	} {
		c, err := Load(
			"syncer.yaml",
			[]byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\nnamespaces: [default, lab]\npolicy:\n  "+text+"\n"),
			func(string) (string, bool) { return "", false },
			nil,
		)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if p := c.Policy.Priority; want == "" && (p.MaxOf()["lab"] != "normal" || p.SharesOf()["lab"] != 40) {
			t.Errorf("%s: %v, %v", text, p.MaxOf(), p.SharesOf())
		}
	}
}
