package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// tuning is the overlay of a preset that is fine-tuned.
func tuning(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (overlay, error) {
	t := w.Tuning
	switch {
	case t.Preset == nil:
		return overlay{}, errors.New("tuning needs a preset")
	case p.Tuning == nil:
		return overlay{}, fmt.Errorf("preset %s cannot be tuned", p.Name)
	case t.Input == nil || t.Output == nil:
		return overlay{}, errors.New("tuning needs an input and an output")
	}
	over := overlay{base: "base/tuning", workload: "Job"}
	pod := newPod(w, at)
	pod.pullSecrets = slices.Clone(t.Preset.Options.ImagePullSecrets)
	pod.arg("--num_processes="+strconv.Itoa(pod.gpus), "/workspace/tfs/fine_tuning.py")
	for _, name := range slices.Sorted(maps.Keys(p.Tuning.Env)) {
		pod.env = append(pod.env, variable(name, p.Tuning.Env[name]))
	}

	results, err := tuningConfig(&pod, &over, w, o)
	if err != nil {
		return overlay{}, err
	}
	// Components put their init containers in front of those that are there already. So the pusher is added first, and the
	// weights come first in the end.
	if err := tuningOutput(&pod, &over, t, p, results); err != nil {
		return overlay{}, err
	}
	if err := tuningInput(&pod, &over, t); err != nil {
		return overlay{}, err
	}
	if image := modelImage(t.Preset); image != "" {
		over.components = append(over.components, "components/model-image")
		pod.pullModel(image)
		pod.volume("model-weights-volume", weightsDir, object{"emptyDir": object{}})
		return tuningPatches(over, pod, w), nil
	}
	over.components = append(over.components, "components/weights")
	revision := p.Revision
	if revision == "" {
		revision = "main"
	}
	pod.initEnv["model-weights-downloader"] = list{variable("MODEL_REPO", p.Repo), variable("MODEL_REVISION", revision)}
	if secret := t.Preset.Options.ModelAccessSecret; secret != "" {
		pod.initEnv["model-weights-downloader"] = append(pod.initEnv["model-weights-downloader"], token(secret))
	}

	return tuningPatches(over, pod, w), nil
}

// tuningPatches finishes the overlay with what was gathered for its pod.
func tuningPatches(over overlay, pod pod, w *workspace.Workspace) overlay {
	spec := object{"suspend": hole{absent{}}}
	if w.Suspended() {
		spec["suspend"] = hole{true}
	}
	over.patches = append(over.patches, pod.patch("Job", w.Name, spec))
	if profile := w.MIGProfile(); profile != "" {
		over.patches = append(over.patches, migToleration("Job", profile))
	}
	return over
}

// tuningConfig mounts the training configuration, which is that of the method when the Workspace names none, and returns the
// folder in which the training leaves its results.
func tuningConfig(pod *pod, over *overlay, w *workspace.Workspace, o Options) (results string, err error) {
	name := w.Tuning.Config
	if name == "" {
		method := strings.ToLower(w.Tuning.Method)
		if m := preset.Method(method); m != preset.LoRA && m != preset.QLoRA {
			return "", fmt.Errorf("tuning.method %q is neither lora nor qlora", w.Tuning.Method)
		}
		name = trainingConfig(w.Tuning)
		if configMap(o.Objects, w.Namespace, name) == nil {
			over.shared = "base/" + method + "-params"
		}
	}
	mountConfig(pod, name, w, o)
	return resultsDir(configMap(o.Objects, w.Namespace, name))
}

// tuningInput brings the training data to /mnt/data.
func tuningInput(pod *pod, over *overlay, t *workspace.Tuning) error {
	const name = "data-volume"
	source := object{"emptyDir": object{}}
	switch in := t.Input; {
	case len(in.URLs) > 0:
		urls, err := urlList(in.URLs)
		if err != nil {
			return err
		}
		over.components = append(over.components, "components/fetch-urls")
		pod.initEnv["data-downloader"] = list{variable("DATA_URLS", urls)}
	case in.Image != "":
		pod.pull("puller", *in, dataDir, object{"name": name, "mountPath": dataDir})
	case in.Volume != nil:
		source = in.Volume
	default:
		return errors.New("tuning.input needs urls, an image or a volume")
	}
	pod.volume(name, "", source) // mounted by the base
	return nil
}

// tuningOutput gives the results a place, and pushes them when they are to become an image.
func tuningOutput(pod *pod, over *overlay, t *workspace.Tuning, p preset.Preset, results string) error {
	const name = "results-volume"
	if t.Output.Volume != nil {
		pod.volume(name, results, t.Output.Volume)
		return nil
	}
	if t.Output.Image == "" || t.Output.ImagePushSecret == "" {
		return errors.New("tuning.output needs a volume, or an image with a push secret")
	}
	pod.volume(name, results, object{"emptyDir": object{}})
	over.components = append(over.components, "components/push-image")
	result := variable("PUSH_RESULT", results+"/.push-result")
	pod.env = append(pod.env, result)
	pod.initEnv["pusher"] = list{
		variable("MODEL_NAME", p.Name), variable("OUTPUT_IMAGE", imageReference(t.Output.Image)),
		result, variable("RESULTS_DIR", results),
	}
	pod.initMounts["pusher"] = list{object{"name": name, "mountPath": results}}
	pod.volume("docker-config", "", object{"secret": object{
		"secretName": t.Output.ImagePushSecret,
		"items":      list{object{"key": ".dockerconfigjson", "path": "config.json"}},
	}})
	return nil
}
