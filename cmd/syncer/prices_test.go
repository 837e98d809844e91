package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// syncer runs the program with an environment, and returns what it printed.
func syncer(env map[string]string, args ...string) (code int, out, talk string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, stdio{out: &stdout, err: &stderr, env: func(k string) (string, bool) { v, ok := env[k]; return v, ok }})
	return code, stdout.String(), stderr.String()
}

// squeeze makes one blank of several, as in columns.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestPricesShown(t *testing.T) {
	t.Chdir(t.TempDir())
	code, out, talk := syncer(nil, "prices")
	if code != 0 || !strings.Contains(squeeze(out), "Standard_NV36ads_A10_v5 1 x A10 24 GB 3.20 unknown ") || strings.Contains(out, "NC6s_v3") || !strings.Contains(out, "Prices in eastus of 2026-06-18.") {
		t.Errorf("%d\n%s%s", code, out, talk)
	}
	code, out, _ = syncer(nil, "prices", "standard_nc6s_v3")
	if code != 0 || !strings.Contains(out, "Azure retired it on 2025-09-30; closest: Standard_NV36ads_A10_v5") {
		t.Errorf("%d\n%s", code, out)
	}
	code, out, _ = syncer(nil, "prices", "Standard_NC24ads_A100_v4", "--capacity-aks-location", "westeurope", "-o", "json")
	if code != 0 || !strings.Contains(out, `"onDemand": 4.775,`) || !strings.Contains(out, `"spot": null`) || !strings.Contains(out, `"kind": "PriceList"`) {
		t.Errorf("%d\n%s", code, out)
	}
	for _, args := range [][]string{{"prices", "Standard_X"}, {"prices", "--capacity-aks-location", "nowhere"}} {
		if code, _, talk := syncer(nil, args...); code != 1 || talk == "" {
			t.Errorf("%q: %d, %s", args, code, talk)
		}
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
		const item = `{"armSkuName":"Standard_NC24ads_A100_v4","armRegionName":%q,"retailPrice":%g,"currencyCode":"USD","skuName":"NC24ads A100 v4%s","meterName":"m","productName":"p","type":"Consumption","unitOfMeasure":"1 Hour"}`
		fmt.Fprintf(w, `{"Items":[`+item+`,`+item+`]}`, region, price, "", region, price/10, " Spot")
	}))
	defer srv.Close()
	env := map[string]string{"SYNCER_PRICES_URL": srv.URL}
	code, _, talk := syncer(env, "prices", "refresh", "-o", "prices.json", "--regions", "eastus,westeurope")
	if code != 0 || !strings.Contains(talk, "1 price of ") || !strings.Contains(talk, "in 1 region") {
		t.Fatalf("%d, %s", code, talk)
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
	if code, out, _ := syncer(nil, "prices"); code != 0 || !strings.Contains(squeeze(out), " 1.50 0.15 ") {
		t.Errorf("%d\n%s", code, out)
	}
	if code, out, _ := syncer(nil, "size", "--preset", "phi-4-mini-instruct"); code != 0 || !strings.Contains(squeeze(out), "Standard_NC24ads_A100_v4 1 1 ") || !strings.Contains(out, " 1.50 ") {
		t.Errorf("%d\n%s", code, out)
	}

	// What goes wrong leaves the file alone.
	status = http.StatusForbidden
	if code, _, talk := syncer(env, "prices", "refresh", "-o", "prices.json", "--regions", "eastus"); code != 2 || !strings.Contains(talk, "403") {
		t.Errorf("%d, %s", code, talk)
	}
	status = http.StatusOK
	if code, _, talk := syncer(env, "prices", "refresh", "-o", "prices.json", "--regions", "westus"); code != 2 || !strings.Contains(talk, "holds no size") {
		t.Errorf("%d, %s", code, talk)
	}
	after, err := os.ReadFile("prices.json")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file has changed: %v", err)
	}
	if left, _ := filepath.Glob(".prices-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	if err := os.WriteFile("prices.json", []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, talk := syncer(nil, "size", "--preset", "phi-4-mini-instruct"); code != 2 || !strings.Contains(talk, "capacity.prices: prices.json: read prices") {
		t.Errorf("a broken list: %d, %s", code, talk)
	}
	if code, _, talk := syncer(nil, "prices", "refresh"); code != 2 || !strings.Contains(talk, "-o") {
		t.Errorf("no file: %d, %s", code, talk)
	}
}
