// SPDX-License-Identifier: Apache-2.0

package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/wait"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/outbound"
)

// DefaultURL is where Azure serves its price list.
const DefaultURL = "https://prices.azure.com/api/retail/prices"

const (
	apiVersion = "2023-01-01-preview"
	// maxPages and maxPage bound the answers of the server; a region has about 60 pages of 100 prices.
	maxPages = 500
	maxPage  = 8 << 20
	// attempts bounds the requests for one page, because the service throttles.
	attempts = 5
	maxWait  = time.Minute
	parallel = 4 // regions at a time
)

// pageDelays holds the delays before a retry: one second, doubling. A longer Retry-After of the service wins.
var pageDelays = wait.Backoff{Duration: time.Second, Factor: 2, Steps: attempts}

// Client reads prices. Its zero value is ready for use.
type Client struct {
	URL       string // DefaultURL when empty
	HTTP      *http.Client
	UserAgent string
	// Wait pauses before a retry; clock.Sleep if nil.
	Wait func(ctx context.Context, d time.Duration) error
}

// Prices reads the on-demand and spot prices of all sizes of the N series in the regions, in US dollars per hour. It
// fails if one region fails, because sizing takes a missing price for a size that Azure does not offer.
func (c Client) Prices(ctx context.Context, regions []string, date string) (capacity.Prices, error) {
	onDemand, spot := make([]map[string]float64, len(regions)), make([]map[string]float64, len(regions))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, region := range regions {
		g.Go(func() (err error) {
			onDemand[i], spot[i], err = c.region(ctx, region)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return capacity.Prices{}, err
	}
	byRegion := func(tables []map[string]float64) map[string]map[string]float64 {
		out := map[string]map[string]float64{}
		for i, t := range tables {
			if len(t) > 0 {
				out[regions[i]] = t
			}
		}
		return out
	}
	return capacity.NewPrices(date, c.base(), byRegion(onDemand), byRegion(spot)), nil
}

func (c Client) base() string {
	if c.URL == "" {
		return DefaultURL
	}
	return c.URL
}

// page is one page of the answer; Azure's names.
type page struct {
	Items        []item
	NextPageLink string
}

type item struct {
	ArmSkuName    string  `json:"armSkuName"`
	ArmRegionName string  `json:"armRegionName"`
	RetailPrice   float64 `json:"retailPrice"`
	CurrencyCode  string  `json:"currencyCode"`
	SkuName       string  `json:"skuName"`
	MeterName     string  `json:"meterName"`
	ProductName   string  `json:"productName"`
	Type          string  `json:"type"`
	UnitOfMeasure string  `json:"unitOfMeasure"`
}

// region reads all pages of one region.
func (c Client) region(ctx context.Context, region string) (onDemand, spot map[string]float64, err error) {
	if strings.ContainsAny(region, "'&?#% ") || region == "" {
		return nil, nil, fmt.Errorf("%q is not the name of a region", region)
	}
	first, err := url.Parse(c.base())
	if err != nil {
		return nil, nil, fmt.Errorf("address of the price list: %w", err)
	}
	first.RawQuery = url.Values{
		"api-version":  {apiVersion},
		"currencyCode": {"'USD'"},
		"$filter": {
			"priceType eq 'Consumption' and serviceFamily eq 'Compute' and serviceName eq 'Virtual Machines' and " +
				"contains(armSkuName, 'Standard_N') and armRegionName eq '" + region + "'",
		},
	}.Encode()
	onDemand, spot = map[string]float64{}, map[string]float64{}
	next := first.String()
	for n := 0; next != ""; n++ {
		if n == maxPages {
			return nil, nil, fmt.Errorf("prices of %s: more than %d pages", region, maxPages)
		}
		p, err := c.page(ctx, next)
		if err != nil {
			return nil, nil, fmt.Errorf("prices of %s: %w", region, err)
		}
		for _, i := range p.Items {
			i.into(region, onDemand, spot)
		}
		if next, err = follow(first, p.NextPageLink); err != nil {
			return nil, nil, fmt.Errorf("prices of %s: %w", region, err)
		}
	}
	return onDemand, spot, nil
}

// into records the price of a Linux node of the N series and ignores other items. Prices for Windows include a licence;
// "Low Priority" is an older kind of spot that AKS does not offer. If a size has several meters, the most expensive one
// counts, so that limits hold.
func (i item) into(region string, onDemand, spot map[string]float64) {
	name := strings.TrimSpace(i.ArmSkuName)
	switch {
	case i.Type != "Consumption",
		i.UnitOfMeasure != "1 Hour",
		i.CurrencyCode != "USD",
		!strings.EqualFold(i.ArmRegionName, region),
		!strings.HasPrefix(name, "Standard_N"),
		i.RetailPrice <= 0,
		strings.HasSuffix(i.ProductName, " Windows"),
		strings.HasSuffix(i.MeterName, " Low Priority"),
		strings.HasSuffix(i.SkuName, " Low Priority"):
	case strings.HasSuffix(i.SkuName, " Spot"):
		spot[name] = max(spot[name], i.RetailPrice)
	default:
		onDemand[name] = max(onDemand[name], i.RetailPrice)
	}
}

// follow checks that the next page is on the same server.
func follow(first *url.URL, link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := first.Parse(link)
	if err != nil {
		return "", fmt.Errorf("link to the next page: %w", err)
	}
	if u.Scheme != first.Scheme || strings.TrimSuffix(u.Host, ":443") != strings.TrimSuffix(first.Host, ":443") {
		return "", fmt.Errorf("the next page is on another server, %s", u.Host)
	}
	return u.String(), nil
}

// errAgain is a status that a retry may resolve.
type errAgain struct {
	status string
	after  time.Duration
}

func (e errAgain) Error() string { return e.status }

// page reads one page. It retries if the service throttles or fails.
func (c Client) page(ctx context.Context, address string) (page, error) {
	delay := pageDelays.DelayFunc()
	for n := 1; ; n++ {
		p, err := c.get(ctx, address)
		var again errAgain
		if !errors.As(err, &again) || n == attempts {
			return p, err
		}
		pause := max(again.after, delay())
		if pause > maxWait {
			return p, err
		}
		if err := c.wait(ctx, pause); err != nil {
			return p, err
		}
	}
}

func (c Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	return clock.Sleep(ctx, d)
}

// defaultClient is shared by all Clients without an HTTP client, to reuse connections.
var defaultClient = sync.OnceValue(func() *http.Client { return &http.Client{Transport: outbound.Transport()} })

func (c Client) get(ctx context.Context, address string) (page, error) {
	var p page
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("User-Agent", c.UserAgent)
	client := c.HTTP
	if client == nil {
		client = defaultClient()
	}
	resp, err := client.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		seconds, _ := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31)
		return p, errAgain{status: resp.Status, after: time.Duration(seconds) * time.Second}
	case resp.StatusCode != http.StatusOK:
		return p, errors.New(resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	if err != nil {
		return p, err
	}
	if len(data) > maxPage {
		return p, fmt.Errorf("a page is larger than %d bytes", maxPage)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("not a price list: %w", err)
	}
	return p, nil
}
