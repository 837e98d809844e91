// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/workspace/load"
)

// plainKinds are the rules of ofObjects in the language of Helm, for resources as RESOURCE.GROUP that need none, and
// for the kinds that "objects" has by default. $plural is what plural returns.
const plainKinds = `{{- define "syncer.plural" }}
{{- $name := lower . }}
{{- if regexMatch "(^|[^aeiou])y$" $name }}{{ trimSuffix "y" $name }}ies
{{- else if hasSuffix "s" $name }}{{ $name }}es
{{- else }}{{ $name }}s
{{- end }}
{{- end }}
{{- $given := list %s }}
{{- $read := .Values.config.impersonate }}
{{- range dig "objects" (list %s) .Values.config }}
{{- $parts := splitn "." 2 . }}
{{- $group := default "" $parts._1 }}
{{- $plural := include "syncer.plural" $parts._0 }}
{{- $resource := printf "%%s.%%s" $plural $group }}
{{- if not (has $resource $given) }}
{{- $given = append $given $resource }}
- apiGroups: [{{ quote $group }}]
  resources: [{{ $plural }}]
  verbs: [{{ if not $read }}create, delete, {{ end }}get, list, {{ if not $read }}patch, {{ end }}watch]
{{- end }}
{{- end }}
{{- with .Values.config.impersonate }}
- apiGroups: [""]
  resourceNames: [{{ quote . }}]
  resources: [serviceaccounts]
  verbs: [impersonate]
{{- end }}
`

// namespaceRules makes inNamespaces of a role in the language of Helm.
func namespaceRules(role string) string {
	head, rules, _ := strings.Cut(role, "\nrules:\n")
	out := head + "\nrules:\n"
	for rule := range strings.SplitSeq(strings.TrimPrefix(rules, "- "), "\n- ") {
		text := "- " + strings.TrimSuffix(rule, "\n") + "\n"
		if strings.Contains(text, "  - patch\n") {
			text = onlyIf("not .Values.config.impersonate", "  - create\n  - delete\n", text)
			text = onlyIf("not .Values.config.impersonate", "  - patch\n", text)
		}
		out += text
	}
	var parsed rbacv1.ClusterRole
	if err := yaml.Unmarshal([]byte(role), &parsed); err != nil {
		panic(fmt.Sprintf("the role of the chart: %v", err)) // this package has written it
	}
	return out + fmt.Sprintf(plainKinds, quoted(appliedBy(parsed.Rules)), quoted(load.DefaultObjects))
}

// karpenterRules are what inCluster adds, in the language of Helm.
const karpenterRules = `{{- if ` + isKarpenter + ` }}
- apiGroups: [karpenter.sh]
  resources: [nodepools]
  verbs: [create, delete, get, list, patch, watch]
- apiGroups: [karpenter.sh]
  resources: [nodeclaims]
  verbs: [list, watch]
{{- $class := dig "capacity" "karpenter" "nodeClass" dict .Values.config }}
- apiGroups: [{{ quote $class.group }}]
  resources: [{{ include "syncer.plural" $class.kind }}]
  verbs: [get]
{{- end }}
`

const isKarpenter = `eq (dig "capacity" "mode" "aks" .Values.config) "karpenter"`

// clusterRules makes inCluster of a role in the language of Helm.
func clusterRules(role string) string {
	return onlyIf("not ("+isKarpenter+")", "  - "+pods+"\n", role) + karpenterRules
}

// onlyIf makes lines of a text depend on a condition.
func onlyIf(condition, lines, text string) string {
	return strings.Replace(text, lines, "{{- if "+condition+" }}\n"+lines+"{{- end }}\n", 1)
}

func quoted(all []string) string {
	out := slices.Clone(all)
	for i := range out {
		out[i] = fmt.Sprintf("%q", out[i])
	}
	return strings.Join(out, " ")
}
