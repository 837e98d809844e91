package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/status"
)

func newStatus(std stdio) *cobra.Command {
	var output string
	var follow bool
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the Workspaces, as recorded on the status branch",
		Long:  `Show what the status branch says about the Workspaces of this cluster, with the columns of "kubectl get workspace".`,
		Example: `  syncer status
  syncer status workspace-phi-4-mini -o yaml
  syncer status -o wide --watch`,
		Args: cobra.MaximumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, wide, json or yaml")
	cmd.Flags().BoolVarP(&follow, "watch", "w", false, "go on, and print whenever something has changed")
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		print, ok := statusFormats[output]
		if !ok {
			return fmt.Errorf("-o %q is not one of table, wide, json, yaml", output)
		}
		c, err := cfg.load()
		if err != nil {
			return err
		}
		if err := c.Need("cluster", "source.url"); err != nil {
			return err
		}
		repo, err := openRepository(c, c.Source.URL)
		if err != nil {
			return err
		}
		r := recorder{repo.Branch(c.Status.Branch), c}
		var shown []byte
		for {
			reports, err := recorded(cmd.Context(), r, names)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := print(&b, reports); err != nil {
				return err
			}
			if !bytes.Equal(shown, b.Bytes()) {
				shown = b.Bytes()
				if _, err := std.out.Write(shown); err != nil {
					return err
				}
			}
			if !follow {
				if len(reports) == 0 {
					fmt.Fprintf(std.err, "no Workspaces are recorded for cluster %s on branch %s\n", c.Cluster, c.Status.Branch)
				}
				return nil
			}
			if err := sleep(cmd.Context(), min(c.Source.Interval, 2*time.Second)); err != nil {
				return err
			}
		}
	}
	return cmd
}

// sleep waits, or returns the reason why waiting ended early.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recorded returns the Reports on the status branch; of the named Workspace only, if one is named.
func recorded(ctx context.Context, r recorder, names []string) ([]status.Report, error) {
	files, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	all := status.FromFiles(files)
	if len(names) == 0 {
		return all, nil
	}
	var out []status.Report
	for _, report := range all {
		if report.Name == names[0] || report.Key.String() == names[0] {
			out = append(out, report)
		}
	}
	if len(out) == 0 {
		return nil, no("Workspace %q is not recorded", names[0])
	}
	return out, nil
}

// statusFormats are the ways to print Reports.
var statusFormats = map[string]func(io.Writer, []status.Report) error{
	"table": func(w io.Writer, r []status.Report) error { return status.Table(w, r, false) },
	"wide":  func(w io.Writer, r []status.Report) error { return status.Table(w, r, true) },
	"json":  func(w io.Writer, r []status.Report) error { return printJSON(w, statusList(r)) },
	"yaml": func(w io.Writer, r []status.Report) error {
		data, err := yaml.Marshal(statusList(r))
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	},
}

func statusList(reports []status.Report) any {
	items := []any{}
	for _, r := range reports {
		items = append(items, r.Document())
	}
	return map[string]any{"apiVersion": status.APIVersion, "kind": "WorkspaceStatusList", "items": items}
}
