// SPDX-License-Identifier: Apache-2.0

// Package catalog reads the catalogue of models as commands see it: the built-in presets, and those of a repository.
package catalog
