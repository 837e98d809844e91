// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
)

func init() { plan.DocumentOf = document.Of }
