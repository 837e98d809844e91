// SPDX-License-Identifier: Apache-2.0

// Package access decides who may see which namespaces on the page. It grants no permission of its own: either the
// client is on this machine, or the API server knows its token (TokenReview) and says what its user may list
// (SubjectAccessReview).
//
//	scope, err := tokens.Scope(ctx, token, []string{"team-a", "team-b"}, now)
//	scope.Sees("team-a")
package access
