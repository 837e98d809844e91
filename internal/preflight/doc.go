// SPDX-License-Identifier: Apache-2.0

// Package preflight judges whether syncer has what it needs, before an installation and after it. Others ask Git,
// Kubernetes and Azure; this package has what they answered as Facts, and makes Lines of it: each one is in order, or
// says what is missing and which command gives it. Pure.
//
//	asked := preflight.Rights(objects)             // of install.Objects
//	lines := preflight.Judge(installation, facts)  // facts are of package inspect
package preflight
