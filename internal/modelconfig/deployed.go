// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
)

// successors say what to use in place of retired flags of vLLM, where there is something.
var successors = map[string]string{
	"cuda-graph-sizes":           "use cudagraph-capture-sizes",
	"disable-log-requests":       "requests are not logged unless enable-log-requests is set",
	"enable-reasoning":           "reasoning-parser alone is enough",
	"guided-decoding-backend":    "use structured-outputs-config",
	"max-context-len-to-capture": "use max-cudagraph-capture-size",
	"max-seq-len-to-capture":     "use max-cudagraph-capture-size",
	"num-lookahead-slots":        "use speculative-config",
	"num-scheduler-steps":        "vLLM has no steps of the scheduler any more",
	"num-speculative-tokens":     "use speculative-config",
	"override-pooler-config":     "use pooler-config",
	"rope-scaling":               "use hf-overrides",
	"rope-theta":                 "use hf-overrides",
	"speculative-max-model-len":  "use speculative-config",
	"speculative-model":          "use speculative-config",
	"swap-space":                 "vLLM does not swap the cache to the CPU any more",
	"task":                       "use runner and convert",
	"use-v2-block-manager":       "vLLM has no other block manager any more",
}

// fixed are flags that decide how the rest of the deployment reaches the server. Another value than the one that the
// Service, the probes and the pods of a multi-node server expect breaks it.
var fixed = map[string]struct {
	allowed []string // values that change nothing
	why     string
	hint    string
}{
	"port": {
		[]string{"5000"},
		"the Service and the probes use port 5000",
		"remove it; to serve on another port, put a Service of your own in front",
	},
	"host": {
		[]string{"", "None", "0.0.0.0", "::"},
		"the server would not be reached through the Service",
		"remove it; the server listens on all addresses of the pod",
	},
	"uds": {
		[]string{"", "None"},
		"the server would listen on a socket in place of its port",
		"remove it",
	},
	"ssl-keyfile": {
		[]string{"", "None"},
		"the probes and the Service use plain HTTP",
		"remove it; end TLS in a gateway in front of the Service",
	},
	"ssl-certfile": {
		[]string{"", "None"},
		"the probes and the Service use plain HTTP",
		"remove it; end TLS in a gateway in front of the Service",
	},
	"data-parallel-external-lb":            {nil, "each copy would wait for a load balancer of its own", "remove it"},
	"data-parallel-hybrid-lb":              {nil, "each node would wait for a load balancer of its own", "remove it"},
	"data-parallel-multi-port-external-lb": {nil, "each copy would serve on a port of its own", "remove it"},
	"nnodes": {
		[]string{"1"},
		"syncer spreads a model over nodes by Ray",
		"remove it; leave out resource.instanceType to let syncer choose nodes",
	},
	"node-rank": {[]string{"0"}, "syncer spreads a model over nodes by Ray", "remove it"},
	"config":    {nil, "the image has no such file", "write its flags here, in the section vllm"},
}

// without are flags that start, but do something else here than elsewhere.
var without = map[string]struct{ why, hint string }{
	"root-path": {
		"the server has the prefix in its documentation only; its paths stay the same",
		"remove it, unless a gateway in front of the Service adds the prefix",
	},
	"ssl-ca-certs":       {"has no effect without TLS, which the server does not use here", "remove it"},
	"ssl-cert-reqs":      {"has no effect without TLS, which the server does not use here", "remove it"},
	"ssl-ciphers":        {"has no effect without TLS, which the server does not use here", "remove it"},
	"enable-ssl-refresh": {"has no effect without TLS, which the server does not use here", "remove it"},
	"grpc":               {"has no effect here: the wrapper of the image always serves HTTP", "remove it"},
	"headless":           {"has no effect here: the wrapper of the image always serves HTTP", "remove it"},
	"api-server-count":   {"has no effect here: the wrapper of the image starts one server", "remove it"},
	"served-model-name": {
		"replaces the name that the preset or the InferenceSet gives the model",
		"remove it, unless clients ask for that name",
	},
	"master-addr": {"has no effect here: syncer spreads a model over nodes by Ray", "remove it"},
	"master-port": {"has no effect here: syncer spreads a model over nodes by Ray", "remove it"},
}

// deployed checks a flag against the Service, the probes and the command line around the server.
func (s *section) deployed(key *yaml.Node, field string, f imagespec.Found, text string) {
	if rule, ok := fixed[f.Name]; ok && !f.Negated && !slices.Contains(rule.allowed, text) {
		s.fail(key, diag.BreaksService, field, "breaks the Service: "+rule.why, rule.hint)
	}
	if rule, ok := without[f.Name]; ok {
		s.warn(key, diag.IgnoredField, field, rule.why, rule.hint)
	}
	s.origin(key, field, f, text)
	s.memory(key, field, f, text)
	switch {
	case f.Name == "api-key" && s.server.Benchmark:
		s.fail(key, diag.BreaksService, field,
			"breaks the Service: the benchmark that is the start-up probe sends no key, so that the pod never becomes ready",
			"set the annotation kaito.sh/disable-benchmark, and keep the key out of Git: in a gateway in front of the Service")
	case secret(f.Name):
		s.warn(key, diag.PlainSecret, field, "is a credential in plain text in a ConfigMap",
			"name a Secret in inference.preset.presetOptions.modelAccessSecret, or check keys in a gateway")
	}
	// A flag with dots on the command line becomes one with JSON at its end, behind those of the file.
	if f.Field == "" && f.Arg.Kind == imagespec.JSON {
		for _, flag := range s.server.Flags {
			if base, inside, dotted := strings.Cut(flag, "."); dotted && imagespec.Key(base) == f.Name {
				s.warn(key, diag.IgnoredField, field,
					fmt.Sprintf("has no effect: the command line sets --%s, which replaces all of %s", flag, f.Name),
					fmt.Sprintf("write each field as a key of its own, such as %s.%s", f.Name, strings.Split(inside, ".")[0]))
				return
			}
		}
	}
}
