// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/sizes"
)

// syncer runs the program with an environment, and returns what it printed.
func syncer(env map[string]string, args ...string) (code int, out, talk string) {
	var stdout, stderr bytes.Buffer
	code = Run(
		context.Background(),
		args,
		Stdio{Out: &stdout, Err: &stderr, Env: func(k string) (string, bool) { v, ok := env[k]; return v, ok }},
	)
	return code, stdout.String(), stderr.String()
}

// squeeze makes one blank of several, as in columns.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// showPrices runs "prices" with values of the configuration.
func showPrices(t *testing.T, o pricesOptions, set ...string) result {
	t.Helper()
	return execute(t, "", func(s Stdio) command {
		o.Stdio, o.settings = s, settings.Settings{Set: set, Env: s.Env}
		o.output = cmp.Or(o.output, "table")
		return o
	})
}

func TestPricesShown(t *testing.T) {
	t.Chdir(t.TempDir())
	got := showPrices(t, pricesOptions{})
	const row = "Standard_NV36ads_A10_v5 1 x A10 24 GB 3.20 2336 unknown "
	if got.code != exit.Yes || !strings.Contains(squeeze(got.out), row) ||
		strings.Contains(got.out, "NC6s_v3") || !strings.Contains(got.out, "Prices in eastus of 2026-06-18.") {
		t.Errorf("got %s", got)
	}
	got = showPrices(t, pricesOptions{size: "standard_nc6s_v3"})
	if got.code != exit.Yes ||
		!strings.Contains(got.out, "Azure retired it on 2025-09-30; closest: Standard_NV36ads_A10_v5") {
		t.Errorf("got %s", got)
	}
	one := pricesOptions{size: "Standard_NC24ads_A100_v4", output: "json"}
	got = showPrices(t, one, "capacity.aks.location=westeurope")
	if got.code != exit.Yes || !strings.Contains(got.out, `"onDemand": 4.775,`) ||
		!strings.Contains(got.out, `"spot": null`) || !strings.Contains(got.out, `"kind": "PriceList"`) {
		t.Errorf("got %s", got)
	}
	if got = showPrices(t, pricesOptions{size: "Standard_X"}); got.code != exit.No || got.err == "" {
		t.Errorf("an unknown size: got %s", got)
	}
	if got = showPrices(t, pricesOptions{}, "capacity.aks.location=nowhere"); got.code != exit.No || got.err == "" {
		t.Errorf("an unknown region: got %s", got)
	}
}

func TestPricesRefresh(t *testing.T) {
	t.Chdir(t.TempDir())
	price, status := 1.5, http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		region := "eastus"
		if !strings.Contains(r.URL.Query().Get("$filter"), "'"+region+"'") {
			fmt.Fprint(w, `{"Items":[]}`)
			return
		}
		const item = `{"armSkuName":"Standard_NC24ads_A100_v4","armRegionName":%q,"retailPrice":%g,"currencyCode":"USD",
"skuName":"NC24ads A100 v4%s","meterName":"m","productName":"p","type":"Consumption","unitOfMeasure":"1 Hour"}`
		fmt.Fprintf(w, `{"Items":[`+item+`,`+item+`]}`, region, price, "", region, price/10, " Spot")
	}))
	defer srv.Close()
	refresh := func(file string, regions ...string) result {
		return execute(t, "", func(s Stdio) command {
			s.Env = func(name string) (string, bool) { return srv.URL, name == pricesURL }
			return pricesRefreshOptions{Stdio: s, file: file, regions: regions}
		})
	}
	size := func() result {
		return execute(t, "", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Preset: "phi-4-mini-instruct", Output: "table"},
			}
		})
	}
	got := refresh("prices.json", "eastus", "westeurope")
	if got.code != exit.Yes || !strings.Contains(got.err, "1 price of ") || !strings.Contains(got.err, "in 1 region") {
		t.Fatalf("got %s", got)
	}
	before, err := os.ReadFile("prices.json")
	if err != nil {
		t.Fatal(err)
	}

	// The configuration names the file, and everything that asks for a price reads it.
	config := "apiVersion: syncer.dev/v1alpha1\nkind: Config\ncapacity:\n  prices: prices.json\n"
	if err := os.WriteFile("syncer.yaml", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := showPrices(t, pricesOptions{}); got.code != exit.Yes ||
		!strings.Contains(squeeze(got.out), " 1.50 1095 0.15 110 ") {
		t.Errorf("got %s", got)
	}
	if got := size(); got.code != exit.Yes || !strings.Contains(squeeze(got.out), "Standard_NC24ads_A100_v4 1 1 ") ||
		!strings.Contains(got.out, " 1.50 ") {
		t.Errorf("got %s", got)
	}

	// What goes wrong leaves the file alone.
	status = http.StatusForbidden
	if got := refresh("prices.json", "eastus"); got.code != exit.Failure || !strings.Contains(got.err, "403") {
		t.Errorf("a server that refuses: got %s", got)
	}
	status = http.StatusOK
	if got := refresh("prices.json", "westus"); got.code != exit.Failure || !strings.Contains(got.err, "holds no size") {
		t.Errorf("no prices: got %s", got)
	}
	after, err := os.ReadFile("prices.json")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
	if got := refresh("nowhere/prices.json", "eastus"); got.code != exit.Failure ||
		!strings.Contains(got.err, "write prices: ") {
		t.Errorf("no folder: got %s", got)
	}
	if left, _ := filepath.Glob(".prices-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	if err := os.WriteFile("prices.json", []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := size(); got.code != exit.Failure ||
		!strings.Contains(got.err, "capacity.prices: prices.json: read prices") {
		t.Errorf("a broken list: got %s", got)
	}
	if got := refresh(""); got.code != exit.Failure || !strings.Contains(got.err, "-o") {
		t.Errorf("no file: got %s", got)
	}
}
