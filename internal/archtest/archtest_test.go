// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "syncer.dev/syncer/"

// pkg is what "go list" says about a package; Imports are those of its code, not of its tests.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// packages are those of the module; "go list" runs once for all tests.
var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func list(t *testing.T) []pkg {
	t.Helper()
	all, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// layers orders packages from the bottom up: each may import those of earlier layers, and none of its own or of later
// ones. ARCHITECTURE.md shows them.
var layers = [][]string{
	{
		"docs/reasons", "internal/wellknown", "internal/files", "internal/redact", "internal/imagespec", "internal/version",
		"internal/status/verbatim",
	},
	{"internal/canonical", "internal/diag", "internal/shelf"},
	{
		"presets", "internal/clock", "internal/fence", "internal/ignore", "internal/plan/mass", "internal/outbound",
		"internal/logging", "internal/podpolicy", "internal/publicurl",
		"internal/page/access", "internal/page/session", "internal/weblink",
		"internal/reconcile/timetable", "internal/strictyaml", "internal/watch",
		"internal/web",
		"internal/git/advert", "internal/git/limits",
		"internal/git/objects",
		"internal/git/target", "internal/git/trailer",
		"internal/status/holding",
	},
	{
		"internal/preset", "internal/config", "internal/shard", "internal/sops", "internal/git/local",
		"internal/status/fields",
		"internal/git/signature",
		"internal/git/ancestry", "internal/git/edit", "internal/git/lineage", "internal/git/pack", "internal/git/revision",
		"internal/git/snapshot", "internal/git/store",
		"internal/git/smarthttp",
		"internal/modelconfig", "internal/workspace/header",
		"internal/workspace/cron", "internal/workspace/imageref", "internal/workspace/kaitokeys",
		"internal/workspace/nodelabel", "internal/workspace/podtemplate",
		"internal/render/address",
		"internal/render/reach",
		"internal/render/kept",
		"internal/render/recent",
		"internal/render/rendered",
		"internal/render/resultsdir",
	},
	{
		"internal/workspace", "internal/workspace/foreign", "internal/workspace/kept", "internal/workspace/plainobject",
		"internal/derive", "internal/git/signin",
	},
	{
		"internal/git/remote",
		"internal/workspace/dependency", "internal/workspace/document", "internal/workspace/facts",
		"internal/workspace/find", "internal/workspace/immutable", "internal/workspace/suspension",
	},
	{
		"internal/workspace/load",
		"internal/workspace/admission",
		"internal/capacity/sizing/kaito",
		"internal/capacity/fleet/pack",
		"internal/git/entra",
	},
	{"internal/capacity", "internal/cluster", "internal/diff", "internal/preflight"},
	{
		"internal/adoption", "internal/adoption/alike", "internal/apply/rights",
		"internal/capacity/sizing/memory", "internal/capacity/unavailable", "internal/capacity/fleet/ledger",
		"internal/render/source",
		"internal/capacity/fleet/nodeclass", "internal/capacity/fleet/words",
		"internal/apply/contest", "internal/apply/drift", "internal/apply/lease",
		"internal/apply/health", "internal/apply/impersonation", "internal/apply/inquiry",
		"internal/apply/known", "internal/apply/librarylog", "internal/apply/mirror",
		"internal/apply/occurrence",
		"internal/apply/units", "internal/apply/wire",
		"internal/apply/limit", "internal/apply/recreate", "internal/apply/refusal", "internal/apply/requests",
		"internal/apply/secrets",
		"internal/apply/sweep",
		"internal/reviewed", "internal/plan/rollout", "internal/status/serving",
	},
	{
		"internal/apply/decode", "internal/apply/postponed",
		"internal/capacity/fleet/question", "internal/capacity/sizing",
	},
	{
		"internal/apply/informers", "internal/apply/takeover",
		"internal/capacity/existing", "internal/capacity/fleet/settled", "internal/capacity/fleet/wanted",
		"internal/capacity/pools",
		"internal/capacity/karpenter",
		"internal/capacity/sizing/memo",
	},
	{
		"internal/capacity/fleet", "internal/render/inputs", "internal/render/kustomize", "internal/render/memo",
		"internal/render/judge",
	},
	{"internal/render/folders", "internal/render/shape", "internal/render/userpatch"},
	{"internal/render/overlay"},
	{"internal/render"},
	{
		"internal/desired/catalogs",
		"internal/desired/claimed", "internal/desired/conflict", "internal/desired/keep", "internal/desired/locked",
		"internal/desired/livenodes", "internal/desired/offers", "internal/desired/plain", "internal/desired/references",
		"internal/eject", "internal/install", "internal/status",
		"internal/capacity/pools/executor",
	},
	{
		"internal/desired", "internal/reconcile/leftover", "internal/reconcile/nodegroups",
		"internal/status/index", "internal/status/message", "internal/status/shared", "internal/status/transitions",
	},
	{
		"internal/components", "internal/reconcile/follows", "internal/reconcile/plainhealth", "internal/status/events",
		"internal/desired/align", "internal/desired/depends", "internal/desired/eventual",
		"internal/plan/halt",
		"internal/plan/cause",
		"internal/plan/hold", "internal/plan/leaving",
		"internal/plan/raise",
		"internal/plan/values",
	},
	{"internal/plan", "internal/desired/digest", "internal/desired/why"},
	{"internal/plan/document", "internal/plan/summary", "internal/plan/divide"},
	{
		"internal/page/view", "internal/plan/findings", "internal/plan/markdown", "internal/plan/reviews",
		"internal/plan/terminal", "internal/reconcile/stays",
	},
	{"internal/engine", "internal/page"},
	{"internal/reconcile", "internal/review"},
	{"internal/journey", "internal/review/forgehttp", "internal/review/webhook"},
	{"internal/source"},
	{
		"internal/app/access", "internal/app/commits", "internal/app/elections", "internal/app/forges",
		"internal/app/lookup", "internal/app/monitoring", "internal/app/ondemand", "internal/app/pages",
		"internal/app/telling", "internal/app/tips",
	},
	{"internal/app/adapters", "internal/app/edit", "internal/app/statusbranch", "internal/app/upstream"},
	{"internal/app/inspect", "internal/app/observe", "internal/app/reviewrecords", "internal/app/trace"},
	{"internal/app/compare", "internal/app/pullrequest"},
	{"internal/app"},
	{
		"internal/cli/answer", "internal/cli/color", "internal/cli/mistake", "internal/cli/pipeline",
		"internal/cli/scaffold",
		"internal/cli/schema", "internal/cli/settings",
	},
	{
		"internal/cli/adopting", "internal/cli/catalog", "internal/cli/checking", "internal/cli/create",
		"internal/cli/exit", "internal/cli/explaining", "internal/cli/installing",
		"internal/cli/planning", "internal/cli/presetfiles",
		"internal/cli/progress",
		"internal/cli/pricelist", "internal/cli/recorded", "internal/cli/rendering", "internal/cli/reviewstep",
		"internal/cli/suspend", "internal/cli/validation",
	},
	{"internal/cli/origins", "internal/cli/propose", "internal/cli/sizes"},
	{"internal/cli"},
	{"cmd/syncer"},
}

// within lists, for each package of a folder, the packages of the same folder that it may import. Layers alone would
// allow more: fleet lies above sizing, but the plan of the fleet must not know how memory is estimated.
var within = map[string]map[string][]string{
	"internal/capacity": {
		// The vocabulary. MaxNodesPerPool is the limit that package pack counts with.
		"internal/capacity": {"internal/capacity/fleet/pack"},

		"internal/capacity/sizing": {
			"internal/capacity", "internal/capacity/sizing/kaito", "internal/capacity/sizing/memory",
		},
		"internal/capacity/sizing/memory": {"internal/capacity"},
		"internal/capacity/sizing/memo":   {"internal/capacity", "internal/capacity/sizing"},
		"internal/capacity/sizing/kaito":  {},
		"internal/capacity/unavailable":   {"internal/capacity"},
		"internal/capacity/fleet": {
			"internal/capacity",
			"internal/capacity/fleet/ledger",
			"internal/capacity/fleet/nodeclass",
			"internal/capacity/fleet/pack",
			"internal/capacity/fleet/question",
			"internal/capacity/fleet/settled",
			"internal/capacity/fleet/wanted",
			"internal/capacity/fleet/words",
		},
		"internal/capacity/fleet/ledger":    {"internal/capacity", "internal/capacity/fleet/pack"},
		"internal/capacity/fleet/nodeclass": {"internal/capacity", "internal/capacity/fleet/pack"},
		"internal/capacity/fleet/pack":      {},
		"internal/capacity/fleet/question": {
			"internal/capacity", "internal/capacity/fleet/nodeclass", "internal/capacity/unavailable",
		},
		"internal/capacity/fleet/settled": {
			"internal/capacity", "internal/capacity/fleet/nodeclass", "internal/capacity/fleet/question",
		},
		"internal/capacity/fleet/wanted": {
			"internal/capacity", "internal/capacity/fleet/ledger", "internal/capacity/fleet/nodeclass",
			"internal/capacity/fleet/question", "internal/capacity/unavailable",
		},
		"internal/capacity/fleet/words": {"internal/capacity"},
		"internal/capacity/pools":       {"internal/capacity"},
		// The executor gets PoolChanges as values of capacity, so that it needs no rule of package pools.
		"internal/capacity/pools/executor": {"internal/capacity", "internal/capacity/unavailable"},
		"internal/capacity/existing":       {"internal/capacity", "internal/capacity/sizing"},
		"internal/capacity/karpenter":      {"internal/capacity", "internal/capacity/sizing"},
		"internal/capacity/aks":            {"internal/capacity"},
		"internal/capacity/retail":         {"internal/capacity"},
	},
	"internal/workspace": {
		"internal/workspace":             {"internal/workspace/podtemplate"},
		"internal/workspace/kaitokeys":   {},
		"internal/workspace/nodelabel":   {},
		"internal/workspace/podtemplate": {},
		"internal/workspace/plainobject": {},
		"internal/workspace/header":      {},
		"internal/workspace/find":        {"internal/workspace"},
		"internal/workspace/imageref":    {},
		"internal/workspace/immutable":   {"internal/workspace"},
		"internal/workspace/dependency":  {"internal/workspace"},
		"internal/workspace/document":    {"internal/workspace", "internal/workspace/header"},
		"internal/workspace/facts":       {"internal/workspace", "internal/workspace/header"},
		"internal/workspace/foreign":     {"internal/workspace/header"},
		"internal/workspace/kept":        {},
		"internal/workspace/cron":        {},
		"internal/workspace/load": {
			"internal/workspace", "internal/workspace/document", "internal/workspace/facts", "internal/workspace/find",
			"internal/workspace/foreign", "internal/workspace/header", "internal/workspace/kept",
			"internal/workspace/plainobject", "internal/workspace/suspension",
		},
		"internal/workspace/suspension": {"internal/workspace"},
		"internal/workspace/admission": {
			"internal/workspace", "internal/workspace/cron", "internal/workspace/dependency", "internal/workspace/imageref",
			"internal/workspace/kaitokeys", "internal/workspace/nodelabel", "internal/workspace/podtemplate",
		},
	},
	"internal/cli": {
		// The parts of commands know nothing of each other, but what they answer.
		"internal/cli": {
			"internal/cli/adopting",
			"internal/cli/answer",
			"internal/cli/catalog",
			"internal/cli/checking",
			"internal/cli/installing",
			"internal/cli/color",
			"internal/cli/create",
			"internal/cli/exit",
			"internal/cli/explaining",
			"internal/cli/mistake",
			"internal/cli/origins",
			"internal/cli/pipeline",
			"internal/cli/planning",
			"internal/cli/presetfiles",
			"internal/cli/pricelist",
			"internal/cli/progress",
			"internal/cli/propose",
			"internal/cli/recorded",
			"internal/cli/rendering",
			"internal/cli/reviewstep",
			"internal/cli/scaffold",
			"internal/cli/schema",
			"internal/cli/settings",
			"internal/cli/sizes",
			"internal/cli/suspend",
			"internal/cli/validation",
		},
		"internal/cli/answer":      {},
		"internal/cli/catalog":     {"internal/cli/answer", "internal/cli/settings"},
		"internal/cli/color":       {},
		"internal/cli/create":      {"internal/cli/answer", "internal/cli/scaffold"},
		"internal/cli/exit":        {"internal/cli/answer"},
		"internal/cli/explaining":  {"internal/cli/answer"},
		"internal/cli/mistake":     {},
		"internal/cli/progress":    {"internal/cli/color"},
		"internal/cli/propose":     {"internal/cli/catalog", "internal/cli/recorded", "internal/cli/settings"},
		"internal/cli/origins":     {"internal/cli/answer", "internal/cli/recorded", "internal/cli/settings"},
		"internal/cli/pipeline":    {},
		"internal/cli/planning":    {"internal/cli/settings"},
		"internal/cli/presetfiles": {"internal/cli/answer"},
		"internal/cli/pricelist":   {"internal/cli/answer"},
		"internal/cli/recorded":    {"internal/cli/answer", "internal/cli/settings"},
		"internal/cli/rendering":   {},
		"internal/cli/reviewstep":  {"internal/cli/pipeline", "internal/cli/settings"},
		"internal/cli/scaffold":    {},
		"internal/cli/schema":      {},
		"internal/cli/settings":    {},
		"internal/cli/sizes":       {"internal/cli/answer", "internal/cli/catalog"},
		"internal/cli/suspend":     {"internal/cli/answer", "internal/cli/scaffold"},
		"internal/cli/adopting":    {"internal/cli/answer"},
		"internal/cli/checking":    {"internal/cli/answer"},
		"internal/cli/installing":  {"internal/cli/settings"},
		"internal/cli/validation":  {"internal/cli/answer"},
	},
	"internal/render": {
		"internal/render": {
			"internal/render/address", "internal/render/folders", "internal/render/inputs", "internal/render/judge",
			"internal/render/kept", "internal/render/kustomize", "internal/render/memo", "internal/render/overlay",
			"internal/render/reach", "internal/render/recent", "internal/render/rendered", "internal/render/resultsdir",
			"internal/render/shape", "internal/render/source", "internal/render/userpatch",
		},
		"internal/render/kept":       {},
		"internal/render/overlay":    {"internal/render/folders", "internal/render/memo"},
		"internal/render/shape":      {"internal/render/inputs", "internal/render/memo"},
		"internal/render/source":     {},
		"internal/render/folders":    {"internal/render/kustomize", "internal/render/memo"},
		"internal/render/inputs":     {"internal/render/reach"},
		"internal/render/reach":      {},
		"internal/render/recent":     {},
		"internal/render/rendered":   {},
		"internal/render/resultsdir": {},
		"internal/render/userpatch":  {"internal/render/judge", "internal/render/kustomize", "internal/render/memo"},
		"internal/render/address":    {},
		"internal/render/judge":      {},
		"internal/render/kustomize":  {},
		"internal/render/memo":       {},
	},
}

// adapters talk to the outside. Only those in composers import them, and they never import each other.
var composers = []string{
	"internal/app", "internal/app/access", "internal/app/adapters", "internal/app/commits", "internal/app/compare",
	"internal/app/edit", "internal/app/forges", "internal/app/inspect", "internal/app/lookup", "internal/app/observe",
	"internal/app/pullrequest", "internal/app/reviewrecords", "internal/app/statusbranch", "internal/app/tips",
	"internal/app/trace", "internal/app/upstream",
}

var adapters = []string{
	"internal/git",
	"internal/git/worktree",
	"internal/apply",
	"internal/capacity/aks",
	"internal/capacity/retail",
	"internal/hub",
	"internal/notify",
	"internal/otlp",
	"internal/review/azuredevops",
	"internal/review/gitea",
	"internal/review/github",
	"internal/review/gitlab",
	"internal/sops/keys",
}

// helpers of tests, the demo and releases follow no layer.
var helpers = []string{
	"internal/app/apptest", "internal/archtest", "internal/bench", "internal/bench/apistub", "internal/bench/report",
	"internal/capacity/aks/armsim", "internal/capacity/capacitytest", "internal/capacity/fleet/fleettest",
	"internal/demo", "internal/docsite", "internal/e2e", "internal/files/filestest",
	"internal/git/gittest", "internal/golden",
	"internal/otlp/otlptest",
	"internal/page/pagetest", "internal/reconciletest", "internal/redact/redacttest",
	"internal/release", "internal/release/image", "internal/release/notices", "internal/release/sbom",
	"internal/release/static",
	"internal/review/github/githubtest", "internal/review/gitlab/gitlabtest",
	"internal/review/reviewtest", "internal/review/reviewtest/emulator",
	"internal/review/reviewtest/openapi", "internal/schematest", "internal/simulate",
	"internal/simulate/apiserver", "internal/simulate/asked", "internal/simulate/branch", "internal/simulate/divided",
	"internal/simulate/endstate", "internal/simulate/trace", "internal/soak",
	"internal/sops/sopstest",
	"internal/testenv", "internal/testenv/chromiumtest", "internal/testenv/giteatest", "internal/testenv/tooltest",
	"internal/testenv/webhooktest",
}

// fences keep a library behind one package.
var fences = []struct {
	prefix  string
	allowed []string
}{
	{"github.com/go-git/", []string{
		"internal/git", "internal/git/ancestry", "internal/git/edit", "internal/git/lineage",
		"internal/git/local", "internal/git/objects",
		"internal/git/pack", "internal/git/remote", "internal/git/revision", "internal/git/signin",
		"internal/git/snapshot", "internal/git/store", "internal/git/target", "internal/git/worktree",
	}},
	{"k8s.io/client-go", []string{
		"internal/apply", "internal/apply/informers", "internal/apply/inquiry", "internal/apply/lease",
		"internal/apply/occurrence",
		"internal/apply/rights", "internal/apply/takeover", "internal/apply/wire",
	}},
	{"sigs.k8s.io/controller-runtime", []string{"internal/apply", "internal/apply/librarylog", "internal/apply/secrets"}},
	{"github.com/fluxcd/", []string{
		"internal/apply/decode", "internal/apply/drift", "internal/apply/health",
	}},
	{"k8s.io/kubectl", nil},
	{"github.com/Azure/", []string{"internal/capacity/aks", "internal/git/entra", "internal/sops/keys"}},
	{"github.com/getsops/", []string{"internal/sops/keys"}},
	{"filippo.io/age", []string{"internal/sops/keys"}},
	{"sigs.k8s.io/kustomize/", []string{"internal/render/kustomize"}},
	{"k8s.io/pod-security-admission", []string{"internal/podpolicy"}},
	{"github.com/spf13/", []string{"internal/cli"}},
	{"github.com/google/go-github/", []string{"internal/review/github"}},
	{"github.com/bradleyfalzon/", []string{"internal/review/github"}},
	{"github.com/microsoft/azure-devops-go-api/", []string{"internal/review/azuredevops"}},
	{"gitlab.com/", []string{"internal/review/gitlab"}},
	{"code.gitea.io/", []string{"internal/review/gitea"}},
	{"github.com/homeport/dyff", []string{"internal/diff"}},
	{"github.com/gonvenience/", []string{"internal/diff"}}, // the paths of dyff
	{"github.com/fsnotify/", []string{"internal/watch"}},
	{"github.com/google/go-containerregistry/", []string{"internal/release/image"}},
	{"github.com/chromedp/", nil},
	{"github.com/nicholas-fedor/shoutrrr", []string{"internal/notify"}},
	{"go.opentelemetry.io/", []string{"internal/otlp"}},
	{"github.com/prometheus/", []string{"internal/web", "internal/app/monitoring"}},
}

// pure packages do no I/O and read no clock.
var pure = []string{
	"internal/files", "internal/redact", "internal/ignore",
	"internal/diag", "internal/podpolicy", "internal/publicurl", "internal/sops", "internal/strictyaml",
	"internal/preset", "internal/derive", "internal/eject", "internal/workspace",
	"internal/workspace/load", "internal/workspace/admission", "internal/workspace/plainobject",
	"internal/workspace/dependency", "internal/workspace/document", "internal/workspace/facts",
	"internal/workspace/foreign", "internal/workspace/imageref", "internal/workspace/immutable", "internal/workspace/kept",
	"internal/workspace/find", "internal/workspace/header", "internal/workspace/suspension",
	"internal/workspace/cron",
	"internal/workspace/kaitokeys", "internal/workspace/nodelabel", "internal/workspace/podtemplate",
	"internal/capacity", "internal/capacity/sizing", "internal/capacity/sizing/kaito", "internal/capacity/sizing/memory",
	"internal/capacity/fleet", "internal/capacity/fleet/ledger", "internal/capacity/fleet/nodeclass",
	"internal/capacity/fleet/pack", "internal/capacity/fleet/question", "internal/capacity/fleet/wanted",
	"internal/capacity/fleet/settled", "internal/capacity/fleet/words", "internal/capacity/pools",
	"internal/capacity/unavailable",
	"internal/capacity/existing", "internal/capacity/karpenter", "internal/capacity/sizing/memo",
	"internal/cluster", "internal/diff",
	"internal/apply/decode", "internal/apply/drift", "internal/apply/known", "internal/apply/recreate",
	"internal/apply/sweep", "internal/apply/units",
	"internal/desired", "internal/desired/align", "internal/desired/claimed", "internal/desired/conflict",
	"internal/desired/keep", "internal/desired/livenodes", "internal/desired/depends",
	"internal/desired/digest", "internal/desired/eventual", "internal/desired/locked",
	"internal/desired/offers", "internal/desired/plain", "internal/desired/references", "internal/desired/why",
	"internal/git/ancestry", "internal/git/edit", "internal/git/limits", "internal/git/lineage",
	"internal/git/objects", "internal/git/pack",
	"internal/git/revision", "internal/git/snapshot", "internal/git/store",
	"internal/git/target", "internal/git/trailer",
	"internal/adoption", "internal/adoption/alike", "internal/preflight",
	"internal/plan/divide", "internal/status/shared",
	"internal/plan", "internal/plan/findings", "internal/plan/halt", "internal/plan/hold", "internal/plan/leaving",
	"internal/plan/mass", "internal/reconcile/stays",
	"internal/plan/cause", "internal/plan/document", "internal/plan/raise",
	"internal/render/reach", "internal/render/rendered", "internal/plan/rollout", "internal/plan/values",
	"internal/plan/markdown", "internal/plan/reviews", "internal/plan/summary", "internal/plan/terminal",
	"internal/reviewed",
	"internal/journey",
	"internal/page/view", "internal/weblink",
	"internal/reconcile/follows", "internal/reconcile/leftover", "internal/reconcile/nodegroups",
	"internal/status", "internal/status/events", "internal/status/fields", "internal/status/holding",
	"internal/status/index", "internal/status/serving", "internal/status/verbatim",
	"internal/cli/answer", "internal/cli/pipeline", "internal/cli/scaffold", "internal/cli/schema",
}

func layerOf(name string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, name) })
}

func TestImports(t *testing.T) {
	for _, p := range list(t) {
		if slices.Contains(helpers, p.name()) {
			continue
		}
		if layerOf(p.name()) < 0 && !slices.Contains(adapters, p.name()) {
			t.Errorf("%s has no place in the layers", p.name())
		}
		for _, path := range p.Imports {
			if fault := importFault(p.name(), path); fault != "" {
				t.Error(fault)
			}
		}
	}
}

// importFault says why the package may not import the path, or "".
func importFault(name, path string) string {
	for _, f := range fences {
		if strings.HasPrefix(path, f.prefix) && !slices.Contains(f.allowed, name) {
			return fmt.Sprintf("%s imports %s, which only %v may", name, path, f.allowed)
		}
	}
	other, ours := strings.CutPrefix(path, module)
	isAdapter := slices.Contains(adapters, name)
	switch {
	case !ours:
		return ""
	case slices.Contains(helpers, other):
		return fmt.Sprintf("%s imports %s, which is for tests, the demo and releases", name, other)
	case slices.Contains(adapters, other) && !slices.Contains(composers, name):
		return fmt.Sprintf("%s imports the adapter %s, which only %v may", name, other, composers)
	case !isAdapter && layerOf(other) >= layerOf(name):
		return fmt.Sprintf("%s imports %s, which is not in a layer below", name, other)
	}
	for folder, allowed := range within {
		if inFolder(name, folder) && inFolder(other, folder) && !slices.Contains(allowed[name], other) {
			return fmt.Sprintf("%s imports %s: of %s it may import only %v", name, other, folder, allowed[name])
		}
	}
	return ""
}

func inFolder(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// TestCloudsAreNotLinked lists all packages of the binary: SOPS's own key service would bring the clients of every
// cloud.
func TestCloudsAreNotLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cmd/syncer")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	const sops = "github.com/getsops/sops/v3/"
	if !slices.Contains(linked, sops+"age") || !slices.Contains(linked, sops+"azkv") {
		t.Error("age and azkv of SOPS are not linked")
	}
	for _, p := range linked {
		for _, prefix := range []string{
			"github.com/aws/", "cloud.google.com/", "github.com/hashicorp/vault/", "github.com/huaweicloud/",
			"github.com/lib/pq", "google.golang.org/grpc", sops + "keyservice", sops + "stores",
		} {
			if strings.HasPrefix(p, prefix) {
				t.Errorf("%s is linked", p)
			}
		}
	}
}

func TestImportFault(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"internal/plan", "fmt", ""},
		{"internal/plan", "k8s.io/client-go/rest", "which only [internal/apply internal/apply/informers "},
		{"internal/plan", module + "internal/golden", "which is for tests"},
		{"internal/engine", module + "internal/git", "imports the adapter"},
		{"internal/apply", module + "internal/git", "imports the adapter"},
		{"internal/desired", module + "internal/plan", "not in a layer below"},
		{"internal/status", module + "internal/eject", "not in a layer below"},
		{"internal/capacity/fleet", module + "internal/capacity/fleet/pack", ""},
		{"internal/capacity/fleet", module + "internal/capacity/sizing", "of internal/capacity it may import only"},
		{"internal/capacity/fleet", module + "internal/workspace", ""},
		{"internal/capacity/pools/executor", module + "internal/capacity/pools", "of internal/capacity it may import only"},
		{"internal/desired", module + "internal/capacity/sizing", ""},
		{"internal/render/kustomize", module + "internal/render/memo", "not in a layer below"},
		{"internal/cli/settings", "github.com/spf13/pflag", "which only [internal/cli] may"},
		{"internal/cli/answer", module + "internal/cli/settings", "not in a layer below"},
	} {
		if got := importFault(c.name, c.path); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s imports %s: got %q, want %q", c.name, c.path, got, c.want)
		}
	}
}

// TestWithinIsComplete says that each package of a folder in within has a line there, and that each line is a package.
func TestWithinIsComplete(t *testing.T) {
	all := map[string]bool{}
	for _, p := range list(t) {
		all[p.name()] = true
	}
	for folder, allowed := range within {
		for name := range all {
			if _, ok := allowed[name]; inFolder(name, folder) && !ok && !slices.Contains(helpers, name) {
				t.Errorf("%s needs a line in within", name)
			}
		}
		for name := range allowed {
			if !all[name] {
				t.Errorf("within has a line for %s, which is no package", name)
			}
		}
	}
}

func TestPurity(t *testing.T) {
	forbidden := []string{"os", "os/exec", "net", "net/http", "io/ioutil", "path/filepath", "syscall"}
	for _, p := range list(t) {
		if !slices.Contains(pure, p.name()) {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(forbidden, i) {
				t.Errorf("%s imports %s", p.name(), i)
			}
		}
		for _, file := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" &&
						slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, s.Sel.Name) {
						t.Errorf("%s/%s reads the clock: time.%s", p.name(), file, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func TestEveryPackageExplainsItself(t *testing.T) {
	for _, p := range list(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.name())
		}
	}
}

// visible is a label, an annotation, a resource or an API version that users see, or the prefix of one.
var visible = regexp.MustCompile(
	`^([a-z0-9-]+\.)*(kaito\.sh|syncer\.dev|kubernetes\.azure\.com|karpenter\.sh|nvidia\.com)/[A-Za-z0-9._-]*$`)

// TestVisibleNamesStandOnce: a name that users see is written in one file; all others use its constant. Helpers play
// the part of users and of other programs, and write such names themselves.
func TestVisibleNamesStandOnce(t *testing.T) {
	homes := map[string][]string{}
	for _, p := range list(t) {
		if slices.Contains(helpers, p.name()) {
			continue
		}
		for _, file := range p.GoFiles {
			tree, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for name := range visibleNames(tree) {
				homes[name] = append(homes[name], p.name()+"/"+file)
			}
		}
	}
	for name, files := range homes {
		if len(files) > 1 {
			t.Errorf("%q stands in %s: internal/wellknown is its home", name, strings.Join(files, ", "))
		}
	}
}

// visibleNames returns the visible names that a file writes as literals, imports aside.
func visibleNames(file *ast.File) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && visible.MatchString(text) {
				found[text] = true
			}
		}
		return true
	})
	return found
}

func TestVisibleNames(t *testing.T) {
	tree, err := parser.ParseFile(token.NewFileSet(), "a.go", `package a

import "syncer.dev/syncer"

var names = []string{"kaito.sh/workspace", "inferenceset.kaito.sh/created-by", "syncer.dev/", "nvidia.com/gpu"}

const prose, foreign = "kaito.sh/a and b", "x/y"

type t struct {
	F string `+"`doc:\"kaito.sh/doc\"`"+`
}
`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(visibleNames(tree)))
	want := []string{"inferenceset.kaito.sh/created-by", "kaito.sh/workspace", "nvidia.com/gpu", "syncer.dev/"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
