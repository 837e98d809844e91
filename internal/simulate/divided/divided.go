// SPDX-License-Identifier: Apache-2.0

// Package divided is what a simulation with shards adds: two namespaces in different shards, and the judgement of
// writes by the shards of their process.
package divided

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/shard"
)

// Shards is their number.
const Shards = 2

// Namespaces are two in different shards.
var Namespaces = func() []string {
	for n := 0; ; n++ {
		if name := fmt.Sprintf("team-%d", n); shard.Of(name, Shards) != shard.Of("default", Shards) {
			return []string{"default", name}
		}
	}
}()

// Placed moves a file to a namespace, by its name alone.
func Placed(name, text string) string {
	if NamespaceOf(name) == Namespaces[0] {
		return text
	}
	return strings.Replace(text, "metadata: {name: ", "metadata: {namespace: "+Namespaces[1]+", name: ", 1)
}

// NamespaceOf returns the namespace of a Workspace or an InferenceSet, by its name.
func NamespaceOf(name string) string {
	if strings.Contains("m2 t1 s1", name) {
		return Namespaces[1]
	}
	return Namespaces[0]
}

// MayWrite asks the fences of a process with these shards.
func MayWrite(ctx context.Context, share shard.Share, namespace string) error {
	fences := shard.NewFences(Shards)
	for i := range Shards {
		if fences.Of(i).Require(time.Hour); share.Holds(i) {
			fences.Of(i).Renewed(time.Now())
		}
	}
	return fences.MayWrite(ctx, namespace)
}

// Foreign lists the files that a status commit changes, and that belong to other shards.
func Foreign(share shard.Share, before, after map[string][]byte) (names []string) {
	for name, data := range after {
		if was, exists := before[name]; (!exists || !bytes.Equal(was, data)) && !share.Owns(name) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, stays := after[name]; !stays && !share.Owns(name) {
			names = append(names, name)
		}
	}
	return names
}
