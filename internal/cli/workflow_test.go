// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/exit"
)

// workflow is what the tests read of a workflow of GitHub.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Steps []struct {
			Uses, Run string
			Env       map[string]string
		}
	} `yaml:"jobs"`
}

func readWorkflow(t *testing.T, name string) workflow {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../.github/workflows", name))
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestPricesWorkflow runs the command of the scheduled workflow against a price list: it writes the list that the
// binary embeds. Every other command is one that exists, with no more rights than a pull request needs.
func TestPricesWorkflow(t *testing.T) {
	w, ci := readWorkflow(t, "prices.yaml"), readWorkflow(t, "ci.yml")
	if w.On["schedule"] == nil {
		t.Errorf("it is not scheduled: %v", w.On)
	}
	if len(w.Permissions) != 2 || w.Permissions["contents"] != "write" || w.Permissions["pull-requests"] != "write" {
		t.Errorf("permissions %v", w.Permissions)
	}
	var known, commands []string
	for _, job := range ci.Jobs {
		for _, s := range job.Steps {
			known = append(known, s.Uses)
		}
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range w.Jobs {
		for _, s := range job.Steps {
			if !slices.Contains(known, s.Uses) {
				t.Errorf("action %q is not one that ci.yml uses", s.Uses)
			}
			for line := range strings.Lines(s.Run) {
				commands = append(commands, strings.TrimSpace(line))
			}
		}
	}
	const refresh = "go run ./cmd/syncer "
	ran := 0
	for _, c := range commands {
		fields := strings.Fields(c)
		switch {
		case strings.HasPrefix(c, refresh):
			ran++
			runRefresh(t, strings.Fields(strings.TrimPrefix(c, refresh)))
		case fields[0] == "make":
			if !strings.Contains(string(makefile), "\n"+fields[1]+":") {
				t.Errorf("%s: there is no such target", c)
			}
		case fields[0] != "git" && fields[0] != "gh":
			t.Errorf("nothing tests the command %q", c)
		}
	}
	if ran != 1 {
		t.Errorf("the prices are fetched %d times: %q", ran, commands)
	}
}

// runRefresh runs the command with its file replaced, after a check that the file is the one that is embedded.
func runRefresh(t *testing.T, args []string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Query().Get("$filter"), "'eastus'") {
			fmt.Fprint(w, `{"Items":[]}`)
			return
		}
		fmt.Fprint(w, `{"Items":[{"armSkuName":"Standard_NC24ads_A100_v4","armRegionName":"eastus","retailPrice":4,
"currencyCode":"USD","skuName":"NC24ads A100 v4","meterName":"m","productName":"p","type":"Consumption",
"unitOfMeasure":"1 Hour"}]}`)
	}))
	defer srv.Close()
	i := slices.Index(args, "-o") + 1
	if i == 0 || args[0] != "prices" || args[1] != "refresh" {
		t.Fatalf("%q does not refresh the prices", args)
	}
	embedded, err := os.ReadFile(filepath.Join("../..", args[i]))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := capacity.ParsePrices(embedded); err != nil || list.Date() != (capacity.Prices{}).Date() {
		t.Errorf("%s is not the list in the binary: %v", args[i], err)
	}
	file := filepath.Join(t.TempDir(), "prices.json")
	args = slices.Clone(args)
	args[i] = file
	var out bytes.Buffer
	std := Stdio{In: strings.NewReader(""), Out: &out, Err: &out, Env: func(name string) (string, bool) {
		return srv.URL, name == pricesURL
	}}
	if code := Run(t.Context(), args, std); code != exit.Yes {
		t.Fatalf("%q: exit code %d: %s", args, code, out.String())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := capacity.ParsePrices(data)
	if price := list.Price("eastus", "Standard_NC24ads_A100_v4", capacity.OnDemand); err != nil || price.USD != 4 {
		t.Errorf("%v, %v", price, err)
	}
}
