// SPDX-License-Identifier: Apache-2.0

// Package archtest holds the rules of the architecture as a test: who may import whom, which libraries stay behind
// which fence, and which packages are pure.
package archtest
