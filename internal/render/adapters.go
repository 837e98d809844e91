// SPDX-License-Identifier: Apache-2.0

package render

import (
	_ "embed"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
)

//go:embed scripts/pull.sh
var pullScript string

//go:embed scripts/link.sh
var linkScript string

// addAdapters puts each LoRA adapter of a served model into its own folder, where the runtimes look for it.
func addAdapters(p *pod, w *workspace.Workspace, runtime preset.Runtime) error {
	shared := false
	for i, a := range w.Inference.Adapters {
		// The name becomes a path and the name of a container.
		if a.Source == nil || len(validation.IsDNS1123Subdomain(a.Source.Name)) > 0 {
			return fmt.Errorf("inference.adapters[%d] has no source with a valid name", i)
		}
		dir := adapterDir + "/" + a.Source.Name
		switch {
		case a.Source.Image != "":
			if !shared {
				p.volume("adapter-volume", adapterDir, memo.Object{"emptyDir": memo.Object{}})
				shared = true
			}
			p.pull(pullScript, *a.Source, unpacked{
				container: dnsLabel("puller-" + a.Source.Name),
				volume:    "adapter-volume",
				mount:     adapterDir,
				dir:       dir,
			})
			p.pullSecrets = append(p.pullSecrets, a.Source.ImagePullSecrets...)
		case a.Source.Volume != nil:
			p.volume(adapterVolume(a.Source.Name), dir, a.Source.Volume)
		default:
			return fmt.Errorf("adapter %q has neither an image nor a volume", a.Source.Name)
		}
		if a.Strength != nil {
			if runtime == preset.VLLM {
				return errors.New("vLLM does not support inference.adapters[].strength")
			}
			p.env = append(p.env, variable(a.Source.Name, *a.Strength))
		}
	}
	return nil
}

// adapterVolume is the name of the volume that holds an adapter.
func adapterVolume(adapter string) string { return dnsLabel("adapter-volume-" + adapter) }

// unpacked is where the content of an image goes.
type unpacked struct {
	container     string // that unpacks it
	volume, mount string // the volume, and where the container mounts it
	dir           string // the folder, below mount
}

// pull adds an init container that unpacks /data of an image into a folder of a volume. The script gets
// the image and the credentials as variables, never as part of its text.
func (p *pod) pull(script string, source workspace.DataSource, to unpacked) {
	const auth = "/root/.docker/config.d"
	container := to.container
	mounts := memo.List{memo.Object{"name": to.volume, "mountPath": to.mount}}
	if len(source.ImagePullSecrets) > 0 {
		volume := dnsLabel(container + "-auth")
		var secrets memo.List
		for _, secret := range source.ImagePullSecrets {
			secrets = append(secrets, memo.Object{"secret": memo.Object{
				"name": secret, "items": memo.List{memo.Object{"key": ".dockerconfigjson", "path": secret + ".json"}},
			}})
		}
		p.volumes = append(p.volumes, memo.Object{"name": volume, "projected": memo.Object{"sources": secrets}})
		mounts = append(mounts, memo.Object{"name": volume, "mountPath": auth, "readOnly": true})
	}
	p.init = append(p.init, memo.Object{
		"name":                     memo.RefPlaceholder(container),
		"image":                    "skopeo",
		"terminationMessagePolicy": "FallbackToLogsOnError",
		"command":                  memo.List{"/bin/sh", "-c", script},
		"env": memo.ListPlaceholder{
			Key:   "name",
			Items: memo.List{variable("AUTH_DIR", auth), variable("IMAGE", source.Image), variable("TARGET", to.dir)},
		},
		"resources":       memo.Object{"requests": memo.Object{"cpu": "100m", "memory": "128Mi"}},
		"securityContext": memo.Object{"allowPrivilegeEscalation": false},
		"volumeMounts":    memo.ListPlaceholder{Key: "mountPath", Items: mounts},
	})
}
