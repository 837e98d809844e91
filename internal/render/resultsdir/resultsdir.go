// SPDX-License-Identifier: Apache-2.0

// Package resultsdir says where a training writes its results.
package resultsdir

import (
	"fmt"
	"path"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// Of returns the folder that a training configuration names for its results. As in KAITO, every path is relative
// to /mnt, and the default is /mnt/output. A configuration that is not in the repository (nil data) cannot be read;
// syncer assumes the folder of KAITO's default configuration. It is an error if the folder is in a taken one, or is not
// below /mnt.
func Of(data map[string]string, taken ...string) (string, error) {
	if data == nil {
		return "/mnt/results", nil
	}
	var config struct {
		Training struct {
			Arguments struct {
				OutputDir string `yaml:"output_dir"`
			} `yaml:"TrainingArguments"`
		} `yaml:"training_config"`
	}
	docs, syntax := strictyaml.Documents([]byte(data["training_config.yaml"]))
	if syntax != nil {
		return "", fmt.Errorf("read training_config.yaml: %w", syntax)
	}
	for _, doc := range docs {
		if err := doc.Decode(&config); err != nil {
			return "", fmt.Errorf("read training_config.yaml: %w", err)
		}
	}
	dir := config.Training.Arguments.OutputDir
	if dir == "" {
		return "/mnt/output", nil
	}
	if dir != "/mnt" && !strings.HasPrefix(dir, "/mnt/") {
		dir = path.Join("/mnt", dir)
	}
	dir = path.Clean(dir)
	for _, other := range taken {
		if dir == other || strings.HasPrefix(dir, other+"/") {
			return "", fmt.Errorf("output_dir %s is in %s, which syncer uses for another volume", dir, other)
		}
	}
	if dir == "/mnt" || !strings.HasPrefix(dir, "/mnt") {
		return "", fmt.Errorf("output_dir %q is not a folder below /mnt", config.Training.Arguments.OutputDir)
	}
	return dir, nil
}
