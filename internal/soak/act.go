// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/cluster"
)

// act lets one thing happen.
func (w *world) act(ctx context.Context, mayKill bool) {
	actions := []struct {
		name string
		do   func(context.Context) bool
	}{
		{"push", w.pushFile},
		{"push", w.pushFile},
		{"push", w.pushFile},
		{"remove", w.removeFile},
		{"break", w.breakFile},
		{"delete an object", w.deleteObject},
		{"delete an object", w.deleteObject},
		{"change an object", w.changeObject},
		{"change an object", w.changeObject},
		{"Azure fails", w.azureFails},
		{"Azure is down", w.azureDown},
		{"the status is changed", w.changeStatus},
	}
	if mayKill {
		actions = append(actions, struct {
			name string
			do   func(context.Context) bool
		}{"kill", w.kill})
	}
	a := actions[w.rng.IntN(len(actions))]
	if !a.do(ctx) {
		return
	}
	w.did[a.name]++
	if w.verbose {
		fmt.Println("soak:", a.name)
	}
}

// The files that come and go.
var names = []string{"a", "b", "c", "d", "e", "f"}

const workspaceFile = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: model-%[1]s
  annotations: {revision: "%[2]d"}
resource:
  instanceType: %[3]s
  labelSelector:
    matchLabels: {app: model-%[1]s}
inference:
  preset:
    name: phi-4-mini-instruct
`

func (w *world) path(name string) string { return filepath.Join(w.work, "workspaces", name+".yaml") }

func (w *world) pick() string { return names[w.rng.IntN(len(names))] }

func (w *world) pushFile(ctx context.Context) bool {
	name := w.pick()
	size := []string{"auto", "Standard_NC24ads_A100_v4"}[w.rng.IntN(2)]
	return w.write(ctx, name, fmt.Sprintf(workspaceFile, name, w.rng.IntN(100), size))
}

func (w *world) breakFile(ctx context.Context) bool {
	return w.write(ctx, w.pick(), "kind: Workspace\nx: [")
}

func (w *world) write(ctx context.Context, name, text string) bool {
	if err := os.WriteFile(w.path(name), []byte(text), 0o644); err != nil {
		w.Fatalf("%v", err)
	}
	return w.commit(ctx, "Change "+name)
}

func (w *world) removeFile(ctx context.Context) bool {
	name := w.pick()
	files, _ := filepath.Glob(w.path("*"))
	if len(files) < 2 || os.Remove(w.path(name)) != nil {
		return false
	}
	return w.commit(ctx, "Remove "+name)
}

var kinds = []schema.GroupVersionResource{
	{Version: "v1", Resource: "services"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
}

// object picks an object that syncer applied.
func (w *world) object(ctx context.Context) (schema.GroupVersionResource, string) {
	kind := kinds[w.rng.IntN(len(kinds))]
	list, err := w.objects.Resource(kind).Namespace("default").List(ctx,
		metav1.ListOptions{LabelSelector: cluster.LabelManagedBy + "=" + cluster.ManagedBy})
	if err != nil || len(list.Items) == 0 {
		return kind, ""
	}
	return kind, list.Items[w.rng.IntN(len(list.Items))].GetName()
}

func (w *world) deleteObject(ctx context.Context) bool {
	kind, name := w.object(ctx)
	return name != "" && w.objects.Resource(kind).Namespace("default").Delete(ctx, name, metav1.DeleteOptions{}) == nil
}

func (w *world) changeObject(ctx context.Context) bool {
	kind, name := w.object(ctx)
	if name == "" {
		return false
	}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":%q,"by":"hand"},`+
		`"annotations":{"syncer.dev/inputs":"other"}}}`, cluster.ManagedBy)
	_, err := w.objects.Resource(kind).Namespace("default").Patch(ctx, name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: "soak"})
	return err == nil
}

// azureFails makes Azure refuse the next write.
func (w *world) azureFails(context.Context) bool {
	w.azure.Inject(armsim.Fault{Method: "PUT", Status: 500, Code: "InternalServerError", Message: "try again"})
	return true
}

// azureDown makes Azure unreachable for some seconds.
func (w *world) azureDown(ctx context.Context) bool {
	w.azure.Down()
	pause(ctx, everyAction)
	w.azure.Up()
	return true
}

// changeStatus commits to the status branch what syncer has not recorded.
func (w *world) changeStatus(ctx context.Context) bool {
	other := filepath.Join(w.dir, "status")
	if _, err := os.Stat(other); err != nil {
		if w.git(ctx, "clone", "-q", "-b", statusBranch, w.repo, other) != nil {
			return false // there is none yet
		}
	}
	if w.git(ctx, "-C", other, "pull", "-q", "--rebase") != nil {
		return false
	}
	file := filepath.Join(other, "status", clusterName, "README.md")
	if err := os.WriteFile(file, []byte("changed by hand\n"), 0o644); err != nil {
		return false
	}
	return w.git(ctx, "-C", other, "commit", "-q", "-a", "-m", "Change the status") == nil &&
		w.git(ctx, "-C", other, "push", "-q") == nil
}

// kill ends syncer without warning, and starts it again.
func (w *world) kill(ctx context.Context) bool {
	w.daemon.kill()
	w.startDaemon()
	pause(ctx, everyAction)
	return true
}
