package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// wanted is the Workspace that "new" is to write.
type wanted struct {
	name, namespace, preset, size, secret, file string

	tune               bool
	method             string
	inputs             []string
	output, pushSecret string
}

func newNew(std stdio) *cobra.Command {
	var w wanted
	cmd := &cobra.Command{
		Use:   "new NAME --preset PRESET",
		Short: "Write a Workspace file",
		Long: `Write a Workspace that serves a model, or with --tune one that tunes it. What is written is checked as "syncer validate" does.
A file that exists is never overwritten.

A presets folder in the current folder adds to the catalogue.`,
		Example: `  syncer new phi --preset phi-4-mini-instruct
  syncer new phi --preset phi-4-mini-instruct --size Standard_NC24ads_A100_v4 -o workspaces/phi.yaml
  syncer new tune-phi --preset phi-4-mini-instruct --tune --method lora --input https://example.com/data.parquet \
    --output-image registry.example.com/phi-tuned:1 --push-secret registry-push`,
		Args: cobra.ExactArgs(1),
	}
	f := cmd.Flags()
	f.StringVar(&w.preset, "preset", "", "model of the catalogue: syncer presets list")
	f.StringVar(&w.namespace, "namespace", "", "namespace (default: none is written, which means default)")
	f.StringVar(&w.size, "size", "", "Azure VM size (default: the cheapest that fits)")
	f.StringVar(&w.secret, "access-secret", "", "Secret with the key HF_TOKEN (default, for models that need one: hf-token)")
	f.StringVarP(&w.file, "file", "o", "", `file to write; "-" is standard output (default NAME.yaml)`)
	f.BoolVar(&w.tune, "tune", false, "tune the model instead of serving it")
	f.StringVar(&w.method, "method", string(preset.QLoRA), "with --tune: lora or qlora")
	f.StringArrayVar(&w.inputs, "input", nil, "with --tune: URL of the data; may be repeated")
	f.StringVar(&w.output, "output-image", "", "with --tune: image to push the result as")
	f.StringVar(&w.pushSecret, "push-secret", "registry-push", "with --tune: Secret to push it with")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w.name = args[0]
		switch {
		case w.preset == "":
			return errors.New("--preset is not given; see: syncer presets list")
		case !w.tune && (len(w.inputs) > 0 || w.output != "" || f.Changed("method") || f.Changed("push-secret")):
			return errors.New("--input, --output-image, --method and --push-secret need --tune")
		}
		return w.write(cmd.Context(), std)
	}
	return cmd
}

// write checks the Workspace, and writes it.
func (w wanted) write(ctx context.Context, std stdio) error {
	if w.file == "" {
		w.file = w.name + ".yaml"
	}
	catalog, err := localCatalog()
	if err != nil {
		return err
	}
	p, _ := catalog.Lookup(w.preset)
	text := w.text(p)
	if err := check(ctx, text, std); err != nil {
		return err
	}
	if w.file == "-" {
		_, err := fmt.Fprint(std.out, text)
		return err
	}
	text = modeline(w.file) + text
	file, err := os.OpenFile(w.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return no("%s exists, and is not overwritten", w.file)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "wrote %s\n", filepath.ToSlash(w.file))
	if strings.Contains(text, replaceThis) {
		fmt.Fprintf(std.err, "replace what is marked %q in it\n", replaceThis)
	}
	return nil
}

// modeline is the first line of a file in a repository that has a schema for editors, as the example repository has; "" elsewhere.
func modeline(file string) string {
	const schema = ".schema/syncer.json"
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return ""
	}
	for up := schema; ; up = "../" + up {
		switch {
		case exists(filepath.Join(dir, schema)):
			return "# yaml-language-server: $schema=" + up + "\n"
		case exists(filepath.Join(dir, ".git")) || filepath.Dir(dir) == dir:
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// replaceThis marks what only the user can know.
const replaceThis = "# replace this"

// text is the Workspace as YAML.
func (w wanted) text(p preset.Preset) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("apiVersion: %s\nkind: Workspace\nmetadata:\n  name: %s", workspace.V1beta1, plainYAML(w.name))
	if w.namespace != "" {
		line("  namespace: %s", plainYAML(w.namespace))
	}
	line("resource:")
	if w.size != "" {
		line("  instanceType: %s", plainYAML(w.size))
	}
	line("  labelSelector:\n    matchLabels:\n      apps: %s", plainYAML(w.name))
	section := "inference"
	if w.tune {
		section = "tuning"
	}
	line("%s:\n  preset:\n    name: %s", section, plainYAML(w.preset))
	switch {
	case w.secret != "":
		line("    presetOptions:\n      modelAccessSecret: %s", plainYAML(w.secret))
	case p.Gated:
		line("    presetOptions:\n      modelAccessSecret: hf-token # a Secret with the key HF_TOKEN: %s", p.License)
	}
	if w.tune {
		w.tuning(line)
	}
	return b.String()
}

func (w wanted) tuning(line func(string, ...any)) {
	line("  method: %s\n  input:\n    urls:", plainYAML(w.method))
	for _, url := range w.inputs {
		line("      - %s", plainYAML(url))
	}
	if len(w.inputs) == 0 {
		line("      - https://example.com/data.parquet %s", replaceThis)
	}
	line("  output:")
	if w.output == "" {
		line("    image: registry.example.com/%s:0.0.1 %s", w.name, replaceThis)
	} else {
		line("    image: %s", plainYAML(w.output))
	}
	line("    imagePushSecret: %s", plainYAML(w.pushSecret))
}

// plainYAML writes text so that YAML reads it as text.
func plainYAML(s string) string {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-_./", r)) {
			return strconv.Quote(s)
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return strconv.Quote(s)
	}
	return s
}

// localCatalog is the built-in catalogue with the presets of the current folder.
func localCatalog() (*preset.Catalog, error) {
	if exists(localPresets) {
		return preset.Load(presets.FS, os.DirFS(localPresets))
	}
	return preset.Load(presets.FS)
}

// check looks at the Workspace as "syncer validate" would in the current folder, but without a configuration. Problems are printed, and make the answer no.
func check(ctx context.Context, text string, std stdio) error {
	c := config.Default()
	c.Cluster, c.Capacity.AKS.Location = "example", defaultRegion
	in, err := plan.Read(besidePresets{textFile{[]byte(text)}}, presets.FS, workspace.Options{}, workspace.Env{}, nil)
	if err != nil {
		return err
	}
	desired, err := plan.Desire(ctx, in.Set, in.Catalog, in.Renderer, policyOf(c), plan.Observed{})
	if err != nil {
		return err
	}
	n := countErrors(desired.Problems)
	if n == 0 {
		return nil
	}
	for _, p := range desired.Problems {
		fmt.Fprintf(std.err, "%s: %s\n", p.Severity, textOf(p))
	}
	return no("nothing is written: %s", plural(n, "error"))
}

// besidePresets is a file in a repository that has the presets folder of the current one, if there is one.
type besidePresets struct{ textFile }

// Open opens the file, or what is in the presets folder.
func (b besidePresets) Open(name string) (fs.File, error) {
	if name == localPresets || strings.HasPrefix(name, localPresets+"/") {
		return os.DirFS(".").Open(name)
	}
	return b.textFile.Open(name)
}

const localPresets = "presets"
