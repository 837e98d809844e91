// SPDX-License-Identifier: Apache-2.0

// Package limit decides how many requests to the API server may be in flight, from how the server answers.
//
//	l := limit.New()
//	sent, err := l.Acquire(ctx)                            // waits for a place, in the order of arrival
//	l.Release(sent, limit.Answer{Class: "PATCH"})           // the next one goes
//	l.Release(sent, limit.Answer{RetryAfter: time.Second})  // 429: half as many, and none for a second
//
// The window grows by one for each window of answers while few requests wait at the server, and shrinks by one while
// many do. How many wait follows from how much longer an answer takes than the fastest one of its class: with 12
// requests in flight that take three times as long, 8 of them wait. The median counts, so that one slow object, such as
// one behind a slow webhook, slows down no other. A server that asks for a pause, as priority and fairness of the API
// server does, halves the window once for all requests that were in flight together.
package limit
