// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/status"
)

// TestGiteaMergedMeanwhile merges two pull requests while no syncer runs. The next one has dearer prices: it carries
// out what was reviewed cheaper, as policy.review.verdict is warn, and the commit says by how much it is dearer. The
// other commit changes no Workspace, and is ready too.
func TestGiteaMergedMeanwhile(t *testing.T) {
	f := setupForge(t)
	p := f.start("run")
	f.waitState("phi", status.Ready)
	number, head := f.propose("other")
	f.reviewed(number, head, "success", "other")
	p.kill()

	served := f.models.Merge(number, "squash")
	f.models.Pull(gittest.Main)
	f.models.Git("branch", "--force", "docs", gittest.Main)
	f.models.CommitTo("docs", map[string]string{"README.md": "models\n"}, "say what this is")
	head = f.models.Push("docs")
	number = f.models.Open(f.author, "docs", gittest.Main, "Say what this is")
	f.models.AwaitHead(number, head)
	said := f.models.Merge(number, "squash")

	f.start("run", "--set", "capacity.prices="+f.dearer())
	f.waitState("other", status.Ready)
	f.awaitStatus(served, readyStatus, "success")
	f.awaitStatus(said, readyStatus, "success")
	text := f.models.Statuses(served)[readyStatus].Description
	if !strings.Contains(text, "default/other: worse than reviewed: it costs 99.00 USD/h, and was 3.67") {
		t.Errorf("the status of the merged commit is %q", text)
	}
	r, err := f.report("other")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Conditions {
		if c.Type == status.Reviewed && c.Status == "False" && strings.Contains(c.Message, "it costs 99.00 USD/h") {
			return
		}
	}
	t.Errorf("conditions %+v, want Reviewed to be False", r.Conditions)
}

// dearer returns a price list in which the size of the fixtures costs 99 USD/h.
func (f *forge) dearer() string {
	f.Helper()
	data, err := os.ReadFile("../capacity/prices.json")
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(f.TempDir(), "prices.json")
	write(f.T, file, regexp.MustCompile(`"Standard_NC24ads_A100_v4":[0-9.]+`).
		ReplaceAllString(string(data), `"Standard_NC24ads_A100_v4":99`))
	return file
}
