// SPDX-License-Identifier: Apache-2.0

// Package postponed keeps what an admission webhook asks for about one object away from all others: a webhook may
// answer 429 or 503 with the time after which to ask again, as the API server does when it is busy.
//
//	config.Wrap(postponed.Transport)          // such an answer pauses nothing, and no client repeats it
//	err := o.Check(path, body, time.Now())    // the answer, while it is not time to ask again
//	o.Note(path, body, err, time.Now())       // after each answer
package postponed
