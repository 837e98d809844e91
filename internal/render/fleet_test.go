// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// job is one Workspace with all inputs of its rendering.
type job struct {
	w      *workspace.Workspace
	preset preset.Preset
	at     Placement
	o      Options
}

// fleet returns n different Workspaces: a mix of all presets and features, in the proportions of an organisation that
// serves many models to many teams. The same seed gives the same fleet.
func fleet(c *preset.Catalog, n int, seed uint64) []job {
	rnd := rand.New(rand.NewPCG(seed, 1))
	all := slices.DeleteFunc(c.All(), func(p preset.Preset) bool { return p.Deprecated != "" })
	tunable := slices.DeleteFunc(slices.Clone(all), func(p preset.Preset) bool { return p.Tuning == nil })
	var out []job
	for i := range n {
		f := fleetMaker{rnd: rnd, i: i, team: fmt.Sprintf("team-%d", rnd.IntN(40))}
		switch {
		case f.odds(2):
			out = append(out, f.template())
		case f.odds(12):
			out = append(out, f.tune(tunable[rnd.IntN(len(tunable))]))
		default:
			// Few models are popular, and most have at least one user.
			out = append(out, f.serve(all[int(float64(len(all))*rnd.Float64()*rnd.Float64())]))
		}
	}
	return out
}

type fleetMaker struct {
	rnd  *rand.Rand
	i    int
	team string
}

func (f fleetMaker) odds(percent int) bool { return f.rnd.IntN(100) < percent }

func (f fleetMaker) one(of ...string) string { return of[f.rnd.IntN(len(of))] }

func (f fleetMaker) job(w *workspace.Workspace, p preset.Preset) job {
	w.Namespace = f.one(f.team, "default")
	w.Name = fmt.Sprintf("%s-%s-%d", f.one("chat", "code", "search", "batch"), f.team, f.i)
	w.Digest = fmt.Sprintf("%064x", f.i)
	if f.odds(4) {
		annotate(workspace.AnnotationSuspend, "true")(w)
	}
	if f.odds(5) {
		annotate(workspace.AnnotationPrune, "disabled")(w)
	}
	gpus := []int{1, 1, 1, 2, 4, 8}[f.rnd.IntN(6)]
	return job{
		w: w, preset: p,
		at: Placement{
			Nodes: 1, GPUsPerNode: gpus, TensorParallel: gpus, GPUModel: f.one("NVIDIA A100", "NVIDIA A10", "NVIDIA H100"),
			Pool: fmt.Sprintf("w%08x", f.rnd.Uint32()), NodeLabels: map[string]string{"app": f.team}, LocalNVMe: f.odds(20),
		},
		o: Options{Cluster: "demo", Source: fmt.Sprintf("%s/%d.yaml", f.team, f.i)},
	}
}

func (f fleetMaker) serve(p preset.Preset) job {
	w := &workspace.Workspace{
		APIVersion: workspace.V1beta1,
		Inference:  &workspace.Inference{Preset: &workspace.PresetSpec{Name: p.Name}},
	}
	j := f.job(w, p)
	transformers := f.odds(6) && p.Supports(preset.Transformers) || !p.Supports(preset.VLLM)
	if transformers {
		annotate(workspace.AnnotationRuntime, "transformers")(w)
	}
	f.secrets(w, p)
	if f.odds(15) {
		f.config(&j)
	}
	f.annotate(w)
	if f.odds(3) {
		j.o.NVMeStorageClass = "kaito-local-nvme-disk"
	}
	if p.Model.Distributed && !transformers && f.odds(10) {
		j.at.Nodes, j.at.GPUsPerNode, j.at.TensorParallel = 2+f.rnd.IntN(3), 8, 8
	}
	runtime := runtimeOf(w)
	for n := range f.rnd.IntN(4) {
		if !f.odds(15) || slices.Contains(p.NoAdapters, runtime) {
			break
		}
		w.Inference.Adapters = append(w.Inference.Adapters, f.adapter(n, transformers))
	}
	return j
}

// secrets adds the secrets of a gated model and of private images.
func (f fleetMaker) secrets(w *workspace.Workspace, p preset.Preset) {
	if p.Gated || f.odds(15) {
		w.Inference.Preset.Options.ModelAccessSecret = f.one("hf", "hugging-face", f.team+"-token")
	}
	if f.odds(8) {
		w.Inference.Preset.Options.ImagePullSecrets = []string{"registry", f.team}[:1+f.rnd.IntN(2)]
	}
}

// config adds a ConfigMap of the repository that the Workspace names.
func (f fleetMaker) config(j *job) {
	j.w.Inference.Config = f.team + "-params"
	text := fmt.Sprintf("vllm: {max-model-len: %d}\n", 1024*(1+f.rnd.IntN(16)))
	j.o.Objects = []workspace.Object{{Content: memo.Object{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   memo.Object{"name": j.w.Inference.Config, "namespace": j.w.Namespace},
		"data":       memo.Object{"inference_config.yaml": text},
	}}}
}

// annotate sets the optional annotations, and the label of an InferenceSet.
func (f fleetMaker) annotate(w *workspace.Workspace) {
	if f.odds(10) {
		annotate(wellknown.AnnotationDisableBenchmark, "true")(w)
	}
	if f.odds(5) {
		annotate(wellknown.AnnotationLoadBalancer, "True")(w)
	}
	if f.odds(5) {
		annotate(wellknown.AnnotationPerformance, f.one("throughput", "interactivity"))(w)
	}
	if f.odds(8) {
		w.Labels = map[string]string{"inferenceset.kaito.sh/created-by": f.team + "-set"}
	}
}

func (f fleetMaker) adapter(n int, transformers bool) workspace.Adapter {
	a := workspace.Adapter{Source: &workspace.DataSource{Name: fmt.Sprintf("%s-lora-%d", f.team, n)}}
	if f.odds(70) {
		a.Source.Image = fmt.Sprintf("example.azurecr.io/%s/adapter:%d", f.team, f.i)
		if f.odds(50) {
			a.Source.ImagePullSecrets = []string{"registry"}
		}
	} else {
		a.Source.Volume = memo.Object{"persistentVolumeClaim": memo.Object{"claimName": f.team}}
	}
	if transformers {
		strength := f.one("0.5", "1.0")
		a.Strength = &strength
	}
	return a
}

func (f fleetMaker) tune(p preset.Preset) job {
	w := training(p.Name, func(w *workspace.Workspace) {
		w.Tuning.Method = f.one("lora", "qlora", "QLoRA")
		w.Tuning.Input.URLs = []string{fmt.Sprintf("https://example.com/%s/%d.parquet", f.team, f.i)}
		w.Tuning.Output.Image = fmt.Sprintf("example.azurecr.io/%s/tuned:%d", f.team, f.i)
		if f.odds(20) {
			w.Tuning.Input = &workspace.DataSource{
				Name:             "data",
				Image:            "example.azurecr.io/data:" + f.team,
				ImagePullSecrets: []string{f.team},
			}
		}
		if f.odds(20) {
			w.Tuning.Output = &workspace.DataDestination{
				Volume: memo.Object{"persistentVolumeClaim": memo.Object{"claimName": f.team + "-results"}},
			}
		}
		if f.odds(30) {
			w.Tuning.Preset.Options.ModelAccessSecret = "hf"
		}
	})
	j := f.job(w, p)
	if f.odds(30) {
		w.Tuning.Config = f.team + "-training"
	}
	return j
}

func (f fleetMaker) template() job {
	j := f.job(&workspace.Workspace{Inference: &workspace.Inference{Template: memo.Object{
		"metadata": memo.Object{"labels": memo.Object{"team": f.team}},
		"spec": memo.Object{
			"containers": memo.List{memo.Object{"name": "own", "image": "example.azurecr.io/own:1", "args": memo.List{f.team}}},
		},
	}}}, preset.Preset{})
	return j
}
