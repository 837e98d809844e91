// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// realTime is what makes a test depend on the speed of the machine, unless the test runs in a bubble of
// testing/synctest. A test that waits calls testenv.Eventually, which has no limit of its own.
var realTime = []string{
	"time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
	"context.WithTimeout", "context.WithDeadline",
}

// realTimeAllowed are the test files that use it, and why a busy machine does not make them fail.
var realTimeAllowed = map[string]string{
	"internal/clock/clock_test.go":         "it runs in a bubble",
	"internal/reconcile/property_test.go":  "the simulator runs it in a bubble",
	"internal/reconcile/reconcile_test.go": "the simulator runs it in a bubble",
	"internal/review/webhook/webhook_test.go": "it runs in a bubble",
