// SPDX-License-Identifier: Apache-2.0

package reconcile

import "time"

// Step is a part of a pass whose duration is measured.
type Step string

// The steps. A pass leaves out those that it does not need.
const (
	StepFetch   Step = "fetch"   // read the tip of the source
	StepObserve Step = "observe" // read the cluster
	StepPlan    Step = "plan"    // compute the plan, with the dry runs of the API server
	StepApply   Step = "apply"   // write objects
	StepRecord  Step = "record"  // push a status commit
	StepPass    Step = "pass"    // all of the pass
)

// Ran is one run of a step.
type Ran struct {
	Step         Step
	Began, Ended time.Time
}

// timed measures a step until the function that it returns is called.
func (p *pass) timed(s Step) func() {
	began := time.Now()
	return func() {
		ended := time.Now()
		p.out.Took[s] += ended.Sub(began)
		p.out.Ran = append(p.out.Ran, Ran{s, began, ended})
	}
}

// ended measures the pass.
func (p *pass) ended() { p.out.Took[StepPass] = time.Since(p.began) }
