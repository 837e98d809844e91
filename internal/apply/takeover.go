// SPDX-License-Identifier: Apache-2.0

package apply

import "syncer.dev/syncer/internal/apply/takeover"

// TakeOver returns a client that hands objects of KAITO over to syncer, and back. Options.MayWrite is asked
// before each of its writes.
func (c *Cluster) TakeOver() *takeover.Client { return takeover.New(c.dynamic, c.client.RESTMapper()) }
