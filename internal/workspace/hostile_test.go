package workspace_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/workspace"
)

// TestHostile lists files that are broken, foreign or made to hurt. Each must be told about, at its place, and cost nothing but
// itself: the Workspace beside it is read as ever.
func TestHostile(t *testing.T) {
	laughs := "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: bomb}\ninference:\n  template:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 10; i++ {
		ref := "*a" + string(rune('0'+i-1))
		laughs += "    a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(ref+", ", 9) + ref + "]\n"
	}
	long := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: long}\n"
	for i := range 60 {
		long += strings.Repeat(" ", i) + "? " + strings.Repeat("k", 1000) + "\n" + strings.Repeat(" ", i) + ":\n"
	}
	long += strings.Repeat(" ", 60) + "[" + strings.Repeat("a,", 100_000) + "a]\n"
	for name, tt := range map[string]struct{ text, line, want string }{
		"empty":             {"", "", ""},
		"comments":          {"# nothing\n---\n# here\n", "", ""},
		"alias bomb":        {laughs, "", "more than 50000 values"},
		"alias of itself":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: &d {a: *d}\n", "4:", "levels deep"},
		"unknown anchor":    {"a: *nowhere\n", "1:1", "unknown anchor"},
		"deep":              {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: " + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "\n", "4:", "levels deep"},
		"very deep":         {strings.Repeat("[", 200_000), "1:", "exceeded max depth"},
		"long keys, nested": {long, "", "more than 50000 values"},
		"huge":              {strings.Repeat("#", 2<<20), "1:1", "at most 1048576 are read"},
		"not UTF-8":         {"a: \xff\xfe\n", "1:", "UTF-8"},
		"latin-1":           {"# f\xfcr\na: 1\n", "1:", "UTF-8"},
		"binary":            {"\x00\x01\x02", "1:", "control characters"},
		"BOM":               {"\ufeff" + strings.Replace(served, "phi", "bom", 1), "", ""},
		"BOM and CRLF":      {"\ufeff" + strings.ReplaceAll(strings.Replace(served, "phi", "crlf", 1), "\n", "\r\n"), "", ""},
		"CRLF, misspelt":    {strings.ReplaceAll(strings.NewReplacer("inference:", "infernce:", "{name: phi}", "{name: x}").Replace(served), "\n", "\r\n"), "7:1", `did you mean "inference"?`},
		"tabs":              {"apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n\tname: tab\n", "4:", "not tabs"},
		"Helm template":     {"apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: {{ .Release.Name }}\n", "", "template"},
		"Helm block":        {"{{- if .Values.on }}\napiVersion: v1\nkind: ConfigMap\n{{- end }}\n", "", "Helm"},
		"other kind":        {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n", "1:1", "left alone"},
		"other kind, close": {"apiVersion: v1\nkind: Configmap\nmetadata: {name: d}\n", "1:1", `did you mean "ConfigMap"?`},
		"JSON":              {`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}, "data": {"a": "b"}}`, "", ""},
		"values file":       {"image: x\nreplicas: 3\n", "1:1", "apiVersion: not given"},
		"many documents":    {strings.Repeat("---\na: 1\n", 600), "", "more than 500 documents"},
		"many mistakes":     {strings.Replace(served, "phi", "many", 1) + "zz:\n" + strings.Repeat("", 0) + mistakes(5000), "", "more than 100 errors"},
		"merged bomb":       {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\nx: &x {a: 1}\ndata: {<<: [" + strings.Repeat("*x,", 60_000) + "*x]}\n", "", "more than 50000 values"},
		"bad quantity": {strings.Replace(strings.Replace(served, "phi", "quantity", 1), "  preset: {name: phi-4-mini-instruct}",
			"  template:\n    spec:\n      containers: [{name: c, image: i, resources: {limits: {memory: lots}}}]", 1), "10:69", "must be a quantity"},
		"slow quantity": {strings.Replace(strings.Replace(served, "phi", "slow", 1), "  preset: {name: phi-4-mini-instruct}",
			"  template:\n    spec:\n      containers: [{name: c, image: i, resources: {limits: {memory: 1e999999999}}}]", 1), "10:69", "must be a quantity"},
		"misspelt in a template": {strings.Replace(strings.Replace(served, "phi", "template", 1), "  preset: {name: phi-4-mini-instruct}",
			"  template:\n    spec:\n      containers: [{name: c, imge: i}]", 1), "10:30", `did you mean "image"?`},
		"size of a volume": {"apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: volume}\ntuning:\n  output: {volumeSource: {emptyDir: {sizeLimit: 5Gigs}}}\n", "5:49", "must be a quantity"},
		"bad duration":     {"apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: d}\nspec:\n  autoUpgrade: {maintenanceWindow: {schedule: '0 2 * * *', duration: 4 hours}}\n", "5:70", "must be a duration"},
	} {
		tree := fstest.MapFS{"a.yaml": {Data: []byte(tt.text)}, "good.yaml": {Data: []byte(served)}, "link.yaml": {Data: []byte("good.yaml"), Mode: fs.ModeSymlink | 0o777}}
		set, err := workspace.Load(tree, workspace.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if set.Find(workspace.Key{Namespace: "default", Name: "phi"}) == nil || len(set.Blocked(workspace.Key{Namespace: "default", Name: "phi"})) > 0 {
			t.Errorf("%s: it costs the Workspace beside it", name)
		}
		if len(set.Problems) > workspaceProblems {
			t.Errorf("%s: %d problems", name, len(set.Problems))
		}
		if tt.want == "" {
			if len(set.Problems) > 0 {
				t.Errorf("%s: %v", name, set.Problems)
			}
			continue
		}
		found := false
		for _, p := range set.Problems {
			found = found || strings.HasPrefix(p.String(), "a.yaml:"+tt.line) && strings.Contains(p.String(), tt.want)
			if len(p.String()) > 3000 {
				t.Errorf("%s: a message of %d characters", name, len(p.String()))
			}
		}
		if !found {
			t.Errorf("%s: no problem at %s says %q: %.2000v", name, tt.line, tt.want, set.Problems)
		}
	}
}

// workspaceProblems is the most that one file can be told about: a problem for each of its documents.
const workspaceProblems = 501

func mistakes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("z" + strings.Repeat("y", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676)) + ": 1\n")
	}
	return b.String()
}
