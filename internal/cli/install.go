// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/version"
)

// installOptions are the options of "install".
type installOptions struct {
	Stdio
	settings  settings.Settings
	namespace string
	image     string
	replicas  int32
	clientID  string
	remove    bool // print what is removed, and say what stays
}

func newInstall(std Stdio) *cobra.Command {
	o := installOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Print the Kubernetes objects that run syncer in a cluster",
		Long: `Print a namespace, a service account, exactly the rights that syncer uses, the configuration and a Deployment
of two replicas, for "kubectl apply". It contacts no server. The folder deploy of the repository has the same objects
for Kustomize, and deploy/chart for Helm. Credentials are files in ` + install.CredentialsDir + `:
the keys of the Secret ` + install.Credentials + `.`,
		Example: `  syncer install --config syncer.yaml | kubectl apply --server-side -f -
  syncer install --config syncer.yaml --image registry.example.com/syncer:v1 --client-id CLIENT`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.common(cmd)
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "image, with a tag or a digest (default: that of this release)")
	f.Int32Var(&o.replicas, "replicas", 2, "number of pods, of which one leads")
	f.StringVar(&o.clientID, "client-id", "", "client ID of the managed identity as which syncer signs in to Azure")
	return cmd
}

func newUninstall(std Stdio) *cobra.Command {
	o := installOptions{Stdio: std, image: install.Repository, remove: true}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Print the Kubernetes objects that install makes, to delete them, and say what stays",
		Long: `Print the objects of "syncer install", in the reverse order, for "kubectl delete". It contacts no server.
Models go on serving, and their nodes go on costing: standard error says what stays, and how to remove that first.`,
		Example: "  syncer uninstall --config syncer.yaml | kubectl delete -f -",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.common(cmd)
	return cmd
}

// common gives the command the flags that say which installation is meant.
func (o *installOptions) common(cmd *cobra.Command) {
	configFlags(cmd, o.Stdio, &o.settings)
	cmd.Flags().StringVar(&o.namespace, "namespace", install.Name, "namespace of syncer itself")
}

func (o installOptions) run(context.Context) error {
	c, text, err := o.configured(o.settings)
	if err != nil {
		return err
	}
	image, err := o.imageOf(version.String())
	if err != nil {
		return err
	}
	objects, err := install.Objects(install.Options{
		Namespace: o.namespace,
		Image:     image,
		Replicas:  o.replicas,
		ClientID:  o.clientID,
		Config:    text,
		Settings:  c,
		NodePools: adapters.ModeOf(c).NodePools,
		Set:       o.settings.Values(),
	})
	if err != nil {
		return err
	}
	if o.remove {
		slices.Reverse(objects)
		fmt.Fprintf(o.Err, stays, strings.Join(c.Namespaces, ", "), c.Status.Branch)
	}
	out, err := install.YAML(objects)
	if err != nil {
		return err
	}
	_, err = io.WriteString(o.Out, out)
	return err
}

// stays says what an installation leaves behind.
const stays = `These stay:
- the objects of Workspaces in the namespaces %s, which go on serving,
- the GPU pools that syncer has created, which go on costing,
- the branch %s.
To remove models and pools first, push a commit without Workspaces and with the trailer "Syncer-Allow-Empty: true", and
wait until "syncer status" shows none.
`

// configured returns the configuration that syncer will run with, and the text of its file. The environment of this
// command is not that of the pod.
func (o installOptions) configured(given settings.Settings) (config.Config, string, error) {
	if !given.Named() {
		no := diag.Errorf(diag.RequiredField, "install needs the configuration that syncer will run with")
		return config.Config{}, "", no.Suggest("name the file with --config")
	}
	_, data, err := given.Here()
	if err != nil {
		return config.Config{}, "", err
	}
	given.Env = func(name string) (string, bool) {
		if name != "SYNCER_CONFIG" {
			return "", false
		}
		return o.Env(name)
	}
	c, err := given.Load()
	if err == nil {
		err = c.Need("source.url")
	}
	if err == nil && len(c.Clusters) == 0 {
		err = c.Need("cluster")
	}
	return c, string(data), err
}

// imageOf returns the image that is asked for, or that of a release.
func (o installOptions) imageOf(built string) (string, error) {
	if o.image != "" {
		return o.image, nil
	}
	if !strings.HasPrefix(built, "v") {
		return "", fmt.Errorf("this build (%s) is no release, so that it has no image: name one with --image", built)
	}
	return install.Repository + ":" + built, nil
}
