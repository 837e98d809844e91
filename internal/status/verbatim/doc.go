// SPDX-License-Identifier: Apache-2.0

// Package verbatim writes documents byte by byte as the YAML library writes them, and reads back exactly such bytes.
//
// A layout names the fields of a struct in their order, once for both ways:
//
//	func (p *pool) layout(c *verbatim.Codec) {
//		c.Text("name", &p.Name)            // name: wphi
//		c.OptionalNumber("nodes", &p.Nodes) // nodes: 1
//	}
//
// Both ways need no reflection, and give up where they would need more than a few rules: at text that is not ASCII or
// has several lines, at what looks like a number of a rare form. The library decides then, so that it makes no
// difference but in time. What Read accepts is what Write makes of the result: other bytes, though they may mean the
// same, are never accepted.
package verbatim
