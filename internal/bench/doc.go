// SPDX-License-Identifier: Apache-2.0

// Package bench records the results of benchmarks as rows that can be compared between runs.
//
// A benchmark measures a limit or a peer in the same run and records the ratio, so that the speed of the machine
// matters little. "make bench" runs all benchmarks and prints the rows as a table; a benchmark outside of it records
// nothing.
package bench
