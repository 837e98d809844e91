// SPDX-License-Identifier: Apache-2.0

package retail

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// row is one price as Azure writes it.
func row(size, region, sku, meter, product, kind, unit string, usd float64) string {
	return fmt.Sprintf(
		`{"currencyCode":"USD","tierMinimumUnits":0.0,"retailPrice":%g,"unitPrice":%g,"armRegionName":%q,
"location":"US East","effectiveStartDate":"2026-01-01T00:00:00Z","meterName":%q,"productName":%q,"skuName":%q,
"serviceName":"Virtual Machines","serviceFamily":"Compute","unitOfMeasure":%q,"type":%q,"armSkuName":%q}`,
		usd,
		usd,
		region,
		meter,
		product,
		sku,
		unit,
		kind,
		size,
	)
}

const (
	a100   = "Standard_NC24ads_A100_v4"
	series = "Virtual Machines NCads A100 v4 Series"
)

// azure serves two pages for eastus and one for any other region. It keeps what it was asked.
func azure(t *testing.T, asked *[]string) *httptest.Server {
	t.Helper()
	var srv *httptest.Server
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		filter := r.URL.Query().Get("$filter")
		if asked != nil {
			*asked = append(*asked, r.URL.RawQuery)
		}
		var rows []string
		next := "null"
		switch {
		case strings.Contains(filter, "'eastus'") && r.URL.Query().Get("$skip") == "":
			next = fmt.Sprintf("%q", srv.URL+"/api/retail/prices?"+r.URL.RawQuery+"&$skip=100")
			rows = []string{
				row(a100, "eastus", "NC24ads A100 v4", "NC24ads A100 v4", series, "Consumption", "1 Hour", 3.673),
				row(a100, "eastus", "NC24ads A100 v4", "NC24ads A100 v4", series+" Windows", "Consumption", "1 Hour", 4.777),
				row(
					a100,
					"eastus",
					"NC24ads A100 v4 Low Priority",
					"NC24ads A100 v4 Low Priority",
					series,
					"Consumption",
					"1 Hour",
					0.735,
				),
				row(a100, "eastus", "NC24ads A100 v4", "NC24ads A100 v4", series, "Reservation", "1 Hour", 20000),
				row(
					"Standard_D4s_v5",
					"eastus",
					"D4s v5",
					"D4s v5",
					"Virtual Machines Dsv5 Series",
					"Consumption",
					"1 Hour",
					0.192,
				),
			}
		case strings.Contains(filter, "'eastus'"):
			rows = []string{
				row(a100, "eastus", "NC24ads A100 v4 Spot", "NC24ads A100 v4 Spot", series, "Consumption", "1 Hour", 0.61),
				row(
					"Standard_ND96asr_A100_v4",
					"eastus",
					"ND96asr A100 v4",
					"ND96asr A100 v4",
					"Virtual Machines NDasrA100v4 Series",
					"Consumption",
					"1 Hour",
					27.197,
				),
				row(
					"Standard_ND96asr_A100_v4",
					"eastus",
					"ND96asr A100 v4",
					"ND96asr A100 v4",
					"Virtual Machines NDasrA100v4 Series",
					"DevTestConsumption",
					"1 Hour",
					5.4,
				),
			}
		case strings.Contains(filter, "'westeurope'"):
			rows = []string{
				row(a100, "westeurope", "NC24ads A100 v4", "NC24ads A100 v4", series, "Consumption", "1 Hour", 4.775),
			}
		}
		fmt.Fprintf(
			w,
			`{"BillingCurrency":"USD","Items":[%s],"NextPageLink":%s,"Count":%d}`,
			strings.Join(rows, ","),
			next,
			len(rows),
		)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestPrices(t *testing.T) {
	var asked []string
	srv := azure(t, &asked)
	c := Client{URL: srv.URL + "/api/retail/prices"}
	east, err := c.Prices(t.Context(), []string{"eastus"}, "2026-11-25")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		size     string
		priority capacity.Priority
		want     string
	}{
		{
			size:     a100,
			priority: capacity.OnDemand,
			want:     "3.67",
		},
		{
			size:     a100,
			priority: capacity.Spot,
			want:     "0.61",
		},
		{
			size:     "Standard_ND96asr_v4",
			priority: capacity.OnDemand,
			want:     "27.20",
		},
		{"Standard_ND96asr_v4", capacity.Spot, "unknown"},
		{"Standard_D4s_v5", capacity.OnDemand, "unknown"},
	} {
		if got := east.Price("eastus", tt.size, tt.priority).String(); got != tt.want {
			t.Errorf("%s (%s): %s, want %s", tt.size, tt.priority, got, tt.want)
		}
	}
	if len(asked) != 2 || !strings.Contains(asked[0], "api-version=2023-01-01-preview") ||
		!strings.Contains(asked[0], "priceType+eq+%27Consumption%27") {
		t.Errorf("asked %q", asked)
	}
	srv = azure(t, nil) // two regions ask at the same time
	both, err := Client{URL: srv.URL}.Prices(t.Context(), []string{"eastus", "westeurope", "nowhere"}, "2026-11-25")
	if err != nil || len(both.Regions()) != 2 || both.Date() != "2026-11-25" || both.Source() != srv.URL {
		t.Errorf("%v: %v of %s from %s", err, both.Regions(), both.Date(), both.Source())
	}
}

func TestThrottledAndBroken(t *testing.T) {
	var calls atomic.Int32
	var waited []time.Duration
	answer := func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"Items":[],"NextPageLink":""}`)
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(answer))
	defer srv.Close()
	c := Client{
		URL:  srv.URL,
		Wait: func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil },
	}
	if _, err := c.Prices(t.Context(), []string{"eastus"}, ""); err != nil || len(waited) != 2 ||
		waited[0] != 7*time.Second ||
		waited[1] != 2*time.Second {
		t.Errorf("%v, after %v", err, waited)
	}
}

func TestErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		region string
		want   string
	}{
		"throttled for ever": {
			answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
			region: "eastus",
			want:   "429",
		},
		"refused": {
			answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
			region: "eastus",
			want:   "400",
		},
		"long wait": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}, "eastus", "429"},
		"not JSON": {
			answer: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			region: "eastus",
			want:   "not a price list",
		},
		"elsewhere": {
			answer: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"NextPageLink":"https://example.com/"}`) },
			region: "eastus",
			want:   "another server",
		},
		"pages without end": {
			answer: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"NextPageLink":"/again"}`) },
			region: "eastus",
			want:   "more than 500 pages",
		},
		"a region with a quote":  {nil, "east' or '1' eq '1", "not the name of a region"},
		"a region without names": {nil, "", "not the name of a region"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(tt.answer)
			defer srv.Close()
			c := Client{URL: srv.URL, Wait: func(context.Context, time.Duration) error { return nil }}
			if _, err := c.Prices(t.Context(), []string{tt.region}, ""); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
