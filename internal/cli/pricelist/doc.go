// SPDX-License-Identifier: Apache-2.0

// Package pricelist selects what "prices" shows, and refreshes the file that it is read from.
package pricelist
