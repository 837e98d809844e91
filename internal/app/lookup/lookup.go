// SPDX-License-Identifier: Apache-2.0

// Package lookup asks public servers for facts: Azure's price list, and Hugging Face about models.
package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/retail"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/hub"
	"syncer.dev/syncer/internal/version"
)

// DefaultPricesURL is Azure's public price list.
const DefaultPricesURL = retail.DefaultURL

// Prices reads the prices of regions from the price list at url, by default Azure's. date is today's.
func Prices(ctx context.Context, url string, regions []string, date string) (capacity.Prices, error) {
	return retail.Client{URL: url, UserAgent: version.UserAgent()}.Prices(ctx, regions, date)
}

// Model reads the facts about a model at a revision from Hugging Face, or from the mirror that endpoint names. An
// error other than an answer of the server is an UnreachableHubError.
func Model(ctx context.Context, endpoint, token, repo, revision string) (derive.Input, error) {
	client, err := hub.New(cmp.Or(endpoint, hub.DefaultEndpoint), token)
	if err != nil {
		return derive.Input{}, fmt.Errorf("HF_ENDPOINT: %w", err)
	}
	in, err := client.Look(ctx, repo, revision)
	var status *hub.StatusError
	if err == nil || errors.As(err, &status) || errors.Is(err, context.Canceled) {
		return in, err
	}
	return in, &UnreachableHubError{err: err}
}

// UnreachableHubError reports that the model hub gave no usable answer.
type UnreachableHubError struct{ err error }

// Error returns the error of the request.
func (e *UnreachableHubError) Error() string { return e.err.Error() }

// Unwrap returns the error of the request.
func (e *UnreachableHubError) Unwrap() error { return e.err }
