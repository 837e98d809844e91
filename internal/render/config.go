// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// annotationConfig is on pods that read a ConfigMap of the repository. It holds a digest of the content: a server that
// reads its configuration when it starts must restart when the content changes, and only then.
const annotationConfig = wellknown.AnnotationConfig

// mountConfig mounts the ConfigMap that the Workspace names, if it names one.
func mountConfig(p *pod, name string, w *workspace.Workspace, o Options) {
	if name == "" {
		return
	}
	p.volume("config-volume", configDir, memo.Object{"configMap": memo.Object{"name": name}})
	if data := configMap(o.Objects, w.Namespace, name); data != nil {
		// Maps of strings always can be encoded, and are encoded in the order of their keys.
		text, _ := json.Marshal(data)
		sum := sha256.Sum256(text)
		p.config = hex.EncodeToString(sum[:8])
	}
}

// configMap returns the data of a ConfigMap of the repository, or nil when the repository has none of that name.
func configMap(objects []workspace.Object, namespace, name string) map[string]string {
	for _, o := range objects {
		meta, _ := o.Content["metadata"].(memo.Object)
		ns, _ := meta["namespace"].(string)
		if o.Content["kind"] != "ConfigMap" || meta["name"] != name ||
			(ns != namespace && (ns != "" || namespace != "default")) {
			continue
		}
		data := map[string]string{}
		values, _ := o.Content["data"].(memo.Object)
		for k, v := range values {
			data[k], _ = v.(string)
		}
		return data
	}
	return nil
}
