// SPDX-License-Identifier: Apache-2.0

package apply

import "github.com/fluxcd/pkg/ssa"

// applyAllOptions are those with which the library is compared.
var applyAllOptions = ssa.DefaultApplyOptions()
