// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/testenv"
)

// webhookAddress is where a process hears webhooks.
func (p *process) webhookAddress() (address string) {
	p.Helper()
	p.eventually("the address for webhooks", func() string {
		m := hears.FindStringSubmatch(strings.Join(p.logged(), "\n"))
		if m == nil {
			return "not said yet"
		}
		address = m[1]
		return ""
	})
	return address
}

// TestFollowerTellsTheLeader runs two processes that do not poll: what the follower hears, by a webhook or by a client
// that asks for a pass, makes the leader look.
func TestFollowerTellsTheLeader(t *testing.T) {
	e := &env{T: t}
	e.wire(testenv.StartCluster(t), "{mode: byo}")
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "a secret of the webhook")
	data, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(e.repo.Dir, e.repo.URL(), "interval: 1s", "interval: 24h").Replace(string(data))
	write(t, e.config, text+"review: {webhook: {listen: 127.0.0.1:0, secretFile: "+secret+"}}\n"+election)
	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("first")}, "first")
	leader := replica{process: e.start("run")}
	leader.waitRole("leader")
	follower := replica{process: e.start("run")}
	follower.waitRole("follower, ")
	e.waitSettings("first")

	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("second")}, "second")
	e.wantCommand(1, []string{"this replica carries out nothing, and tells the leader (follower, "},
		"reconcile", "--address", "http://"+follower.address())
	e.wantCommand(1, []string{`"leader": "`}, "reconcile", "-o", "json", "--address", "http://"+follower.address())
	e.waitSettings("second")

	e.repo.Commit(map[string]string{"workspaces/settings.yaml": settings("third")}, "third")
	r, err := http.NewRequest(http.MethodPost, "http://"+follower.webhookAddress()+"/webhook", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Gitlab-Token", "a secret of the webhook")
	r.Header.Set("X-Gitlab-Event", "Push Hook")
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("the webhook: %v, %v", resp, err)
	}
	_ = resp.Body.Close()
	e.waitSettings("third")
}
