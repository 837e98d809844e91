// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestMayWrite(t *testing.T) {
	withSecrets := Options{Namespaces: []string{"team"}, Kinds: []string{"Secret"}}
	plain := Options{Namespaces: []string{"team"}, Kinds: []string{"ConfigMap", "SealedSecret.bitnami.com"}}
	karpenter := plain
	karpenter.Karpenter = true
	for _, tt := range []struct {
		name, version, kind string
		metadata            string // default {name: a, namespace: team}
		options             Options
		want                string // part of the error, "" if the write is allowed
	}{
		{name: "rendered", version: "apps/v1", kind: "StatefulSet", options: plain},
		{name: "Job", version: "batch/v1", kind: "Job", options: plain},
		{name: "Service", version: "v1", kind: "Service", options: plain},
		{name: "claim", version: "v1", kind: "PersistentVolumeClaim", options: plain},
		{name: "budget of a preset", version: "policy/v1", kind: "PodDisruptionBudget", options: plain},
		{name: "policy of a preset", version: "networking.k8s.io/v1", kind: "NetworkPolicy", options: plain},
		{name: "autoscaler of a preset", version: "autoscaling/v2", kind: "HorizontalPodAutoscaler", options: plain},
		{name: "configured", version: "bitnami.com/v1alpha1", kind: "SealedSecret", options: plain},
		{name: "NodePool", version: "karpenter.sh/v1", kind: "NodePool", metadata: "{name: a}", options: karpenter},
		{
			name:     "NodePool in another mode",
			version:  "karpenter.sh/v1",
			kind:     "NodePool",
			metadata: "{name: a}",
			options:  plain,
			want:     "NodePool.karpenter.sh is not allowed",
		},
		{
			name: "encrypted Secret", version: "v1", kind: "Secret", options: withSecrets,
			metadata: "{name: a, namespace: team, annotations: {syncer.dev/encrypted: 'sha256:1'}}",
		},
		{
			name: "plain Secret", version: "v1", kind: "Secret", options: withSecrets,
			want: "it was not encrypted in Git",
		},
		{
			name: "token", version: "v1", kind: "Secret", options: withSecrets,
			metadata: "{name: a, namespace: team, annotations: {syncer.dev/encrypted: 'sha256:1'}}\n" +
				"type: kubernetes.io/service-account-token",
			want: "a Secret of type kubernetes.io/service-account-token is a token",
		},
		{name: "Secret", version: "v1", kind: "Secret", options: plain, want: "kind Secret is not allowed"},
		{
			name:    "other group",
			version: "evil.example/v1",
			kind:    "Service",
			options: plain,
			want:    "Service.evil.example is not allowed",
		},
		{
			name:    "configured kind of another group",
			version: "v1",
			kind:    "SealedSecret",
			options: plain,
			want:    "kind SealedSecret is not allowed",
		},
		{
			name:     "binding",
			version:  "rbac.authorization.k8s.io/v1",
			kind:     "ClusterRoleBinding",
			metadata: "{name: a}",
			options:  plain,
			want:     "ClusterRoleBinding",
		},
		{
			name:     "other namespace",
			version:  "v1",
			kind:     "ConfigMap",
			metadata: "{name: a, namespace: kube-system}",
			options:  plain,
			want:     `namespace "kube-system" is not allowed; allowed: team`,
		},
		{
			name:     "no namespace",
			version:  "v1",
			kind:     "ConfigMap",
			metadata: "{name: a}",
			options:  plain,
			want:     "it has no namespace",
		},
		{
			name:     "namespace that is no text",
			version:  "v1",
			kind:     "ConfigMap",
			metadata: "{name: a, namespace: 1}",
			options:  plain,
			want:     "it has no namespace",
		},
	} {
		object := parse(t, fmt.Sprintf("apiVersion: %s\nkind: %s\nmetadata: %s\n",
			tt.version, tt.kind, cmp.Or(tt.metadata, "{name: a, namespace: team}")))
		err := mayWrite(tt.options, &unstructured.Unstructured{Object: object})
		var refused *RefusedError
		if (err == nil) != (tt.want == "") ||
			err != nil && (!errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
