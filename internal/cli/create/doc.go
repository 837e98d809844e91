// SPDX-License-Identifier: Apache-2.0

// Package create checks a new Workspace as "syncer validate" does, and writes its file.
package create
