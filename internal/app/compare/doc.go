// SPDX-License-Identifier: Apache-2.0

// Package compare plans what two commits of one repository change: for commands, with what is live if that is asked.
package compare
