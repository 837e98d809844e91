// SPDX-License-Identifier: Apache-2.0

package pricelist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"syncer.dev/syncer/internal/app/lookup"
	"syncer.dev/syncer/internal/capacity"
)

// Refresh fetches the prices of regions, by default of all that have GPUs, into a file. address is that of the price
// list; "" for Azure's. After an error the file is unchanged.
func Refresh(
	ctx context.Context, file, address string, regions []string, now time.Time,
) (capacity.Prices, error) {
	if len(regions) == 0 {
		regions = capacity.Prices{}.Regions()
	}
	list, err := lookup.Prices(ctx, address, regions, now.UTC().Format(time.DateOnly))
	if err != nil {
		return list, fmt.Errorf("fetch prices: %w", err)
	}
	if Count(list) == 0 {
		return list, errors.New("fetch prices: the list holds no size of the N series")
	}
	if err := replaceFile(file, list.Encode()); err != nil {
		return list, fmt.Errorf("write prices: %w", err)
	}
	return list, nil
}

// Count returns the number of prices in a list.
func Count(list capacity.Prices) int {
	count := 0
	for _, r := range list.Regions() {
		count += len(list.Sizes(r))
	}
	return count
}

// replaceFile writes a file atomically: a reader sees all of the old content or all of the new.
func replaceFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".prices-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // renamed before, unless a step failed
	if _, err = tmp.Write(data); err == nil {
		err = tmp.Chmod(0o644)
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}
