package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"syncer.dev/syncer/internal/config"
)

func newRoot(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "syncer",
		Short: "Keep a Kubernetes cluster on AKS equal to a Git repository of AI workspaces",
		Long: `syncer polls a Git repository of KAITO Workspace files, sizes and creates AKS GPU pools, server-side applies the
tuning and inference workloads, and writes status back as commits.

Exit codes: 0 yes (done, valid, no changes), 1 no (invalid, refused, or differences with --exit-code),
2 trouble (usage, configuration, network, permission), 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.AddCommand(
		newRun(std), newValidate(std), newRender(std), newSize(std), newPrices(std), newPlan(std), newStatus(std), newPresets(std), newNew(std),
		newSchema(std), newVersion(std),
	)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() { // these two answer yes to what they do not know, else
		case "completion":
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help":
			cmd.Run = nil
			cmd.RunE = func(_ *cobra.Command, args []string) error {
				about, _, err := root.Find(args)
				if err != nil {
					return err
				}
				return about.Help()
			}
		}
	}
	return root
}

// settings load the configuration of a command: from the file, the environment, and one flag for each value.
type settings struct {
	std  stdio
	path string
	set  *pflag.FlagSet
}

// defaultConfig is the configuration file, unless another is named.
const defaultConfig = "syncer.yaml"

// configFlags gives the command --config and a flag for every value of the configuration.
func configFlags(cmd *cobra.Command, std stdio) *settings {
	s := &settings{std: std, set: cmd.Flags()}
	cmd.Flags().StringVar(&s.path, "config", "", "configuration file (default "+defaultConfig+")")
	for _, f := range config.Fields() {
		cmd.Flags().String(f.Flag, "", f.Usage)
	}
	return s
}

// file returns the path of the configuration file, and its content; nil when the default one does not exist.
func (s *settings) file() (path string, data []byte, err error) {
	path = s.path
	if path == "" {
		path = defaultConfig
		if v, ok := s.std.env("SYNCER_CONFIG"); ok {
			path = v
		}
	}
	data, err = os.ReadFile(path)
	if s.path == "" && os.IsNotExist(err) {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, fmt.Errorf("read configuration: %w", err)
	}
	return path, data, nil
}

// load puts the configuration together.
func (s *settings) load() (config.Config, error) {
	path, data, err := s.file()
	if err != nil {
		return config.Config{}, err
	}
	return s.parse(path, data)
}

func (s *settings) parse(path string, data []byte) (config.Config, error) {
	flags := map[string]string{}
	for _, f := range config.Fields() {
		if flag := s.set.Lookup(f.Flag); flag != nil && flag.Changed {
			flags[f.Path] = flag.Value.String()
		}
	}
	c, err := config.Load(path, data, s.std.env, flags)
	if err != nil {
		return c, err
	}
	_, err = readPrices(c.Capacity.Prices)
	return c, err
}

// exists reports whether a file is there.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
