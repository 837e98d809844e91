// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "docsite:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: docsite stage|check DIR, in the root of the repository")
	}
	switch dir := args[1]; args[0] {
	case "stage":
		s, err := read(os.DirFS("."))
		if err != nil {
			return err
		}
		return s.stage("site", dir)
	case "check":
		pages, err := check(os.DirFS(dir))
		if err != nil {
			return err
		}
		fmt.Printf("%s/index.html: %d pages, every link and anchor leads somewhere\n", dir, pages)
		return nil
	default:
		return fmt.Errorf("%s is neither stage nor check", args[0])
	}
}
