// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/status/fields"
)

// Object is one object that a person should know of and that no Workspace's file tells about: a plain object of the
// repository that the API server refuses, or an object of any kind whose deletion does not end.
type Object struct {
	Namespace string // "" for an object without a namespace
	Name      string // "Kind/name"
	Source    string // file in the repository
	Deleting  bool
	State     string // ObjectDiffers, ObjectWaits, or a cluster.HealthState; empty for one that is refused or deleted
	Message   string
}

// Compare orders Objects by namespace and name.
func (o Object) Compare(p Object) int {
	return cmp.Or(strings.Compare(o.Namespace, p.Namespace), strings.Compare(o.Name, p.Name))
}

// String returns one line for people.
func (o Object) String() string {
	in := ""
	if o.Namespace != "" {
		in = " in namespace " + o.Namespace
	}
	return fmt.Sprintf("%s%s: %s", o.Name, in, o.Message)
}

// The states of objects that are neither refused nor deleted.
const (
	ObjectDiffers = "Differs" // it is only observed
	ObjectWaits   = "Waits"   // its deletion waits to be allowed, because many would go with it
)

// ObjectsFile lists plain objects that are refused, or whose deletion is pending or waits.
const ObjectsFile = "objects.yaml"

const objectsKind = "ObjectsStatus"

// objectsFields is objects.yaml.
type objectsFields struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Cluster    string         `yaml:"cluster"`
	Objects    []objectFields `yaml:"objects"`
}

type objectFields struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace,omitempty"`
	Source    string `yaml:"source,omitempty"`
	State     string `yaml:"state"`
	Message   string `yaml:"message"`
}

// objectsFiles returns objects.yaml, or the files that are in its place. None lists no object.
func objectsFiles(s Summary) map[string][]byte {
	of := map[string][]Object{}
	for _, o := range s.Objects {
		name := ObjectsFile
		if s.ObjectsFile != nil {
			name = s.ObjectsFile(o.Namespace)
		}
		of[name] = append(of[name], o)
	}
	out := map[string][]byte{}
	for name, objects := range of {
		s.Objects = objects
		out[name] = objectsYAML(s)
	}
	return out
}

// ObjectsWait reports whether the files of a cluster's folder list an object whose deletion waits. It ignores files
// that it cannot read.
func ObjectsWait(files map[string][]byte) bool {
	for name, data := range files {
		if strings.Contains(name, "/") || !strings.HasPrefix(name, "objects") {
			continue // the file of a Workspace, or another one
		}
		var f objectsFields
		if err := fields.Decode(data, &f); err == nil && f.Kind == objectsKind &&
			slices.ContainsFunc(f.Objects, func(o objectFields) bool { return o.State == ObjectWaits }) {
			return true
		}
	}
	return false
}

// objectsYAML returns objects.yaml.
func objectsYAML(s Summary) []byte {
	f := objectsFields{APIVersion: APIVersion, Kind: objectsKind, Cluster: s.Cluster}
	for _, o := range s.Objects {
		state := cmp.Or(o.State, "Refused")
		if o.Deleting {
			state = "Deleting"
		}
		f.Objects = append(f.Objects, objectFields{
			Name:      o.Name,
			Namespace: o.Namespace,
			Source:    o.Source,
			State:     state,
			Message:   o.Message,
		})
	}
	return fields.Encode(f)
}
