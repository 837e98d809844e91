// SPDX-License-Identifier: Apache-2.0

// Package fields says what the files of the status branch hold, field by field, and turns them into bytes and back.
package fields
