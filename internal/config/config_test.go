package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the generated documentation")

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
	env := map[string]string{"SYNCER_SOURCE_INTERVAL": "2m", "SYNCER_SOURCE_BRANCH": "env", "SYNCER_NAMESPACES": "a, b", "SYNCER_SOURCE_AUTH_SSH_KEY_FILE": "/key"}
	c, err := Load("syncer.yaml", []byte(valid), func(k string) (string, bool) { v, ok := env[k]; return v, ok }, map[string]string{"source.branch": "flag"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Source.Interval != 2*time.Minute || c.Source.Branch != "flag" || c.Source.Path != "workspaces" || c.Status.Branch != "syncer/status" || !c.Prune {
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
		{"interval: 1m", "interval: 0s", "syncer.yaml:7:3: source.interval: 0s is not between"},
		{"interval: 1m", "interval: 9999999999999h", "must be a duration"},
		{"interval: 1m", "branch: a..b", "is not the name of a branch"},
		{"path: workspaces", "path: ../x", "is not a path inside the repository"},
		{"kind: Config", "kind: Workspace", "start the file with"},
		{"https://example.com", "https://user:secret@example.com", "must not hold a password"},
		{"cluster: demo", "cluster: demo\ncapacity: {mode: x}", "given twice"},
		{"cluster: demo", "cluster: demo\nstatus: {branch: main, path: workspaces}", "status would overwrite the source"},
		{"location: eastus", "location: eastus, auth: magic", `"magic" is not known`},
		{"cluster: demo", "cluster: [", "syncer.yaml:"},
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

func TestNeedNamesAllWays(t *testing.T) {
	c := Default()
	err := c.Need("source.url", "source.branch")
	if err == nil || !strings.Contains(err.Error(), "--source-url") || !strings.Contains(err.Error(), "SYNCER_SOURCE_URL") || strings.Contains(err.Error(), "branch") {
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
	b.WriteString("# Configuration\n\nOne YAML file, `syncer.yaml` by default, with `apiVersion: syncer.dev/v1alpha1` and `kind: Config`. Unknown keys are errors.\n" +
		"Each value can also be given as a flag or in the environment: flags win over the environment, and that over the file.\n" +
		"The file and the credentials that it names are read again when they change.\n\n" +
		"| key | default | flag | environment | meaning |\n|---|---|---|---|---|\n")
	for _, f := range Fields() {
		d := ""
		if f.Default != "" {
			d = "`" + f.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `--%s` | `%s` | %s |\n", f.Path, d, f.Flag, f.Env, f.Usage)
	}
	const path = "../../docs/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("%s is not up to date (%v); run: make generate", path, err)
	}
}

func TestKarpenterIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		"mode: karpenter": "capacity.karpenter.nodeClass: mode karpenter needs a node class",
		"mode: byo":       "",
		"mode: karpenter\n  karpenter: {nodeClass: {group: g, kind: K, name: n}, sizes: [a=1x40], requirements: [zone=a|b]}": "",
		"karpenter: {sizes: [a=1]}":         `capacity.karpenter.sizes: "a=1" is not an instance type`,
		"karpenter: {requirements: [zone]}": `capacity.karpenter.requirements: "zone" is not a requirement`,
		"mode: cloud":                       "use aks or byo or karpenter",
	} {
		_, err := Load("syncer.yaml", []byte("apiVersion: syncer.dev/v1alpha1\nkind: Config\ncapacity:\n  "+text+"\n"), func(string) (string, bool) { return "", false }, nil)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
