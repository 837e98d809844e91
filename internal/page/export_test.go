// SPDX-License-Identifier: Apache-2.0

package page

import "time"

// SetNow replaces the clock of a page.
func SetNow(p *Page, now func() time.Time) { p.now = now }
