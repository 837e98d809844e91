// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/cli/settings"
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
	c, text, err := o.settings.ForPod()
	if err != nil {
		return err
	}
	image, err := install.ImageOf(o.image, version.String())
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
		fmt.Fprint(o.Err, install.Stays(c.Namespaces, c.Status.Branch))
	}
	out, err := install.YAML(objects)
	if err != nil {
		return err
	}
	_, err = io.WriteString(o.Out, out)
	return err
}
