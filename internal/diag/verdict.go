// SPDX-License-Identifier: Apache-2.0

package diag

// Verdict is what a policy says about something that is not wrong by itself.
type Verdict string

// The verdicts.
const (
	Fail Verdict = "fail" // it is an error
	Warn Verdict = "warn"
	Off  Verdict = "off" // it is not reported
)

// Verdicts are all valid values.
func Verdicts() []string { return []string{string(Fail), string(Warn), string(Off)} }
