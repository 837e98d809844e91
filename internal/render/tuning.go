// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/address"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/render/resultsdir"
	"syncer.dev/syncer/internal/workspace"
)

// tuning returns the overlay of a Workspace that fine-tunes a preset.
func tuning(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (overlay.Overlay, error) {
	t := w.Tuning
	switch {
	case t.Preset == nil:
		return overlay.Overlay{}, errors.New("tuning needs a preset")
	case p.Tuning == nil:
		return overlay.Overlay{}, fmt.Errorf("preset %s cannot be tuned", p.Name)
	case t.Input == nil || t.Output == nil:
		return overlay.Overlay{}, errors.New("tuning needs an input and an output")
	}
	over := overlay.Overlay{Base: "base/tuning", Workload: "Job"}
	pod := newPod(w, at)
	pod.pullSecrets = slices.Clone(t.Preset.Options.ImagePullSecrets)
	pod.arg("--num_processes="+strconv.Itoa(pod.gpus), "/workspace/tfs/fine_tuning.py")
	for _, name := range slices.Sorted(maps.Keys(p.Tuning.Env)) {
		pod.env = append(pod.env, variable(name, p.Tuning.Env[name]))
	}

	results, err := tuningConfig(&pod, &over, w, o)
	if err != nil {
		return overlay.Overlay{}, err
	}
	// A component puts its init container before the existing ones. So the pusher comes first here, and the download of
	// the weights comes first in the pod.
	if err := tuningOutput(&pod, &over, t, results); err != nil {
		return overlay.Overlay{}, err
	}
	if err := tuningInput(&pod, &over, t); err != nil {
		return overlay.Overlay{}, err
	}
	if image := t.Preset.ModelImage(); image != "" {
		over.Components = append(over.Components, "components/model-image")
		pod.pullModel(image)
		pod.volume("model-weights-volume", weightsDir, memo.Object{"emptyDir": memo.Object{}})
		return tuningPatches(over, pod, w, at.Paused), nil
	}
	over.Components = append(over.Components, "components/weights")
	revision := p.Revision
	if revision == "" {
		revision = "main"
	}
	pod.initEnv["model-weights-downloader"] = memo.List{
		variable("MODEL_REPO", p.Repo),
		variable("MODEL_REVISION", revision),
	}
	if secret := t.Preset.Options.ModelAccessSecret; secret != "" {
		pod.initEnv["model-weights-downloader"] = append(pod.initEnv["model-weights-downloader"], token(secret))
	}

	return tuningPatches(over, pod, w, at.Paused), nil
}

// tuningPatches adds the patches of the Job to the overlay.
func tuningPatches(over overlay.Overlay, pod pod, w *workspace.Workspace, paused bool) overlay.Overlay {
	spec := memo.Object{"suspend": memo.Placeholder{Value: memo.Omit{}}}
	if w.Suspended() || paused {
		spec["suspend"] = memo.Placeholder{Value: true}
	}
	over.Patches = append(over.Patches, pod.patch("Job", w.Name, spec))
	if profile := w.MIGProfile(); profile != "" {
		over.Patches = append(over.Patches, migToleration("Job", profile))
	}
	return over
}

// tuningConfig mounts the training configuration, by default that of the method, and returns the folder in which the
// training writes its results.
func tuningConfig(pod *pod, over *overlay.Overlay, w *workspace.Workspace, o Options) (results string, err error) {
	name := w.Tuning.Config
	if name == "" {
		method := strings.ToLower(w.Tuning.Method)
		if m := preset.Method(method); m != preset.LoRA && m != preset.QLoRA {
			return "", fmt.Errorf("tuning.method %q is neither lora nor qlora", w.Tuning.Method)
		}
		name = trainingConfig(w.Tuning)
		if configMap(o.Objects, w.Namespace, name) == nil {
			over.Shared = "base/" + method + "-params"
		}
	}
	mountConfig(pod, name, w, o)
	return resultsdir.Of(configMap(o.Objects, w.Namespace, name), configDir, dataDir)
}

// tuningInput puts the training data into /mnt/data, and that of an image into /mnt/data/data, where KAITO has it.
func tuningInput(pod *pod, over *overlay.Overlay, t *workspace.Tuning) error {
	const name = "data-volume"
	source := memo.Object{"emptyDir": memo.Object{}}
	switch in := t.Input; {
	case len(in.URLs) > 0:
		urls, err := address.URLList(in.URLs)
		if err != nil {
			return err
		}
		over.Components = append(over.Components, "components/fetch-urls")
		pod.initEnv["data-downloader"] = memo.List{variable("DATA_URLS", urls)}
	case in.Image != "":
		pod.pull(pullScript+linkScript, *in, unpacked{
			container: "puller",
			volume:    name,
			mount:     dataDir,
			dir:       dataDir + "/data",
		})
	case in.Volume != nil:
		source = in.Volume
	default:
		return errors.New("tuning.input needs urls, an image or a volume")
	}
	pod.volume(name, "", source) // the base mounts it
	return nil
}

// tuningOutput mounts the volume for the results, and adds the container that pushes them as an image.
func tuningOutput(pod *pod, over *overlay.Overlay, t *workspace.Tuning, results string) error {
	const name = "results-volume"
	if t.Output.Volume != nil {
		pod.volume(name, results, t.Output.Volume)
		return nil
	}
	if t.Output.Image == "" || t.Output.ImagePushSecret == "" {
		return errors.New("tuning.output needs a volume, or an image with a push secret")
	}
	pod.volume(name, results, memo.Object{"emptyDir": memo.Object{}})
	// As in KAITO, the credentials for the result pull the images of the pod too.
	pod.pullSecrets = append(pod.pullSecrets, t.Output.ImagePushSecret)
	over.Components = append(over.Components, "components/push-image")
	result := variable("PUSH_RESULT", results+"/.push-result")
	pod.env = append(pod.env, result)
	pod.initEnv["pusher"] = memo.List{
		variable("MODEL_NAME", t.Preset.Name), variable("OUTPUT_IMAGE", address.ImageReference(t.Output.Image)),
		result, variable("RESULTS_DIR", results),
	}
	pod.initMounts["pusher"] = memo.List{memo.Object{"name": name, "mountPath": results}}
	pod.volume("docker-config", "", memo.Object{"secret": memo.Object{
		"secretName": t.Output.ImagePushSecret,
		"items":      memo.List{memo.Object{"key": ".dockerconfigjson", "path": "config.json"}},
	}})
	return nil
}
