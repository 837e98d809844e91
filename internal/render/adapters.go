package render

import (
	_ "embed"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

//go:embed scripts/pull.sh
var pullScript string

// addAdapters brings the LoRA adapters of a served model to where the runtimes look for them: a folder each.
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
				p.volume("adapter-volume", adapterDir, object{"emptyDir": object{}})
				shared = true
			}
			p.pull(dnsLabel("puller-"+a.Source.Name), *a.Source, dir, object{"name": "adapter-volume", "mountPath": adapterDir})
			p.pullSecrets = append(p.pullSecrets, a.Source.ImagePullSecrets...)
		case a.Source.Volume != nil:
			p.volume(dnsLabel("adapter-volume-"+a.Source.Name), dir, a.Source.Volume)
		default:
			return fmt.Errorf("adapter %q has neither an image nor a volume", a.Source.Name)
		}
		if a.Strength != nil {
			if runtime == preset.VLLM {
				return errors.New("vLLM knows no adapter strength")
			}
			p.env = append(p.env, variable(a.Source.Name, *a.Strength))
		}
	}
	return nil
}

// pull adds an init container that unpacks /data of an image into a folder of a volume. Registry and credentials reach the
// script as variables, never as text of it.
func (p *pod) pull(container string, source workspace.DataSource, dir string, mount object) {
	const auth = "/root/.docker/config.d"
	mounts := list{mount}
	if len(source.ImagePullSecrets) > 0 {
		volume := dnsLabel(container + "-auth")
		var secrets list
		for _, secret := range source.ImagePullSecrets {
			secrets = append(secrets, object{"secret": object{
				"name": secret, "items": list{object{"key": ".dockerconfigjson", "path": secret + ".json"}},
			}})
		}
		p.volumes = append(p.volumes, object{"name": volume, "projected": object{"sources": secrets}})
		mounts = append(mounts, object{"name": volume, "mountPath": auth, "readOnly": true})
	}
	p.init = append(p.init, object{
		"name":            name(container),
		"image":           "skopeo",
		"command":         list{"/bin/sh", "-c", pullScript},
		"env":             elements{"name", list{variable("AUTH_DIR", auth), variable("IMAGE", source.Image), variable("TARGET", dir)}},
		"resources":       object{"requests": object{"cpu": "100m", "memory": "128Mi"}},
		"securityContext": object{"allowPrivilegeEscalation": false},
		"volumeMounts":    elements{"mountPath", mounts},
	})
}
