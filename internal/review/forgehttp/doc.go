// SPDX-License-Identifier: Apache-2.0

// Package forgehttp is what the HTTP clients of forges have in common. The token goes to one server only. Answers are
// bounded. A server that asks for a pause gets no request before it ends, and the caller a *review.LimitError. Errors
// hold no credentials.
//
// The SDKs of forges have rules of their own for all of this; one transport below them makes the rules the same.
//
//	client := forgehttp.New(forgehttp.Options{Base: base, Token: token})
//	sdk := github.NewClient(client.HTTP())
//	_, _, err := sdk.PullRequests.Get(...)
//	return client.Error("read pull request 7", err)
package forgehttp
