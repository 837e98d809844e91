// SPDX-License-Identifier: Apache-2.0

// Package retail reads Azure's public list of retail prices, which needs no credentials and covers the public cloud
// only.
package retail
