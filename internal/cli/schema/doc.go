// SPDX-License-Identifier: Apache-2.0

// Package schema combines the JSON schemas of all files that syncer reads into one, for editors. The parts follow from
// the types that read these files. Pure.
package schema
