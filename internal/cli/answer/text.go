// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// Plural returns a number of things, such as "1 file" and "2 files".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// GiB converts from bytes.
func GiB(bytes int64) float64 { return float64(bytes) / (1 << 30) }

// price returns US dollars per hour with two decimals.
func price(usd *float64) string {
	if usd == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.2f", *usd)
}

// month prints the price of a month, in whole dollars, by that of an hour.
func month(hourly *float64) string {
	if hourly == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f", *hourly*capacity.HoursPerMonth)
}

// Ago says how long ago something was, in the largest unit that says enough.
func Ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
