// SPDX-License-Identifier: Apache-2.0

// Package schematest checks documents against JSON schemas, in tests. It knows the keywords that our own schema and
// those of SARIF, SPDX and goreleaser use, and refuses schemas with any other:
//
//	schema, err := schematest.Parse(text)
//	if fault := schema.Check(document); fault != "" {
//		t.Error(fault)
//	}
package schematest
