// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"context"
	"fmt"
	"path"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// Where a kustomization reads files from. Either way that is the tree alone, which Check has gathered.
const (
	// belowFolder is what the kustomize command does without flags: from below its own folder.
	belowFolder = types.LoadRestrictionsRootOnly
	// anywhere is from the whole tree, as Flux does, and kustomize with --load-restrictor LoadRestrictionsNone.
	anywhere = types.LoadRestrictionsNone
)

// buildTimeout bounds one build. The largest tree that Check allows takes a small part of it.
const buildTimeout = 30 * time.Second

// loadSchema parses the OpenAPI schema that is built into Kustomize, which then keeps it for the life of the process:
// parsing it takes several times as long as a build. Sharing it is safe because only the field "openapi" could change
// it, and Check refuses that field. Once it is loaded, builds may run in parallel.
var loadSchema = sync.OnceFunc(func() { openapi.Schema() })

// BuildYAML builds a folder of a checked tree and returns YAML documents.
func BuildYAML(ctx context.Context, t Tree, dir string) ([]byte, error) {
	return build(ctx, t, dir, belowFolder, resmap.ResMap.AsYaml)
}

// BuildObjects builds a folder of a checked tree and returns objects in Kustomize's order.
func BuildObjects(ctx context.Context, t Tree, dir string) ([]*unstructured.Unstructured, error) {
	return build(ctx, t, dir, belowFolder, toObjects)
}

// toObjects decodes the result of a build.
func toObjects(built resmap.ResMap) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, r := range built.Resources() {
		text, err := r.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", r.CurId(), err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(text); err != nil {
			return nil, fmt.Errorf("decode %s: %w", r.CurId(), err)
		}
		out = append(out, u)
	}
	return out, nil
}

// build runs Kustomize on a folder of a checked tree and converts the result with read.
//
// Kustomize takes no context and panics on some malformed input. So it runs in its own goroutine: a panic becomes an
// error. When ctx ends or the timeout expires first, build returns and the goroutine ends by itself; Check bounds how
// long that takes. Kustomize also calls log.Fatal on some input: see GuardLog.
func build[T any](
	ctx context.Context,
	t Tree,
	dir string,
	reach types.LoadRestrictions,
	read func(resmap.ResMap) (T, error),
) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	loadSchema()
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("kustomize panicked: %v", p)}
			}
			done <- r
		}()
		fsys, err := t.fileSystem()
		if err != nil {
			r.err = err
			return
		}
		// By default there are no plugins.
		options := krusty.MakeDefaultOptions()
		options.LoadRestrictions = reach
		options.Reorder = krusty.ReorderOptionUnspecified // as the kustomize command does
		built, err := krusty.MakeKustomizer(options).Run(fsys, path.Join("/", dir))
		if err != nil {
			r.err = err
			return
		}
		r.value, r.err = read(built)
	}()
	timeout := time.NewTimer(buildTimeout)
	defer timeout.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timeout.C:
		return none, fmt.Errorf("kustomize takes longer than %s", buildTimeout)
	}
}
