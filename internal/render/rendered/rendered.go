// SPDX-License-Identifier: Apache-2.0

// Package rendered reads back from the objects of a Workspace what they run: the model and its commit, the image, how
// the server is split over GPUs, and where it listens. The objects may be rendered or live. What an object does not say
// is left out.
package rendered

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/wellknown"
)

// LabelPreset is the label of a workload with the name of its preset.
const LabelPreset = wellknown.LabelPreset

// Facts are what the objects of one Workspace say. A zero value is unknown, or none.
type Facts struct {
	Preset   string
	Model    string // repository that the server downloads
	Revision string // commit that it downloads; "" for the head of a branch, and if it downloads nothing
	Runtime  string // vllm or transformers
	Image    string // of the main container

	ContextLength    int // tokens, if the command line says so
	TensorParallel   int
	PipelineParallel int
	DataParallel     int // 0 for one copy of the model

	// Kind is that of the workload, StatefulSet or Job; "" if no object is one.
	Kind string
	// Replicas is the number of pods that a StatefulSet asks for.
	Replicas int
	// Endpoint is the URL of the Service of the Workspace, "http://phi-4.default.svc:80".
	Endpoint string
}

// Of reads the objects of the Workspace of that name.
func Of(name string, objects []*unstructured.Unstructured) Facts {
	var f Facts
	for _, o := range objects {
		switch {
		case o == nil:
		case o.GetKind() == "StatefulSet" || o.GetKind() == "Job":
			f.workload(o)
		case o.GetKind() == "Service" && o.GetName() == name:
			f.Endpoint = endpoint(o)
		}
	}
	if f.Kind != "StatefulSet" {
		f.Endpoint = ""
	}
	return f
}

func (f *Facts) workload(o *unstructured.Unstructured) {
	f.Kind, f.Preset = o.GetKind(), o.GetLabels()[LabelPreset]
	if n, ok := number(o.Object, "spec", "replicas"); ok {
		f.Replicas = n
	} else if f.Kind == "StatefulSet" {
		f.Replicas = 1 // the default of Kubernetes
	}
	main := map[string]any{}
	for i, c := range list(o.Object, "spec", "template", "spec", "containers") {
		container, ok := c.(map[string]any)
		if ok && (i == 0 || container["name"] == o.GetName()) {
			main = container
		}
	}
	f.Image, _ = main["image"].(string)
	f.flags(flagsOf(main))
}

// flags reads the command line of the server, in the spelling of either runtime.
func (f *Facts) flags(of map[string]string) {
	model, vllm := of["model"]
	if !vllm {
		model = of["pretrained_model_name_or_path"]
	}
	if model == "" {
		return
	}
	f.Runtime = "transformers"
	if vllm {
		f.Runtime = "vllm"
	}
	if !strings.HasPrefix(model, "/") { // otherwise it lies on the node, or comes with an image
		f.Model, f.Revision = model, of["revision"]
	}
	f.ContextLength, _ = strconv.Atoi(of["max-model-len"]) // "auto" is left to the server
	f.TensorParallel, _ = strconv.Atoi(of["tensor-parallel-size"])
	f.PipelineParallel, _ = strconv.Atoi(of["pipeline-parallel-size"])
	f.DataParallel, _ = strconv.Atoi(of["data-parallel-size"])
	if f.PipelineParallel == 0 && vllm {
		f.PipelineParallel = 1
	}
}

// flagsOf returns the flags of a container with their values, without dashes.
func flagsOf(container map[string]any) map[string]string {
	out := map[string]string{}
	args, _ := container["args"].([]any)
	for _, a := range args {
		text, _ := a.(string)
		if name, ok := strings.CutPrefix(text, "--"); ok {
			name, value, _ := strings.Cut(name, "=")
			out[name] = value
		}
	}
	return out
}

func endpoint(o *unstructured.Unstructured) string {
	port := 80
	if ports := list(o.Object, "spec", "ports"); len(ports) > 0 {
		if first, ok := ports[0].(map[string]any); ok {
			if n, ok := number(first, "port"); ok {
				port = n
			}
		}
	}
	return fmt.Sprintf("http://%s.%s.svc:%d", o.GetName(), o.GetNamespace(), port)
}

// list returns a list in an object, which callers must not change.
func list(o map[string]any, path ...string) []any {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...) // the error is that of another type
	out, _ := v.([]any)
	return out
}

// number returns an integer in an object, which decoders make an int64 or a float64.
func number(o map[string]any, path ...string) (int, bool) {
	v, found, err := unstructured.NestedFieldNoCopy(o, path...)
	if !found || err != nil {
		return 0, false
	}
	switch n := v.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(n), true
	}
	return 0, false
}
