// SPDX-License-Identifier: Apache-2.0

package workspace

import "go.yaml.in/yaml/v3"

// CPUCacheKey is the key of inference_config.yaml, beside the section vllm, that says which part of the memory of the
// CPU holds what the cache of the GPU has no room for (KAITO, inference_api.py of kaito-base 0.5.0). The flag of the
// same meaning wins over it.
const CPUCacheKey = "kv_cache_cpu_memory_utilization"

// cpuCache returns the value of CPUCacheKey in an inference_config.yaml; "" without one, or if the text is not
// readable.
func cpuCache(text string) string {
	if text == "" { // as for most Workspaces; a parser takes 10 KiB
		return ""
	}
	var doc map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return ""
	}
	return doc[CPUCacheKey].Value
}
