// SPDX-License-Identifier: Apache-2.0

// Package takeover finds the objects that KAITO made in a cluster, and carries out the steps of package adoption. A
// step is one request that names the version of the object that was seen, so that it changes this one or nothing.
package takeover
