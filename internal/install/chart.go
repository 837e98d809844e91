// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/config"
)

// Placeholders stand in the objects of a chart for what Helm fills in.
const (
	anyNamespace = "namespace-of-the-release"
	anyReplicas  = 1_000_001
	anyImage     = "image-of-the-values"
	anyClient    = "client-of-the-values"
	anyConfig    = "configuration-of-the-values"
	anyTarget    = "namespace-of-workspaces"
)

// Chart returns the files of a Helm chart, by name. Its values are those of Options; text is the configuration that it
// has by default. Helm makes the namespace, so the chart has none.
func Chart(version, text string) (map[string]string, error) {
	var values map[string]any
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	c := config.Default()
	c.Namespaces = []string{anyTarget}
	c.Page.Access = config.AccessToken // its role depends on the values
	c.Objects = []string{}             // and so do the rules of these
	plain, err := chartObjects(c)
	if err != nil {
		return nil, err
	}
	files, _, err := byKind(plain)
	if err != nil {
		return nil, err
	}
	out := map[string]string{".helmignore": "*.tgz\n"}
	for name, content := range files {
		out["templates/"+name] = template(content)
	}
	values = map[string]any{"config": values}
	defaults, err := yaml.Marshal(values)
	if err != nil {
		return nil, err
	}
	out["values.yaml"] = generated + fmt.Sprintf(valuesText, Repository, version, CredentialsDir, Credentials, defaults)
	out["Chart.yaml"] = generated + fmt.Sprintf(chartText, version, version)
	return out, nil
}

// chartObjects returns the objects with placeholders.
func chartObjects(c config.Config) ([]runtime.Object, error) {
	objects, err := Objects(Options{
		Namespace: anyNamespace,
		Image:     anyImage,
		Replicas:  anyReplicas,
		ClientID:  anyClient,
		Config:    anyConfig,
		Settings:  c,
	})
	return slices.DeleteFunc(objects, func(o runtime.Object) bool { _, is := o.(*corev1.Namespace); return is }), err
}

// template replaces the placeholders of a file by expressions of Helm.
func template(text string) string {
	text = strings.NewReplacer(
		fmt.Sprint(anyReplicas), "{{ .Values.replicas }}",
		anyImage, "{{ quote .Values.image }}",
		anyNamespace, "{{ .Release.Namespace }}",
		"  syncer.yaml: "+anyConfig, "  syncer.yaml: |\n    {{- toYaml .Values.config | nindent 4 }}",
		"  annotations:\n    azure.workload.identity/client-id: "+anyClient+"\n",
		"  {{- with .Values.clientID }}\n  annotations:\n"+
			"    azure.workload.identity/client-id: {{ quote . }}\n  {{- end }}\n",
	).Replace(text)
	return eachNamespace(text)
}

// eachNamespace repeats the document whose namespace is that of Workspaces for each of them, and adds the rules that
// depend on the configuration.
func eachNamespace(text string) string {
	docs := strings.Split(strings.TrimPrefix(text, generated), "---\n")
	for i, doc := range docs {
		switch {
		case strings.Contains(doc, anyTarget):
			doc = strings.ReplaceAll(doc, anyTarget, "{{ quote $namespace }}")
			doc = strings.ReplaceAll(doc, "{{ .Release.Namespace }}", "{{ $.Release.Namespace }}")
			docs[i] = "{{- range $i, $namespace := default (list \"default\") .Values.config.namespaces }}\n" +
				"{{- if $i }}\n---\n{{- end }}\n" + doc + "{{- end }}\n"
		case strings.Contains(doc, "  name: "+pageRole+"\n"):
			docs[i] = tokenAccess + doc + "{{- end }}\n"
		case strings.Contains(doc, "\nkind: ClusterRole\n") && strings.Contains(doc, "  name: "+namespaceRole+"\n"):
			docs[i] = namespaceRules(doc)
		case strings.Contains(doc, "\nkind: ClusterRole\n") && strings.Contains(doc, "  name: "+clusterRole+"\n"):
			docs[i] = clusterRules(doc)
		}
	}
	return generated + strings.Join(docs, "---\n")
}

// tokenAccess begins what only a page that tokens open needs.
const tokenAccess = `{{- if eq (dig "page" "access" "" .Values.config) "` + config.AccessToken + "\" }}\n"

const chartText = `apiVersion: v2
name: syncer
description: Keeps a Kubernetes cluster on AKS equal to a Git repository of AI workspaces
type: application
version: %s
appVersion: %q
home: https://syncer.dev
kubeVersion: ">= 1.31.0-0"
`

const valuesText = `# The image, with a tag or a digest.
image: %s:v%s
# Replicas elect a leader; the others follow, and take over when it goes.
replicas: 2
# The client ID of the managed identity as which syncer signs in to Azure; none if empty.
clientID: ""
# The configuration file, as docs/configuration.md describes it. Files of credentials are in
# %s: the keys of the Secret %s.
%s`
