// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// newOptions are the options of "new": the Workspace to write.
type newOptions struct {
	Stdio

	workspace scaffold.Workspace
	file      string // "-" is standard output; empty is NAME.yaml
}

func newNew(std Stdio) *cobra.Command {
	o := newOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "new NAME --preset PRESET",
		Short: "Write a Workspace file",
		Long: `Write a Workspace that serves a model, or with --tune one that tunes it, after the checks of "syncer validate".
Existing files are never overwritten. The catalogue includes the
presets of the repository of the working folder.`,
		Example: `  syncer new phi --preset phi-4-mini-instruct -o workspaces/phi.yaml
  syncer new tune-phi --preset phi-4-mini-instruct --tune --input https://example.com/data.parquet`,
		Args: cobra.ExactArgs(1),
	}
	f, w := cmd.Flags(), &o.workspace
	f.StringVar(&w.Preset, "preset", "", "model of the catalogue: syncer presets list")
	f.StringVar(&w.Namespace, "namespace", "", "namespace (default: the file names none, which means default)")
	f.StringVar(&w.Size, "size", "", "Azure VM size (default: the cheapest that fits)")
	f.StringVar(&w.Secret, "access-secret", "", "Secret with the key HF_TOKEN (default hf-token, for gated models)")
	f.StringVarP(&o.file, "file", "o", "", `file to write; "-" is standard output (default NAME.yaml)`)
	f.BoolVar(&w.Tune, "tune", false, "tune the model instead of serving it")
	f.StringVar(&w.Method, "method", "", "with --tune: lora or qlora (default qlora)")
	f.StringArrayVar(&w.Inputs, "input", nil, "with --tune: URL of the data; may be repeated")
	f.StringVar(&w.Output, "output-image", "", "with --tune: image to push the result as")
	f.StringVar(&w.PushSecret, "push-secret", "", "with --tune: Secret to push it with (default registry-push)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w.Name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run checks the Workspace, and writes it.
func (o newOptions) run(ctx context.Context) error {
	w := o.workspace
	switch {
	case w.Preset == "":
		return errors.New("--preset is not given; see: syncer presets list")
	case !w.Tune && (len(w.Inputs) > 0 || w.Output != "" || w.Method != "" || w.PushSecret != ""):
		return errors.New("--input, --output-image, --method and --push-secret need --tune")
	}
	dir, err := presetsAt(o.Stdio, ".")
	if err != nil {
		return err
	}
	catalog, err := localCatalog(dir)
	if err != nil {
		return err
	}
	p, _ := catalog.Lookup(w.Preset)
	text := w.YAML(p)
	if err := check(ctx, text, dir, o.Stdio); err != nil {
		return err
	}
	if o.file == "-" {
		_, err := fmt.Fprint(o.Out, text)
		return err
	}
	return o.write(cmp.Or(o.file, w.Name+".yaml"), text)
}

// write creates the file.
func (o newOptions) write(name, text string) error {
	text = modeline(name) + text
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return answer.No("%s exists, and is not overwritten", name)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	diag.Fprintf(o.Err, "wrote %s\n", filepath.ToSlash(name))
	if strings.Contains(text, scaffold.ReplaceThis) {
		fmt.Fprintf(o.Err, "replace the lines marked %q in it\n", scaffold.ReplaceThis)
	}
	return nil
}

// modeline returns the first line of a file in a repository with a schema for editors, such as the example repository;
// "" elsewhere.
func modeline(file string) string {
	const schema = ".schema/syncer.json"
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return ""
	}
	for up := schema; ; up = "../" + up {
		switch {
		case source.Exists(filepath.Join(dir, schema)):
			return "# yaml-language-server: $schema=" + up + "\n"
		case source.Exists(filepath.Join(dir, ".git")) || filepath.Dir(dir) == dir:
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// localCatalog is the built-in catalogue with the presets of the repository, if it has some.
func localCatalog(dir string) (*preset.Catalog, error) {
	if dir != "" {
		return preset.Load(presets.FS, source.Folder(dir))
	}
	return preset.Load(presets.FS)
}

// check runs the checks of "syncer validate" in the working folder, without the policy of the configuration. It prints
// the problems; errors among them make the exit code 1.
func check(ctx context.Context, text, dir string, std Stdio) error {
	c := config.Default()
	c.Cluster, c.Capacity.AKS.Location = "example", source.DefaultRegion
	in, err := desired.Read(
		source.WithPresetsIn(dir, source.TextFile{Data: []byte(text)}),
		presets.FS,
		load.Options{},
		workspace.Env{},
		nil,
	)
	if err != nil {
		return err
	}
	desired, err := desired.Desire(ctx, in.Set, in.Catalog, in.Renderer, source.PolicyOf(c), desired.Observed{})
	if err != nil {
		return err
	}
	n := diag.List(desired.Problems).Errors()
	if n == 0 {
		return nil
	}
	for _, p := range desired.Problems {
		fmt.Fprintln(std.Err, diag.EscapeText(fmt.Sprintf("%s: %s", p.Severity, p.Text())))
	}
	return answer.No("no file is written: %s", answer.Plural(n, "error"))
}
