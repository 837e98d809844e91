// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// YAML writes objects as documents of one stream, without what Kubernetes itself fills in.
func YAML(objects []runtime.Object) (string, error) {
	var out bytes.Buffer
	for i, o := range objects {
		text, err := document(o)
		if err != nil {
			return "", err
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

func document(o runtime.Object) (string, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return "", fmt.Errorf("write %T: %w", o, err)
	}
	delete(content, "status")
	trim(content)
	text, err := yaml.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("write %T: %w", o, err)
	}
	return string(text), nil
}

// trim removes nulls, and the empty objects of fields that are unset. An empty selector is a selector of all, and
// stays.
func trim(m map[string]any) {
	for k, v := range m {
		switch v := v.(type) {
		case nil:
			delete(m, k)
		case map[string]any:
			trim(v)
			if len(v) == 0 && k != "podSelector" && k != "emptyDir" {
				delete(m, k)
			}
		case []any:
			for _, item := range v {
				if sub, ok := item.(map[string]any); ok {
					trim(sub)
				}
			}
		}
	}
}
