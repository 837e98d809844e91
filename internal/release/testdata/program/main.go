// SPDX-License-Identifier: Apache-2.0

// Command program stands for syncer in tests: it links one module.
package main

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

func main() {
	var g errgroup.Group
	g.Go(func() error { _, err := fmt.Println("hello"); return err })
	_ = g.Wait()
}
