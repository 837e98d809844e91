// SPDX-License-Identifier: Apache-2.0

// Package notify tells people what has happened to Workspaces: in Slack or Teams, by e-mail, or to any webhook. It is
// the only package with shoutrrr.
//
// A receiver is one URL of shoutrrr: slack://..., smtp://..., generic://..., or teams+https://.... Such URLs hold
// tokens, so they come from a file or from the environment, are read again for each message, and appear in no error and
// no log: a receiver is named by its scheme and its place in the list.
//
//	n := notify.New(notify.Options{Cluster: "demo", URLs: urls, Log: log})
//	go n.Run(ctx)
//	n.Tell(transitions.Between(before, after), time.Now())
//
// Tell never waits. What the filter leaves out, and what was told a short time ago, is not told.
package notify
