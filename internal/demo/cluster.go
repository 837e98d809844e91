// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/testenv"
)

// clusterMode is the argument that leaves syncer out: "make cluster" runs a cluster for a user who installs it.
const clusterMode = "cluster"

// image is what pods of syncer name; they run the program that is built here.
const image = "example.com/syncer:demo"

// clusterSteps are those of "make cluster".
func (d *demo) clusterSteps() []step {
	return []step{
		{"build syncer", d.build},
		{"build the cluster", d.buildCluster},
		{"wait until the cluster is built", d.waitCluster},
		{"start the emulator of Azure's API, and a Kubernetes control plane", d.startForInstall},
		{"make a Git repository out of example-repo/", d.makeForInstall},
		{"wait for you", d.offer},
	}
}

// clusterDir makes the folder of "make cluster". Its name is fixed, so that a document can say it.
func (d *demo) clusterDir() error {
	d.dir = filepath.Join(d.root, "bin", clusterMode)
	if name := os.Getenv("CLUSTER_DIR"); name != "" {
		d.dir = name
	}
	err := os.Mkdir(d.dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there: another \"make cluster\" runs. If none does, remove the folder", d.dir)
	}
	return err
}

func (d *demo) startForInstall(ctx context.Context) (err error) {
	defer caught(&err)
	azure, err := armsim.Start(armsim.Options{})
	if err != nil {
		return err
	}
	d.Cleanup(func() { _ = azure.Close() })
	d.azure = azure.URL()
	c := testenv.StartCluster(d, "-nodes-from", azure.NodesURL(aksCluster), "-job-duration", "8s",
		"-run", image+"="+d.syncer())
	d.env = append(d.env, "KUBECONFIG="+c.Kubeconfig)
	fmt.Printf("    Kubernetes at %s\n    Azure at %s\n", c.URL, d.azure)
	return ctx.Err()
}

// forPod is the configuration of the syncer that the user installs.
var forPod = template.Must(template.New("").Parse(`apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: {{.Cluster}}
source:
  url: {{.URL}}
  path: workspaces
capacity:
  mode: aks
  aks:
    subscriptionID: 00000000-0000-0000-0000-000000000000
    resourceGroup: models
    cluster: {{.Cluster}}
    location: eastus
    endpoint: {{.Azure}}     # the emulator
    auth: anonymous
    interval: 2s
  limits: {hourlyCost: 100, nodes: 20}
namespaces: [default]
policy:
  review: {verdict: off}     # there is no forge here
lease: {enabled: always}     # pods of this cluster are processes: syncer does not see that it is in a pod
`))

// makeForInstall makes a repository without the file that is broken on purpose, with the configuration of this cluster.
func (d *demo) makeForInstall(ctx context.Context) error {
	d.repo = filepath.Join(d.dir, "models.git")
	if err := os.CopyFS(d.work(), os.DirFS(filepath.Join(d.root, "example-repo"))); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(d.work(), "workspaces", "broken.yaml")); err != nil {
		return err
	}
	var text strings.Builder
	if err := forPod.Execute(&text, struct{ Cluster, URL, Azure string }{d.cluster, quote(d.repo), d.azure}); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.work(), "syncer.yaml"), []byte(text.String()), 0o644); err != nil {
		return err
	}
	if err := d.initRepository(ctx); err != nil {
		return err
	}
	return d.commit(ctx, "Our models", "")
}

// offer says where everything is, and returns when a signal ends the demo.
func (d *demo) offer(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(d.dir, "env"), d.exports(), 0o600); err != nil {
		return err
	}
	fmt.Printf(`    It runs until Ctrl-C. syncer is not installed. In another terminal:

    cd %s
    . ../env        # KUBECONFIG, and the PATH to syncer

    The image %s is the syncer that was built here. docs/first-fleet.md says how to go on.

`, quote(d.work()), image)
	<-ctx.Done()
	return nil
}
