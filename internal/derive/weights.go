// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"cmp"
	"path"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// weights holds the figures of the weight files.
type weights struct {
	bytes      int64 // of one copy: those that are loaded
	counted    int64 // of all, as KAITO counts them, where that is more; otherwise 0
	parameters int64 // 0 when the index does not say
	mistral    bool  // in Mistral's own format
	source     string
}

// weightsOf selects the weight files of a repository as KAITO does: Mistral's consolidated files if there are any, else
// all safetensors, else all .bin files, each including sub-folders.
func weightsOf(in Input) (weights, error) {
	w := weights{source: "the list of files of the repository"}
	index, err := indexOf(in.Index)
	if err != nil {
		return weights{}, err
	}
	w.parameters = index.parameters
	var picked []File
	for _, suffix := range []string{"consolidated*.safetensors", "*.safetensors", "*.bin"} {
		for _, f := range in.Files {
			if ok, _ := path.Match(suffix, path.Base(f.Path)); ok {
				picked = append(picked, f)
			}
		}
		if len(picked) > 0 {
			w.mistral = strings.HasPrefix(suffix, "consolidated")
			break
		}
	}
	counted := true
	var parameters, loaded int64
	for _, f := range picked {
		if f.Size < 0 || f.Size > maxBytes {
			return weights{}, diag.Errorf(diag.OutOfRange,
				"the size is %d bytes, not 0 to %d", f.Size, int64(maxBytes)).In(f.Path)
		}
		w.bytes += f.Size
		// The engine loads the files in the root folder of the repository; sub-folders hold copies.
		if !strings.Contains(f.Path, "/") {
			loaded += f.Size
			parameters += f.Parameters
			counted = counted && f.Parameters > 0
		}
	}
	if counted {
		w.parameters = cmp.Or(w.parameters, parameters)
	}
	switch {
	case len(picked) == 0 && index.bytes == 0:
		return weights{}, diag.Errorf(diag.FileNotFound, "the repository has no weights").
			Suggest("it needs .safetensors or .bin files, or an index of them")
	case len(picked) == 0:
		w.bytes, loaded, w.source = index.bytes, 0, "the safetensors index of the repository"
		w.mistral = index.mistral
	case w.bytes == 0 || w.bytes > maxBytes:
		return weights{}, diag.Errorf(diag.OutOfRange,
			"the weight files take %d bytes in all, not 1 to %d", w.bytes, int64(maxBytes))
	}
	if loaded > 0 && loaded < w.bytes {
		w.bytes, w.counted = loaded, w.bytes
	}
	return w, nil
}

// maxBytes is larger than any model: 1 PiB.
const maxBytes = 1 << 50

// index holds the totals of model.safetensors.index.json.
type index struct {
	bytes, parameters int64
	mistral           bool
}

func indexOf(d Document) (index, error) {
	if len(d.Data) == 0 {
		return index{}, nil
	}
	o, err := parse(d)
	if err != nil {
		return index{}, err
	}
	var out index
	meta, _ := o.child("metadata")
	for name, to := range map[string]*int64{"total_size": &out.bytes, "total_parameters": &out.parameters} {
		v, _ := meta.get(name)
		if v == nil {
			continue
		}
		n, ok := integer(v)
		if !ok || n < 0 || n > maxBytes {
			return index{}, meta.wrong(diag.OutOfRange, name, "want a whole number from 0 to %d", int64(maxBytes))
		}
		*to = n
	}
	if out.bytes == 0 {
		return index{}, diag.Errorf(diag.RequiredField, "is missing").On("metadata.total_size").In(d.Name)
	}
	files, _ := o.child("weight_map")
	for _, v := range files.fields {
		if s, ok := v.(string); ok && strings.HasPrefix(s, "consolidated") {
			out.mistral = true
			break
		}
	}
	return out, nil
}
