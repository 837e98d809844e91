// SPDX-License-Identifier: Apache-2.0

package retail

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzPrices: for any answers of a server, every request goes to it alone, in bounded number, and each price that is
// read is positive.
func FuzzPrices(f *testing.F) {
	good := row(a100, "eastus", "NC24ads A100 v4", "NC24ads A100 v4", series, "Consumption", "1 Hour", 3.673)
	f.Add(200, "", `{"Items": [`+good+`], "NextPageLink": null}`)
	f.Add(200, "", `{"Items": [`+strings.Replace(good, "3.673", "-3.673", 1)+`], "NextPageLink": "?$skip=100"}`)
	f.Add(200, "", `{"Items": [`+strings.Replace(good, "3.673", "1e999", 1)+`]}`)
	f.Add(200, "", `{"Items": [`+good+`], "NextPageLink": "https://elsewhere.example.com/x"}`)
	f.Add(200, "", `{"Items": [`+good+`], "NextPageLink": "//elsewhere.example.com/x"}`)
	f.Add(200, "", `{"Items": [`+good+`], "NextPageLink": "https://u:p@prices.example.com:443/x"}`)
	f.Add(429, "9223372036854775807", "")
	f.Add(503, "-1", "<html>")
	f.Add(200, "", "null")
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		asked := 0
		client := Client{
			URL: "https://prices.example.com/api",
			Wait: func(_ context.Context, d time.Duration) error {
				if d < 0 || d > maxWait {
					t.Fatalf("%q: a wait of %s", after, d)
				}
				return nil
			},
			HTTP: &http.Client{Transport: answer(func(r *http.Request) (*http.Response, error) {
				if r.URL.Hostname() != "prices.example.com" || r.URL.Scheme != "https" {
					t.Fatalf("asked %s", r.URL)
				}
				if asked++; asked > maxPages*attempts {
					t.Fatal("it asks on and on")
				}
				if asked > 10 {
					return nil, errors.New("enough")
				}
				return &http.Response{
					StatusCode: status,
					Status:     http.StatusText(status),
					Header:     http.Header{"Retry-After": {after}},
					Body:       io.NopCloser(strings.NewReader(body)),
				}, nil
			})},
		}
		p, err := client.Prices(context.Background(), []string{"eastus"}, "2026-01-01")
		if err != nil {
			return
		}
		for _, size := range p.Sizes("eastus") {
			if c := p.Price("eastus", size, "on-demand"); c.Known && !(c.USD > 0) {
				t.Fatalf("%q: %s costs %v", body, size, c)
			}
		}
	})
}

type answer func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }
