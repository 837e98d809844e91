// SPDX-License-Identifier: Apache-2.0

// Package userpatch applies the patch that a Workspace brings along to the objects rendered for it. A patch that does
// not apply, or that changes what a patch may not, is refused at its place in the file.
package userpatch
