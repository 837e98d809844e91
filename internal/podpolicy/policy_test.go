// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/diag"
)

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// found lists findings as "path Reason".
func found(all []Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s %s", f.Path, f.Reason))
	}
	return out
}

// plain is a pod that the level restricted admits.
const plain = `{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
  containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}`

// kinds wrap a pod spec, with the path that it has there.
var kinds = map[string]struct{ path, text string }{
	"Pod": {"spec", "{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: %s}"},
	"Deployment": {
		"spec.template.spec",
		"{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: %s}}}",
	},
	"StatefulSet": {
		"spec.template.spec",
		"{apiVersion: apps/v1, kind: StatefulSet, spec: {template: {spec: %s}}}",
	},
	"DaemonSet": {
		"spec.template.spec",
		"{apiVersion: apps/v1, kind: DaemonSet, spec: {template: {spec: %s}}}",
	},
	"ReplicaSet": {
		"spec.template.spec",
		"{apiVersion: apps/v1, kind: ReplicaSet, spec: {template: {spec: %s}}}",
	},
	"ReplicationController": {
		"spec.template.spec",
		"{apiVersion: v1, kind: ReplicationController, spec: {template: {spec: %s}}}",
	},
	"Job": {"spec.template.spec", "{apiVersion: batch/v1, kind: Job, spec: {template: {spec: %s}}}"},
	"CronJob": {
		"spec.jobTemplate.spec.template.spec",
		"{apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: %s}}}}}",
	},
	"PodTemplate": {"template.spec", "{apiVersion: v1, kind: PodTemplate, template: {spec: %s}}"},
	"RayCluster": {
		"spec.workerGroupSpecs[0].template.spec",
		"{apiVersion: ray.io/v1, kind: RayCluster, spec: {workerGroupSpecs: [{template: {spec: %s}}]}}",
	},
	"PyTorchJob": {
		"spec.pytorchReplicaSpecs.Worker.template.spec",
		"{apiVersion: kubeflow.org/v1, kind: PyTorchJob, spec: {pytorchReplicaSpecs: {Worker: {template: {spec: %s}}}}}",
	},
}

// TestLevels: every field that a level refuses is found, at its place, in each kind that holds pods.
func TestLevels(t *testing.T) {
	const box = "containers: [{name: c, image: i, securityContext: {%s}}]"
	inContainer := func(text string) string { return "{" + fmt.Sprintf(box, text) + "}" }
	for name, tt := range map[string]struct{ spec, path string }{
		"hostNetwork": {"{hostNetwork: true, containers: [{name: c}]}", "hostNetwork"},
		"hostPID":     {"{hostPID: true, containers: [{name: c}]}", "hostPID"},
		"hostIPC":     {"{hostIPC: true, containers: [{name: c}]}", "hostIPC"},
		"nodeName":    {"{nodeName: node-1, containers: [{name: c}]}", "nodeName"},
		"hostPath": {
			"{containers: [{name: c}], volumes: [{name: a, emptyDir: {}}, {name: v, hostPath: {path: /}}]}",
			"volumes[1].hostPath",
		},
		"hostPort": {
			"{containers: [{name: c, ports: [{containerPort: 1}, {containerPort: 2, hostPort: 3}]}]}",
			"containers[0].ports[1].hostPort",
		},
		"privileged": {inContainer("privileged: true"), "containers[0].securityContext.privileged"},
		"capabilities": {
			inContainer("capabilities: {add: [SYS_ADMIN]}"),
			"containers[0].securityContext.capabilities.add",
		},
		"procMount": {inContainer("procMount: Unmasked"), "containers[0].securityContext.procMount"},
		"SELinux of a container": {
			inContainer("seLinuxOptions: {type: spc_t}"),
			"containers[0].securityContext.seLinuxOptions.type",
		},
		"SELinux of the pod": {
			"{securityContext: {seLinuxOptions: {user: root}}, containers: [{name: c}]}", "securityContext.seLinuxOptions.user",
		},
		"seccomp": {inContainer("seccompProfile: {type: Unconfined}"), "containers[0].securityContext.seccompProfile.type"},
		"seccomp of the pod": {
			"{securityContext: {seccompProfile: {type: Unconfined}}, containers: " +
				"[{name: c}]}", "securityContext.seccompProfile.type",
		},
		"AppArmor": {
			inContainer("appArmorProfile: {type: Unconfined}"),
			"containers[0].securityContext.appArmorProfile.type",
		},
		"sysctls": {
			"{securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}, containers: [{name: c}]}",
			"securityContext.sysctls[0].name",
		},
		"a probe of another host": {
			"{containers: [{name: c, livenessProbe: {httpGet: {port: 80, host: 169.254.169.254}}}]}",
			"containers[0].livenessProbe.httpGet.host",
		},
		"a container without a name": {
			"{containers: [{securityContext: {privileged: true}}]}",
			"containers[0].securityContext.privileged",
		},
		"an init container": {
			"{initContainers: [{name: i, securityContext: {privileged: true}}], containers: [{name: c}]}",
			"initContainers[0].securityContext.privileged",
		},
		"an ephemeral container": {
			"{ephemeralContainers: [{name: e, securityContext: {privileged: true}}], containers: [{name: c}]}",
			"ephemeralContainers[0].securityContext.privileged",
		},
		"one container of several": {
			"{containers: [{name: a}, {name: b, securityContext: {privileged: true}}, {name: c}]}",
			"containers[1].securityContext.privileged",
		},
		"Windows": {
			inContainer("windowsOptions: {hostProcess: true}"), "containers[0].securityContext.windowsOptions.hostProcess",
		},
	} {
		for kind, k := range kinds {
			got := found(Policy{}.Judge(object(t, fmt.Sprintf(k.text, tt.spec))))
			if diff := cmp.Diff([]string{k.path + "." + tt.path + " PodNotAllowed"}, got); diff != "" {
				t.Errorf("%s in a %s (-want +got):\n%s", name, kind, diff)
			}
			if got := (Policy{Level: Privileged}).Judge(object(t, fmt.Sprintf(k.text, tt.spec))); len(got) > 0 {
				t.Errorf("%s in a %s at level privileged: %v", name, kind, found(got))
			}
		}
	}
	for kind, k := range kinds {
		if got := (Policy{Level: Restricted}).Judge(object(t, fmt.Sprintf(k.text, plain))); len(got) > 0 {
			t.Errorf("a %s that level restricted admits: %v", kind, found(got))
		}
	}
}

// TestRestricted: what is missing is reported where it belongs.
func TestRestricted(t *testing.T) {
	text := fmt.Sprintf(kinds["Deployment"].text, "{containers: [{name: a}, {name: b, securityContext: {runAsUser: "+
		"0}}], volumes: [{name: v, nfs: {server: s, path: /}}]}")
	want := []string{
		"spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation PodNotAllowed",
		"spec.template.spec.containers[0].securityContext.capabilities.drop PodNotAllowed",
		"spec.template.spec.containers[0].securityContext.runAsNonRoot PodNotAllowed",
		"spec.template.spec.containers[0].securityContext.seccompProfile.type PodNotAllowed",
		"spec.template.spec.containers[1].securityContext.allowPrivilegeEscalation PodNotAllowed",
		"spec.template.spec.containers[1].securityContext.capabilities.drop PodNotAllowed",
		"spec.template.spec.containers[1].securityContext.runAsNonRoot PodNotAllowed",
		"spec.template.spec.containers[1].securityContext.runAsUser PodNotAllowed",
		"spec.template.spec.containers[1].securityContext.seccompProfile.type PodNotAllowed",
		"spec.template.spec.volumes[0].nfs PodNotAllowed",
	}
	got := found(Policy{Level: Restricted}.Judge(object(t, text)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEveryCheckHasFields: a check that a new version of the library brings needs an entry, or findings have no place.
func TestEveryCheckHasFields(t *testing.T) {
	for _, c := range policy.DefaultChecks() {
		volumes := slices.Contains([]string{"hostPathVolumes", "restrictedVolumes"}, string(c.ID))
		if _, ok := securityFields[string(c.ID)]; !ok && !volumes {
			t.Errorf("check %s has no fields", c.ID)
		}
	}
}

func TestAnnotations(t *testing.T) {
	text := `{apiVersion: v1, kind: Pod,
		metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/c: unconfined}},
		spec: {containers: [{name: c}]}}`
	want := []string{"metadata.annotations.container.apparmor.security.beta.kubernetes.io/c PodNotAllowed"}
	if diff := cmp.Diff(want, found(Policy{}.Judge(object(t, text)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnreadablePods: a pod whose fields have the wrong types is refused, not passed on unjudged.
func TestUnreadablePods(t *testing.T) {
	for _, spec := range []string{
		"{hostNetwork: 'true', containers: [{name: c}]}",
		"{containers: [{name: c, securityContext: {privileged: 'yes'}}]}",
		"{containers: [{name: c, securityContext: [privileged]}]}",
	} {
		for kind, k := range kinds {
			got := Policy{}.Judge(object(t, fmt.Sprintf(k.text, spec)))
			if len(got) == 0 || got[0].Reason != diag.PodNotAllowed {
				t.Errorf("%s in a %s: %v", spec, kind, found(got))
			}
		}
	}
}

// TestContainersOfOthers: kinds of other projects have containers outside of pod specs.
func TestContainersOfOthers(t *testing.T) {
	secrets := Policy{Level: Privileged, Secrets: []string{}}
	for text, tt := range map[string]struct {
		policy Policy
		want   []string
	}{
		"{spec: {templates: [{container: {image: a, securityContext: {privileged: true}}}]}}": {
			Policy{}, []string{"spec.templates[0].container.securityContext.privileged PodNotAllowed"},
		},
		"{spec: {steps: [{name: a, image: b, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]}}": {
			Policy{Level: Restricted}, []string{"spec.steps[0].securityContext.capabilities.add PodNotAllowed"},
		},
		"{spec: {stepTemplate: {securityContext: {procMount: Unmasked}}}}": {
			Policy{}, []string{"spec.stepTemplate.securityContext.procMount PodNotAllowed"},
		},
		"{spec: {sidecars: [{image: a, ports: [{hostPort: 1}]}], containers: [{name: a}]}}": {
			Policy{}, []string{"spec.sidecars[0].ports[0].hostPort PodNotAllowed"},
		},
		"{spec: {script: {image: a, securityContext: {privileged: 'yes'}}}}": {
			Policy{}, []string{"spec.script PodNotAllowed"},
		},
		"{spec: {script: {image: a, env: [{valueFrom: {secretKeyRef: {name: s}}}]}}}": {
			secrets, []string{"spec.script.env[0].valueFrom.secretKeyRef.name SecretNotAllowed"},
		},
		"{spec: {image: a, securityContext: {runAsUser: 1, fsGroup: 2}, ports: [{port: 1}]}}": {
			Policy{Level: Restricted}, nil,
		},
	} {
		if diff := cmp.Diff(tt.want, found(tt.policy.Judge(object(t, text)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// namesSecrets are the places of a pod that name a Secret.
var namesSecrets = map[string]string{
	"containers[0].env[0].valueFrom.secretKeyRef.name": "{containers: [{name: c, env: [{name: A, valueFrom: " +
		"{secretKeyRef: {name: s, key: k}}}]}]}",
	"containers[0].envFrom[1].secretRef.name": "{containers: [{name: c, envFrom: [{configMapRef: {name: " +
		"s}}, {secretRef: {name: s}}]}]}",
	"initContainers[0].envFrom[0].secretRef.name": "{initContainers: [{name: c, envFrom: [{secretRef: {name: s}}]}]}",
	"volumes[0].secret.secretName": "{containers: [{name: c}], volumes: [{name: v, secret: " +
		"{secretName: s}}]}",
	"volumes[0].projected.sources[0].secret.name": "{containers: [{name: c}], volumes: [{name: v, projected: " +
		"{sources: [{secret: {name: s}}]}}]}",
	"volumes[0].csi.nodePublishSecretRef.name": "{containers: [{name: c}], volumes: [{name: v, csi: " +
		"{driver: d, nodePublishSecretRef: {name: s}}}]}",
	"volumes[0].csi.volumeAttributes.secretName": "{containers: [{name: c}], volumes: [{name: v, csi: " +
		"{driver: d, volumeAttributes: {secretName: s}}}]}",
	"volumes[0].csi.volumeAttributes.secretname": "{containers: [{name: c}], volumes: [{name: v, csi: " +
		"{driver: d, volumeAttributes: {secretname: s}}}]}",
	"volumes[0].azureFile.secretName": "{containers: [{name: c}], volumes: [{name: v, azureFile: " +
		"{shareName: a, secretName: s}}]}",
	"volumes[0].cephfs.secretRef.name": "{containers: [{name: c}], volumes: [{name: v, cephfs: " +
		"{monitors: [a], secretRef: {name: s}}}]}",
	"volumes[0].flexVolume.secretRef.name": "{containers: [{name: c}], volumes: [{name: v, flexVolume: " +
		"{driver: a, secretRef: {name: s}}}]}",
	"imagePullSecrets[0].name": "{containers: [{name: c}], imagePullSecrets: [{name: s}]}",
}

func TestSecrets(t *testing.T) {
	for path, spec := range namesSecrets {
		for kind, k := range kinds {
			u := object(t, fmt.Sprintf(k.text, spec))
			want := []string{k.path + "." + path + " SecretNotAllowed"}
			for _, names := range [][]string{{}, {"other"}} {
				got := found(Policy{Level: Privileged, Secrets: names}.Judge(u))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, allowed %q (-want +got):\n%s", kind, names, diff)
				}
			}
			for _, names := range [][]string{nil, {"s"}} {
				if got := (Policy{Level: Privileged, Secrets: names}).Judge(u); len(got) > 0 {
					t.Errorf("%s, allowed %v: %v", kind, names, found(got))
				}
			}
		}
	}
	account := object(t, "{apiVersion: v1, kind: ServiceAccount, secrets: [{name: s}], imagePullSecrets: [{name: s}]}")
	if got := (Policy{Secrets: []string{}}).Judge(account); len(got) != 2 {
		t.Errorf("a service account: %v", found(got))
	}
	both := object(t, fmt.Sprintf(kinds["Pod"].text,
		"{containers: [{name: c}], volumes: [{name: v, projected: {sources: [{secret: {name: s, secretName: other}}]}}]}"))
	if got := (Policy{Level: Privileged, Secrets: []string{"other"}}).Judge(both); len(got) != 1 {
		t.Errorf("a source with two names: %v", found(got))
	}
}

func TestServiceAccounts(t *testing.T) {
	for _, field := range []string{"serviceAccountName", "serviceAccount"} {
		for kind, k := range kinds {
			u := object(t, fmt.Sprintf(k.text, "{"+field+": admin, containers: [{name: c}]}"))
			for _, names := range [][]string{{}, {"other"}} {
				got := found(Policy{Level: Privileged, ServiceAccounts: names}.Judge(u))
				if diff := cmp.Diff([]string{k.path + "." + field + " ServiceAccountNotAllowed"}, got); diff != "" {
					t.Errorf("%s, allowed %q (-want +got):\n%s", kind, names, diff)
				}
			}
			if got := (Policy{Level: Privileged, ServiceAccounts: []string{"admin"}}).Judge(u); len(got) > 0 {
				t.Errorf("%s: %v", kind, found(got))
			}
		}
	}
}

func TestServicesAndSelectors(t *testing.T) {
	service := func(spec string) string { return "{apiVersion: v1, kind: Service, spec: {" + spec + "}}" }
	for name, tt := range map[string]struct {
		policy Policy
		text   string
		want   []string
	}{
		"in the cluster":       {Policy{NoLoadBalancers: true}, service("ports: [{port: 6379}]"), nil},
		"externalIPs":          {Policy{}, service("externalIPs: [1.2.3.4]"), []string{"spec.externalIPs ServiceNotAllowed"}},
		"externalIPs, allowed": {Policy{Level: Privileged}, service("externalIPs: [1.2.3.4]"), nil},
		"denied": {
			Policy{NoLoadBalancers: true, Level: Privileged},
			service("type: LoadBalancer, ports: [{port: 80}]"),
			[]string{"spec.type ServiceNotAllowed"},
		},
		"another server": {Policy{}, service("type: LoadBalancer, selector: {app: x}, ports: [{port: 443}]"), nil},
		"Ray": {
			Policy{Level: Privileged},
			service("type: LoadBalancer, selector: {app: x}, ports: [{port: 80}, {port: 443, targetPort: 6379}, {port: " +
				"8265}, {port: 1, targetPort: ray}]"),
			[]string{"spec.ports[1] ServiceNotAllowed", "spec.ports[2] ServiceNotAllowed", "spec.ports[3] ServiceNotAllowed"},
		},
		"a port of the nodes": {
			Policy{},
			service("type: NodePort, selector: {kaito.sh/workspace: x}, ports: [{port: 80, targetPort: 5000}, {port: 8265}]"),
			[]string{"spec.ports[1] ServiceNotAllowed"},
		},
		"the API of a model": {
			Policy{}, service("type: LoadBalancer, selector: {kaito.sh/workspace: x}, ports: [{port: 80, targetPort: " +
				"5000}, {port: 81, targetPort: http}]"), nil,
		},
		"another port of a model": {
			Policy{},
			service("type: LoadBalancer, selector: {kaito.sh/workspace: x}, ports: [{port: 80, targetPort: 22}]"),
			[]string{"spec.ports[0] ServiceNotAllowed"},
		},
		"NetworkPolicy of all": {
			Policy{}, "{kind: NetworkPolicy, spec: {podSelector: {}}}", []string{"spec.podSelector SelectorNotAllowed"},
		},
		"NetworkPolicy without a selector": {
			Policy{}, "{kind: NetworkPolicy, spec: {}}", []string{"spec.podSelector SelectorNotAllowed"},
		},
		"NetworkPolicy of all but some": {
			Policy{},
			"{kind: NetworkPolicy, spec: {podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}, {key: b, " +
				"operator: NotIn, values: [c]}]}}}",
			[]string{"spec.podSelector SelectorNotAllowed"},
		},
		"NetworkPolicy of some": {
			Policy{}, "{kind: NetworkPolicy, spec: {podSelector: {matchLabels: {a: b}}}}", nil,
		},
		"NetworkPolicy by expression": {
			Policy{}, "{kind: NetworkPolicy, spec: {podSelector: {matchExpressions: [{key: a, operator: Exists}]}}}", nil,
		},
		"PodDisruptionBudget of all": {
			Policy{}, "{kind: PodDisruptionBudget, spec: {selector: {}}}", []string{"spec.selector SelectorNotAllowed"},
		},
		"privileged": {Policy{Level: Privileged}, "{kind: NetworkPolicy, spec: {podSelector: {}}}", nil},
	} {
		if diff := cmp.Diff(tt.want, found(tt.policy.Judge(object(t, tt.text)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestDataIsNotJudged: the text of a ConfigMap is not a pod.
func TestDataIsNotJudged(t *testing.T) {
	strict := Policy{Level: Restricted, ServiceAccounts: []string{}, Secrets: []string{}, NoLoadBalancers: true}
	for _, text := range []string{
		"{apiVersion: v1, kind: ConfigMap, data: {nodeName: node-1, secretName: s}}",
		"{apiVersion: v1, kind: PersistentVolumeClaim, spec: {storageClassName: c}}",
		"{apiVersion: external-secrets.io/v1, kind: ExternalSecret, spec: {secretStoreRef: {name: s}, target: {name: s}}}",
		"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {scaleTargetRef: {name: s}}}",
	} {
		if got := strict.Judge(object(t, text)); len(got) > 0 {
			t.Errorf("%s: %v", text, found(got))
		}
	}
}

// FuzzJudge: no object makes it fail, and no pod with a privileged container passes below level privileged.
func FuzzJudge(f *testing.F) {
	for _, k := range kinds {
		f.Add(fmt.Sprintf(k.text, plain))
		f.Add(fmt.Sprintf(k.text, "{containers: [{name: c, securityContext: {privileged: true}}]}"))
	}
	f.Add("{apiVersion: v1, kind: Service, spec: {type: LoadBalancer, ports: [{port: 6379}]}}")
	f.Fuzz(func(t *testing.T, document string) {
		var u map[string]any
		if err := yaml.Unmarshal([]byte(document), &u); err != nil {
			return
		}
		for _, level := range Levels {
			for _, finding := range (Policy{Level: level, Secrets: []string{}, ServiceAccounts: []string{}}).Judge(u) {
				if finding.Message == "" || finding.Reason == "" || finding.Hint == "" {
					t.Fatalf("%+v says too little", finding)
				}
			}
		}
		for _, pod := range podsIn(u) {
			spec, err := pod.decode()
			if err != nil {
				continue
			}
			for _, c := range containersOf(spec) {
				s := c.container.SecurityContext
				if s != nil && s.Privileged != nil && *s.Privileged && len((Policy{}).Judge(u)) == 0 &&
					!(text(u["apiVersion"]) == "v1" && dataOnly[text(u["kind"])]) {
					t.Fatalf("a privileged container in %s is admitted", strings.TrimSpace(document))
				}
			}
		}
	})
}
