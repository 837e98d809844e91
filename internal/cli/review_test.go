// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/gitlab/gitlabtest"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// configOfMain is the configuration on the target of the pull request.
const configOfMain = `apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: demo
source: {path: workspaces}
capacity: {mode: aks, prices: prices.json, aks: {location: eastus}}
`

// pricesOfMain is a price list in which the size of phi costs 5 USD an hour.
const pricesOfMain = `{"date": "2026-01-02", "currency": "USD",
"onDemand": {"eastus": {"Standard_NC24ads_A100_v4":5}}}`

// checkout is a clone of a repository as a pipeline has it, with the head of a pull request in the working tree.
type checkout struct {
	head string
	dir  string
}

// checkOut makes a repository whose pull request adds a Workspace, and relaxes the configuration; it makes a clone, and
// the clone the working folder.
func checkOut(t *testing.T, files map[string]string) checkout {
	t.Helper()
	r := gittest.NewRepo(t)
	r.Commit(map[string]string{
		"syncer.yaml": configOfMain, "workspaces/phi.yaml": phi("Standard_NC24ads_A100_v4"),
		"prices.json": pricesOfMain,
	}, "main")
	r.Git("branch", "topic", gittest.Main)
	changed := map[string]string{
		"syncer.yaml": strings.Replace(configOfMain, "cluster: demo", "cluster: other\nnamespaces: [elsewhere]", 1),
		"prices.json": strings.Replace(pricesOfMain, ":5}", ":1}", 1),
	}
	maps.Copy(changed, files)
	c := checkout{head: r.CommitTo("topic", changed, "change"), dir: filepath.Join(t.TempDir(), "clone")}
	for _, args := range [][]string{
		{"clone", "--quiet", r.Dir, c.dir}, {"-C", c.dir, "checkout", "--quiet", "--detach", c.head},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	t.Chdir(c.dir)
	return c
}

var addsWorkspace = map[string]string{
	"workspaces/two.yaml": strings.ReplaceAll(phi("Standard_NC24ads_A100_v4"), "phi}", "two}"),
}

// forgeServer is an emulator of a forge.
type forgeServer interface {
	Open(target string) int
	Change(number int, f func(*emulator.Pull))
	Comments(number int) []reviewtest.Comment
	Statuses(commit string) map[string]review.CommitStatus
	Writes() int
}

// openAt opens a pull request with a head.
func openAt(f forgeServer, head string) {
	f.Change(f.Open("main"), func(p *emulator.Pull) { p.Head = head })
}

// onGitHub is the environment of a step of GitHub Actions.
func onGitHub(s *githubtest.Server) map[string]string {
	return map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": s.URL, "GITHUB_REPOSITORY": githubtest.Repository,
		"GITHUB_REF": "refs/pull/1/merge",
	}
}

// TestReviewOnGitHub: the plan follows from the configuration and the prices of the target, and not from the head.
func TestReviewOnGitHub(t *testing.T) {
	s := githubtest.New(t)
	c := checkOut(t, addsWorkspace)
	openAt(s, c.head)
	t.Setenv("GITHUB_TOKEN", emulator.Token)
	code, out, talk := syncer(onGitHub(s), "review", "--dry-run")
	if code != exit.Yes || !strings.Contains(out, "1 model created, +3,650 USD/month") || s.Writes() != 0 {
		t.Errorf("exit code %d, %d writes\n%s%s", code, s.Writes(), out, talk)
	}
	code, out, talk = syncer(onGitHub(s), "review")
	if code != exit.Yes || !strings.HasPrefix(out, "success: 1 model created, +3,650 USD/month") {
		t.Errorf("exit code %d\n%s%s", code, out, talk)
	}
	status := s.Statuses(c.head)["syncer/demo/plan"]
	if comments := s.Comments(1); status.State != review.Success || len(comments) != 1 {
		t.Errorf("%+v, %+v", status, comments)
	}
	code, out, talk = syncer(onGitHub(s), "review", "-o", "json")
	var got struct {
		APIVersion, Kind, State, Verdict, Comment, URL string
		PullRequest                                    struct {
			Number int
			Head   string
		}
		Plan struct{ Kind string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != exit.Yes {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, talk)
	}
	if got.Kind != "Review" || got.State != "success" || got.PullRequest.Head != c.head || got.Plan.Kind != "Plan" ||
		got.PullRequest.Number != 1 || got.URL != status.URL || !strings.HasPrefix(got.Comment, "<!-- syncer: demo -->") {
		t.Errorf("%+v", got)
	}
}

// TestReviewBlocked: exit code 1, and the place of the mistake.
func TestReviewBlocked(t *testing.T) {
	s := githubtest.New(t)
	const text = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\n::warning::x\n"
	c := checkOut(t, map[string]string{"workspaces/two.yaml": text})
	openAt(s, c.head)
	t.Setenv("GITHUB_TOKEN", emulator.Token)
	code, out, talk := syncer(onGitHub(s), "review", "--dry-run")
	if code != exit.No || !strings.Contains(out, "workspaces/two.yaml:3") || !strings.Contains(talk, "blocked") {
		t.Errorf("exit code %d\n%s%s", code, out, talk)
	}
	if strings.Contains("\n"+out+"\n"+talk, "\n::") {
		t.Errorf("a command for the pipeline is printed:\n%s%s", out, talk)
	}
}

// TestReviewErrors: exit code 2, and what to do.
func TestReviewErrors(t *testing.T) {
	s := githubtest.New(t)
	c := checkOut(t, addsWorkspace)
	openAt(s, c.head)
	with := func(change ...string) map[string]string {
		env := onGitHub(s)
		for i := 0; i < len(change); i += 2 {
			env[change[i]] = change[i+1]
		}
		return env
	}
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"no pipeline":        {map[string]string{}, nil, "the forge is not known"},
		"no pull request":    {with("GITHUB_REF", "refs/heads/main"), nil, "the pull request is not known"},
		"unknown forge":      {with(), []string{"--forge", "sourcehut"}, "is not one of github, azuredevops, gitlab, gitea"},
		"other pull request": {with(), []string{"--pull-request", "99"}, "read pull request 99"},
		"output":             {with(), []string{"-o", "xml"}, "is not one of table, json, yaml"},
		"no token":           {with(), []string{"--review-token-env", "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE"},
		"wrong token":        {with(), []string{"--review-token-env", "PATH"}, "401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GITHUB_TOKEN", emulator.Token)
			code, out, talk := syncer(tt.env, append([]string{"review"}, tt.args...)...)
			if code != exit.Failure || !strings.Contains(talk, tt.want) || out != "" {
				t.Errorf("exit code %d\n%s%s", code, out, talk)
			}
		})
	}
}

// TestExamplePipelines runs the commands of the files in example-repo, in the environment of each service. A forge
// without an emulator here does not answer.
func TestExamplePipelines(t *testing.T) {
	root, err := filepath.Abs("../../example-repo")
	if err != nil {
		t.Fatal(err)
	}
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + away.Addr().String()
	away.Close()
	for file, start := range map[string]func(t *testing.T) (forgeServer, map[string]string){
		".github/workflows/syncer.yaml": func(t *testing.T) (forgeServer, map[string]string) {
			s := githubtest.New(t)
			t.Setenv("GITHUB_TOKEN", emulator.Token)
			return s, onGitHub(s)
		},
		".gitlab-ci.yml": func(t *testing.T) (forgeServer, map[string]string) {
			s := gitlabtest.New(t)
			t.Setenv("GITLAB_TOKEN", emulator.Token)
			return s, map[string]string{
				"GITLAB_CI": "true", "CI_SERVER_URL": s.URL, "CI_PROJECT_PATH": gitlabtest.Project, "CI_MERGE_REQUEST_IID": "1",
				"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
			}
		},
		"azure-pipelines.yml": func(t *testing.T) (forgeServer, map[string]string) {
			t.Setenv("SYSTEM_ACCESSTOKEN", emulator.Token)
			return nil, map[string]string{
				"TF_BUILD": "True", "SYSTEM_COLLECTIONURI": nobody + "/org/", "SYSTEM_TEAMPROJECT": "models",
				"BUILD_REPOSITORY_NAME": "serving", "SYSTEM_PULLREQUEST_PULLREQUESTID": "1",
			}
		},
		".gitea/workflows/syncer.yaml": func(t *testing.T) (forgeServer, map[string]string) {
			t.Setenv("GITHUB_TOKEN", emulator.Token)
			return nil, map[string]string{
				"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": nobody, "GITHUB_REPOSITORY": "team/models",
				"GITHUB_REF": "refs/pull/1/head",
			}
		},
	} {
		t.Run(file, func(t *testing.T) {
			lines := commandsOf(t, filepath.Join(root, file))
			f, env := start(t)
			c := checkOut(t, addsWorkspace)
			if f != nil {
				openAt(f, c.head)
			}
			ran := 0
			for _, line := range lines {
				ran += runLine(t, line, env, f != nil)
			}
			if ran == 0 {
				t.Errorf("it runs no syncer: %q", lines)
			}
			if f == nil {
				return
			}
			if s := f.Statuses(c.head)["syncer/demo/plan"]; s.State != review.Success || len(f.Comments(1)) != 1 {
				t.Errorf("%+v, comments %+v", s, f.Comments(1))
			}
		})
	}
}

// commandsOf returns the lines of the scripts of a pipeline, after checks that hold for each: the token has no right
// that a review does not need, and the code of forks never gets one.
func commandsOf(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	if on, ok := document["on"].(map[string]any); ok && (len(on) != 1 || on["pull_request"] == nil) {
		t.Errorf("it runs on %v", on)
	}
	var lines []string
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if key == "permissions" {
				for scope, access := range v {
					if access != "read" && !slices.Contains([]string{"pull-requests", "statuses"}, scope) {
						t.Errorf("permission %s: %s", scope, access)
					}
				}
			}
			for k, inner := range v {
				walk(k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(key, inner)
			}
		case string:
			if key == "run" || key == "script" {
				lines = append(lines, strings.Split(strings.TrimSpace(v), "\n")...)
			}
		}
	}
	walk("", document)
	return lines
}

// runLine runs one line of a script, and returns how many reviews it was.
func runLine(t *testing.T, line string, env map[string]string, answers bool) int {
	t.Helper()
	line, _, _ = strings.Cut(line, " >> ")
	line = os.Expand(line, func(name string) string { return env[name] })
	fields := strings.Fields(strings.ReplaceAll(line, `"`, ""))
	switch {
	case fields[0] == "git" && fields[1] == "fetch":
		if out, err := exec.Command("git", fields[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
		return 0
	case fields[0] != "syncer":
		t.Errorf("nothing tests the command %q", line)
		return 0
	}
	code, out, talk := syncer(env, fields[1:]...)
	switch {
	case answers && (code != exit.Yes || out == ""):
		t.Errorf("%s: exit code %d\n%s%s", line, code, out, talk)
	case !answers && (code != exit.Failure || !strings.Contains(talk, "read pull request 1: ")):
		t.Errorf("%s: exit code %d\n%s%s", line, code, out, talk)
	}
	return 1
}
