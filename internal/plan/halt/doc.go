// SPDX-License-Identifier: Apache-2.0

// Package halt says what must not change because the source itself says so: documents of kind Suspend, and the
// annotation syncer.dev/mode: observe. Package hold says what else waits together with it.
package halt
