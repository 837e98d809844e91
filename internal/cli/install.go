// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/installing"
	"syncer.dev/syncer/internal/install"
)

// installOptions are the options of "install".
type installOptions struct {
	Stdio
	installing.Options
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
	f.StringVar(&o.Image, "image", "", "image, with a tag or a digest (default: that of this release)")
	f.Int32Var(&o.Replicas, "replicas", 2, "number of pods, of which one leads")
	f.BoolVar(&o.Rights, "rights", false, "print the roles and their bindings alone, with the namespace")
	f.StringVar(&o.ClientID, "client-id", "", "client ID of the managed identity as which syncer signs in to Azure")
	return cmd
}

func newUninstall(std Stdio) *cobra.Command {
	o := installOptions{std, installing.Options{Image: install.Repository, Remove: true}}
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
	configFlags(cmd, o.Stdio, &o.Settings)
	cmd.Flags().StringVar(&o.Namespace, "namespace", install.Name, "namespace of syncer itself")
}

func (o installOptions) run(context.Context) error {
	return installing.Print(o.Out, o.Err, o.Options)
}
