// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
)

// shards is their number in TestShards, and teams is a namespace in each.
const shards = 3

var teams = func() (out [shards]string) {
	for i := range out {
		n := 0
		for shard.Of(fmt.Sprintf("team-%d", n), shards) != i {
			n++
		}
		out[i] = fmt.Sprintf("team-%d", n)
	}
	return out
}()

// TestShards: two processes divide the namespaces between them. Each namespace has one writer, pools have one, and no
// status gets lost. Who is stopped or killed is replaced, and who comes back gets a part again.
func TestShards(t *testing.T) {
	e := setup(t)
	data, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	lease := strings.Replace(election, "{", fmt.Sprintf("{shards: %d, ", shards), 1)
	write(t, e.config, string(data)+lease+"namespaces: ["+strings.Join(teams[:], ", ")+"]\n")
	files := map[string]string{}
	for _, team := range teams {
		_, err := e.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{Name: team},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		files["workspaces/"+team+"/phi.yaml"] = within(team, inference("phi", "phi-4-mini-instruct"))
		files["workspaces/"+team+"/settings.yaml"] = within(team, settings("first"))
	}
	e.repo.Commit(map[string]string{"workspaces/empty/settings.yaml": within(teams[0], settings("none"))}, "begin")
	a := e.replica()
	a.waitRole("holds shards 0, 1, 2 of 3")
	b := e.replica()
	e.waitBalance(a, b)
	e.repo.Remove("nothing", "workspaces/empty/settings.yaml")
	e.repo.Commit(files, "work")
	e.waitTeams("first")
	e.eachHasOneWriter(a, b)
	e.eachIsToldByItsWriter(a, b)
	first, second := a, b // first has the fleet
	if !first.has(shard.Fleet) {
		first, second = b, a
	}

	first.send(syscall.SIGSTOP)
	before := first.tap.seen()
	second.waitRole("holds shards 0, 1, 2 of 3")
	e.commitTeams("second")
	e.waitTeams("second")
	first.send(syscall.SIGCONT)
	e.waitBalance(a, b)
	if d := cmp.Diff(before, first.tap.seen()); d != "" {
		t.Errorf("the process that was stopped has written what others had done:\n%s", d)
	}

	second.send(syscall.SIGKILL)
	first.waitRole("holds shards 0, 1, 2 of 3")
	e.commitTeams("third")
	e.waitTeams("third")
	first.alive()
	e.repo.Fsck()
}

// within moves a document to a namespace.
func within(namespace, text string) string {
	return strings.Replace(text, "metadata: {", "metadata: {namespace: "+namespace+", ", 1)
}

func (e *env) commitTeams(value string) {
	files := map[string]string{}
	for _, team := range teams {
		files["workspaces/"+team+"/settings.yaml"] = within(team, settings(value))
	}
	e.repo.Commit(files, value)
}

// waitTeams waits until each namespace has a value, and each Workspace is ready by the file on the status branch and
// by its overview.
func (e *env) waitTeams(value string) {
	e.Helper()
	show := func(name string) string {
		out, _ := exec.Command("git", "-C", e.recorded, "show", "syncer/status:status/"+clusterName+"/"+name).Output()
		return string(out)
	}
	for _, team := range teams {
		e.eventually("namespace "+team+" to have "+value, func() string {
			m, err := e.kube.CoreV1().ConfigMaps(team).Get(context.Background(), "settings", metav1.GetOptions{})
			if err != nil {
				return err.Error()
			}
			file := path.Join(team, "phi.yaml")
			r, err := status.Parse([]byte(show(file)))
			switch {
			case m.Data["value"] != value:
				return "it has " + m.Data["value"]
			case err != nil:
				return err.Error()
			case r.State != status.Ready:
				return fmt.Sprintf("its Workspace is %s: %s", r.State, r.Headline())
			case !strings.Contains(show("README.md"), "("+file+") | Ready |"):
				return "the overview is " + show("README.md")
			}
			return ""
		})
	}
}

// has reports whether a replica holds a shard, by its metrics.
func (r *replica) has(shard int) bool {
	_, body := r.get("/metrics")
	return strings.Contains(body, fmt.Sprintf(`syncer_shard_leader{cluster=%q,shard="%d"} 1`, clusterName, shard))
}

// waitBalance waits until each shard has one holder, and each process a shard.
func (e *env) waitBalance(all ...*replica) {
	e.Helper()
	e.eventually("each process to have a shard", func() string {
		total := 0
		for _, r := range all {
			own := 0
			for i := range shards {
				if r.has(i) {
					own++
				}
			}
			if total += own; own == 0 {
				return "one has none; it " + r.role()
			}
		}
		if total != shards {
			return fmt.Sprintf("%d shards are held", total)
		}
		return ""
	})
}

// eachIsToldByItsWriter: the process that writes a namespace logs what happens there, and no other process does.
func (e *env) eachIsToldByItsWriter(all ...*replica) {
	e.Helper()
	for _, r := range all {
		for i, team := range teams {
			told := func() bool { return r.logs("Workspace "+team+"/phi: ", "Ready") > 0 }
			if !r.has(i) {
				if told() {
					e.Errorf("a replica that %s tells of %s in shard %d", r.role(), team, i)
				}
				continue
			}
			e.eventually("the writer of "+team+" to tell of it", func() string {
				if !told() {
					return "it has not"
				}
				return ""
			})
		}
	}
}

// eachHasOneWriter compares who has which shard with what each has written.
func (e *env) eachHasOneWriter(all ...*replica) {
	e.Helper()
	for _, r := range all {
		r.tap.mu.Lock()
		seen := strings.Join(r.tap.paths, "\n")
		r.tap.mu.Unlock()
		for i, team := range teams {
			if wrote := strings.Contains(seen, "/namespaces/"+team+"/"); wrote != r.has(i) {
				e.Errorf("a replica that %s has written to %s of shard %d: %t\n%s", r.role(), team, i, wrote, seen)
			}
		}
		if wrote := strings.Contains(seen, "/agentPools/"); wrote != r.has(shard.Fleet) {
			e.Errorf("a replica that %s has written pools: %t", r.role(), wrote)
		}
	}
}
