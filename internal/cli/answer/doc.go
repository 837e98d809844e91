// SPDX-License-Identifier: Apache-2.0

// Package answer holds what the offline commands answer: sizes, prices and presets. Each answer is a value with two
// printers, one that makes a table for people and one that makes a document for programs:
//
//	prices := answer.PricesOf(skus, list, "eastus", false)
//	err := prices.Print(os.Stdout)             // the table
//	err = answer.PrintJSON(os.Stdout, prices)  // the document
//
// The keys of the documents are a contract: they only grow. Text from files is escaped, so that it controls neither the
// terminal nor a build log.
package answer
