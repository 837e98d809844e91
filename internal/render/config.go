package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/workspace"
)

// annotationConfig is on pods that read a ConfigMap of the repository. It is a digest of the content: what reads its
// configuration only when it starts has to be started again when the content changes, and for nothing else.
const annotationConfig = "syncer.dev/config"

// mountConfig mounts the ConfigMap that the Workspace names, if it names one.
func mountConfig(p *pod, name string, w *workspace.Workspace, o Options) {
	if name == "" {
		return
	}
	p.volume("config-volume", configDir, object{"configMap": object{"name": name}})
	if data := configMap(o.Objects, w.Namespace, name); data != nil {
		// Maps of strings always can be encoded, and are encoded in the order of their keys.
		text, _ := json.Marshal(data)
		sum := sha256.Sum256(text)
		p.config = hex.EncodeToString(sum[:8])
	}
}

// configMap returns the data of a ConfigMap of the repository, or nil when it holds none of that name.
func configMap(objects []workspace.Object, namespace, name string) map[string]string {
	for _, o := range objects {
		meta, _ := o.Content["metadata"].(object)
		ns, _ := meta["namespace"].(string)
		if o.Content["kind"] != "ConfigMap" || meta["name"] != name || (ns != namespace && (ns != "" || namespace != "default")) {
			continue
		}
		data := map[string]string{}
		values, _ := o.Content["data"].(object)
		for k, v := range values {
			data[k], _ = v.(string)
		}
		return data
	}
	return nil
}

// resultsDir is the folder that a training configuration names for its results. Like KAITO it takes every path for one below
// /mnt, and /mnt/output when there is none. A configuration that is not in the repository cannot be read; it is taken to be like
// the default one.
func resultsDir(data map[string]string) (string, error) {
	if data == nil {
		return "/mnt/results", nil
	}
	var config struct {
		Training struct {
			Arguments struct {
				OutputDir string `json:"output_dir"`
			} `json:"TrainingArguments"`
		} `json:"training_config"`
	}
	if err := yaml.Unmarshal([]byte(data["training_config.yaml"]), &config); err != nil {
		return "", fmt.Errorf("read training_config.yaml: %w", err)
	}
	dir := config.Training.Arguments.OutputDir
	if dir == "" {
		return "/mnt/output", nil
	}
	if dir != "/mnt" && !strings.HasPrefix(dir, "/mnt/") {
		dir = path.Join("/mnt", dir)
	}
	dir = path.Clean(dir)
	for _, taken := range []string{configDir, dataDir} {
		if dir == taken || strings.HasPrefix(dir, taken+"/") {
			return "", fmt.Errorf("output_dir %s is in %s, which holds something else", dir, taken)
		}
	}
	if dir == "/mnt" || !strings.HasPrefix(dir, "/mnt") {
		return "", fmt.Errorf("output_dir %q is not a folder below /mnt", config.Training.Arguments.OutputDir)
	}
	return dir, nil
}

// urlList joins URLs by spaces, which is how the script that fetches them takes them. A space within one cannot pass: it is
// escaped, as it should have been.
func urlList(urls []string) (string, error) {
	var out []string
	for i, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return "", fmt.Errorf("tuning.input.urls[%d] is not an http or https URL", i)
		}
		u.RawQuery = strings.ReplaceAll(u.RawQuery, " ", "%20")
		text := u.String()
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return "", errors.New("tuning.input.urls holds a control character")
		}
		out = append(out, text)
	}
	return strings.Join(out, " "), nil
}
