package render

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// buildTimeout bounds one build. The largest that passes the gate takes a small part of it.
const buildTimeout = 30 * time.Second

// warm parses the OpenAPI schema that is built into Kustomize. It is kept for the life of the process: parsing it again
// for every build costs several times what a build costs. Keeping it is safe because only a kustomization with "openapi" could
// change it, which the gate refuses; once it is there, builds may run in parallel.
var warm = sync.OnceFunc(func() { openapi.Schema() })

// build runs Kustomize on a folder of the tree, which must have passed the gate, and reads what it built.
//
// Kustomize knows no context, and panics on some malformed input. So it runs in a goroutine of its own: a panic becomes an
// error, and when ctx ends first, or it takes too long, the build is left to finish by itself. The gate bounds how large it can be.
func build[T any](ctx context.Context, t tree, dir string, read func(resmap.ResMap) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	warm()
	guardLog()
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
		// By default there are no plugins, and a kustomization reads files only from below its own folder.
		options := krusty.MakeDefaultOptions()
		options.Reorder = krusty.ReorderOptionUnspecified // as the command line has it
		built, err := krusty.MakeKustomizer(options).Run(fsys, "/"+dir)
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
