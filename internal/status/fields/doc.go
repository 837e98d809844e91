// SPDX-License-Identifier: Apache-2.0

// Package fields says what the files of the status branch hold, field by field, and turns them into bytes and back.
//
// A Workspace's status file, of which there are very many, is written and read by its layout, without reflection. That
// is faster and nothing else: bytes that syncer has not written exactly so are read by the strict parser, with its
// errors.
package fields
