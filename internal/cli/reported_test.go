// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/golden"
)

// reported are kinds of failures that users of GitOps tools reported in public: each is a whole class, of which the
// test shows examples. A name ending in .txtar is a script in testdata/reported, any other FOLDER:TEST.
var reported = map[string][]string{
	"a kustomization is a source, wherever its bases are": {"kustomization-as-source.txtar"},
	"references follow names that Kustomize generates":    {"renamed-references.txtar"},
	"files and patches that a kustomization leaves out":   {"left-out-by-a-kustomization.txtar"},
	"YAML of other programs":                              {"foreign-files.txtar"},
	"plain objects that the API server would refuse":      {"numbers-in-a-configmap.txtar"},
	"file names outside of what is read":                  {"odd-names-elsewhere.txtar"},
	"number and size of files outside of what is read":    {"many-files-elsewhere.txtar"},
	"a refusal of syncer's own that never ends": {
		"pack-over-the-limit.txtar", "internal/git:TestPackOverTheLimitEndsAtOnce", "internal/git/local:TestNoReader",
	},
	"hints that do not reach the user": {
		"hints-of-git.txtar", "internal/cli:TestEveryHintIsShown", "internal/app:TestHintsOfADaemon",
	},
	"a web page instead of Git": {"web-page-instead-of-git.txtar"},
	"a server that demands multi_ack": {
		"server-demands-multi-ack.txtar", "internal/git:TestServerThatDemandsMultiAck",
	},
	"certificates and credentials that change": {
		"internal/git:TestRotatedCertificateAuthority", "internal/git:TestRotatedCredentials",
	},
	"a base that has moved":                     {"base-that-has-moved.txtar"},
	"a clone that lacks history":                {"shallow-clone.txtar"},
	"files that are not what they seem":         {"not-what-it-seems.txtar"},
	"links that only a commit does not follow":  {"folder-that-is-a-link.txtar"},
	"commands below the root of the repository": {"below-the-root.txtar"},
	"an SSH key with a passphrase":              {"key-with-a-passphrase.txtar", "internal/git:TestSSHKeyWithAPassphrase"},
	"the first pull request":                    {"first-pull-request.txtar"},
	"a refused change of a running Workspace": {
		"internal/e2e:TestRefusedChangeOfARunningWorkspace", "internal/apply:TestImmutableClaimTemplates",
	},
	"a webhook that is busy for one object": {
		"internal/apply:TestWebhookOfOneObject", "internal/e2e:TestWebhookForOneObject",
	},
	"a status push that is refused": {"internal/e2e:TestRefusedStatusPush"},
}

// TestReported runs the scripts of reported, and finds the tests that it names.
func TestReported(t *testing.T) {
	scripts := map[string]bool{}
	for kind, tests := range reported {
		for _, test := range tests {
			folder, name, isTest := strings.Cut(test, ":")
			if !isTest {
				scripts[test] = true
			} else if !hasTest(t, filepath.Join("../..", folder), name) {
				t.Errorf("%s: %s has no %s", kind, folder, name)
			}
		}
	}
	files, err := filepath.Glob("testdata/reported/*.txtar")
	if err != nil || len(files) != len(scripts) {
		t.Errorf("%d scripts in testdata/reported, of which %d are listed; %v", len(files), len(scripts), err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/reported", UpdateScripts: golden.Update(), RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: user,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"forge": forge(t)},
	})
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`)
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found = found || declared.Match(text)
	}
	return found
}

// forge is a command of scripts: "forge FAULT FILE" starts a Git server with the status of a Workspace on it, from
// FILE, and sets $FORGE to its address.
func forge(t *testing.T) func(*testscript.TestScript, bool, []string) {
	faults := map[string]gittest.Faults{
		"page":        {SignIn: "*"},
		"redirect":    {SignIn: "/users/sign_in"},
		"maintenance": {Status: http.StatusServiceUnavailable, Body: "<html><title>Back soon</title></html>"},
		"multi-ack":   {DemandMultiAck: true},
	}
	return func(ts *testscript.TestScript, neg bool, args []string) {
		f, known := faults[args[0]]
		if neg || len(args) != 2 || !known {
			ts.Fatalf("usage: forge FAULT FILE")
		}
		repo := gittest.NewRepo(t)
		repo.CommitTo("syncer/status", map[string]string{"status/demo/default/chat.yaml": ts.ReadFile(args[1])}, "status")
		repo.SetFaults(f)
		ts.Setenv("FORGE", repo.URL())
	}
}
