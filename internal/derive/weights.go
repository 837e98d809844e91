package derive

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"
)

// weights is what is known about the weight files.
type weights struct {
	bytes      int64 // of all, as KAITO counts them
	loaded     int64 // of those that are loaded, where that is less; otherwise 0
	parameters int64 // 0 when the index does not say
	mistral    bool  // in Mistral's own format
	source     string
}

// weightsOf picks the weight files of a repository as KAITO does: Mistral's consolidated files if there are any, otherwise all
// safetensors, otherwise all .bin files, each with those in sub-folders.
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
	var parameters int64
	for _, f := range picked {
		if f.Size < 0 || f.Size > maxBytes {
			return weights{}, fmt.Errorf("%s has a size of %d bytes", f.Path, f.Size)
		}
		w.bytes += f.Size
		// The program loads what is in the folder of the repository itself; copies lie below it.
		if !strings.Contains(f.Path, "/") {
			w.loaded += f.Size
			parameters += f.Parameters
			counted = counted && f.Parameters > 0
		}
	}
	if counted {
		w.parameters = cmp.Or(w.parameters, parameters)
	}
	switch {
	case len(picked) == 0 && index.bytes == 0:
		return weights{}, errors.New("no weights: neither .safetensors nor .bin files are listed, and there is no index of them")
	case len(picked) == 0:
		w.bytes, w.loaded, w.source = index.bytes, 0, "the safetensors index of the repository"
		w.mistral = index.mistral
	case w.bytes == 0 || w.bytes > maxBytes:
		return weights{}, fmt.Errorf("the weight files take %d bytes", w.bytes)
	}
	if w.loaded == w.bytes {
		w.loaded = 0
	}
	return w, nil
}

// maxBytes is larger than any model: 1 PiB.
const maxBytes = 1 << 50

// index is what model.safetensors.index.json says in sum.
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
		n, err := integer(v)
		if err != nil || n < 0 || n > maxBytes {
			return index{}, fmt.Errorf("%s: %s is not a number of bytes or parameters", meta.where(name), name)
		}
		*to = n
	}
	if out.bytes == 0 {
		return index{}, fmt.Errorf("%s: metadata.total_size is missing", d.Name)
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
