// SPDX-License-Identifier: Apache-2.0

// Package logging makes the log of a process: one line for each record, as text or as JSON, from a level up. The
// configuration may change both while the process runs, and loggers that were made before follow.
//
//	h := logging.New(os.Stderr)
//	log := slog.New(h)
//	h.Configure(logging.JSON, slog.LevelDebug)
//
// Lines pass through the escapes of package diag, in both formats. Libraries log by the same handler: see Library.
package logging
