// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"bytes"
	"fmt"
	"maps"
	"path"

	"go.yaml.in/yaml/v3"
)

// nameReferences is a configuration for Kustomize that lists every field in which a Workspace or an InferenceSet names
// a ConfigMap or a volume claim. With it, such a field follows the object when Kustomize renames it: by the hash of a
// generator, namePrefix or nameSuffix. Paths lead through lists without an index.
var nameReferences = func() []byte {
	var b bytes.Buffer
	b.WriteString("nameReference:\n")
	for _, referred := range []struct {
		kind   string
		fields []string
	}{
		{"ConfigMap", configMapFields()},
		{"PersistentVolumeClaim", claimFields()},
	} {
		fmt.Fprintf(&b, "- kind: %s\n  version: v1\n  fieldSpecs:\n", referred.kind)
		for _, field := range referred.fields {
			fmt.Fprintf(&b, "  - {group: kaito.sh, kind: Workspace, path: %s}\n", field)
			fmt.Fprintf(&b, "  - {group: kaito.sh, kind: InferenceSet, path: spec/template/%s}\n", field)
		}
	}
	return b.Bytes()
}()

// podSpec is where a Workspace holds a pod template; volumes are where it holds volume sources.
const podSpec = "inference/template/spec"

var volumes = []string{
	"inference/adapters/source/volumeSource",
	"tuning/input/volumeSource",
	"tuning/output/volumeSource",
	podSpec + "/volumes",
}

func configMapFields() []string {
	out := []string{"inference/config", "tuning/config"}
	for _, v := range volumes {
		out = append(out, v+"/configMap/name", v+"/projected/sources/configMap/name")
	}
	for _, containers := range []string{"containers", "initContainers"} {
		out = append(out,
			path.Join(podSpec, containers, "env/valueFrom/configMapKeyRef/name"),
			path.Join(podSpec, containers, "envFrom/configMapRef/name"))
	}
	return out
}

func claimFields() []string {
	var out []string
	for _, v := range volumes {
		out = append(out, v+"/persistentVolumeClaim/claimName")
	}
	return out
}

// referencesFile is where a build finds nameReferences. No file of a repository has a name with a colon in front.
const referencesFile = ":name-references.yaml"

// withNameReferences returns the tree with nameReferences in the configuration of one folder. It is enough to have them
// there: Kustomize updates references once, at the end of the build of that folder.
func (t Tree) withNameReferences(dir string) (Tree, error) {
	for _, name := range kustomizationNames {
		file := path.Join(dir, name)
		text, ok := t[file]
		if !ok {
			continue
		}
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return nil, err
		}
		if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
			return t, nil
		}
		doc.Content[0].Content = append(doc.Content[0].Content,
			&yaml.Node{Kind: yaml.ScalarNode, Value: "configurations"},
			&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "/" + referencesFile}}})
		changed, err := yaml.Marshal(&doc)
		if err != nil {
			return nil, err
		}
		out := maps.Clone(t)
		out[file], out[referencesFile] = changed, nameReferences
		return out, nil
	}
	return t, nil
}
