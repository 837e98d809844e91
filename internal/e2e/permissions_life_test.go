// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/sops/sopstest"
)

// plainObjects are documents of the kinds of plain objects.
var plainObjects = map[string]string{
	"ConfigMap": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\n",
	"PersistentVolumeClaim": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: %s\n  namespace: %s\n" +
		"  annotations: {syncer.dev/prune: enabled}\n" +
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n",
	"ExternalSecret.external-secrets.io": "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n" +
		"metadata: {name: %s, namespace: %s}\nspec: {refreshInterval: 1h}\n",
	"SealedSecret.bitnami.com": "apiVersion: bitnami.com/v1\nkind: SealedSecret\n" +
		"metadata: {name: %s, namespace: %s}\nspec: {encryptedData: {a: b}}\n",
	"Gateway.example.com": "apiVersion: example.com/v1\nkind: Gateway\n" +
		"metadata: {name: %s, namespace: %s}\nspec: {a: b}\n",
	"PodDisruptionBudget.policy": "apiVersion: policy/v1\nkind: PodDisruptionBudget\n" +
		"metadata: {name: %s, namespace: %s}\nspec: {minAvailable: 1, selector: {matchLabels: {app: plain}}}\n",
	"NetworkPolicy.networking.k8s.io": "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" +
		"metadata: {name: %s, namespace: %s}\nspec: {podSelector: {matchLabels: {app: plain}}}\n",
	"HorizontalPodAutoscaler.autoscaling": "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n" +
		"metadata: {name: %s, namespace: %s}\n" +
		"spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: none}}\n",
	"Secret": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: %[1]s\n  namespace: %[2]s\n" +
		"  annotations:\n    syncer.dev/secret: only %[2]s/%[1]s (Opaque)\ntype: Opaque\nstringData:\n  a: b\n",
}

// plain returns the document of a plain object.
func (e *env) plain(kind, name string) string {
	e.Helper()
	text := fmt.Sprintf(plainObjects[kind], name, e.namespace)
	if kind != "Secret" {
		return text
	}
	text, err := sopstest.Encrypt(text, sopstest.Options{})
	if err != nil {
		e.Fatal(err)
	}
	return text
}

// defineKinds defines the kinds that other operators bring along.
func (e *env) defineKinds() {
	e.Helper()
	e.installKarpenter(dynamic.NewForConfigOrDie(e.rest))
	for _, k := range []struct{ group, kind, plural, scope string }{
		{"external-secrets.io", "ExternalSecret", "externalsecrets", "Namespaced"},
		{"bitnami.com", "SealedSecret", "sealedsecrets", "Namespaced"},
		{"example.com", "Gateway", "gateways", "Namespaced"},
		{"karpenter.k8s.aws", "EC2NodeClass", "ec2nodeclasses", "Cluster"},
	} {
		e.createOther(fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[3]s.%[1]s}
spec:
  group: %[1]s
  scope: %[4]s
  names: {kind: %[2]s, plural: %[3]s}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`, k.group, k.kind, k.plural, k.scope))
	}
}

// createOther creates an object of another client than syncer. A kind may have been defined just now.
func (e *env) createOther(text string) {
	e.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		e.Fatal(err)
	}
	e.eventually("the kind "+u.GetKind(), func() string {
		if err := e.client().Create(e.Context(), u.DeepCopy(), client.FieldOwner("person")); err != nil &&
			!apierrors.IsAlreadyExists(err) {
			return err.Error()
		}
		return ""
	})
}

// claimed returns files with a plain object of each kind. It creates an object of each kind that syncer applies, and
// the files also say what these objects should be: syncer reads them, and leaves them alone, as they are not its own.
func (e *env) claimed(c configured) map[string]string {
	e.Helper()
	pod := "{metadata: {labels: {app: person}}, spec: {containers: [{name: c, image: example.com/c}]"
	e.createOther("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: taken, namespace: " + e.namespace + "}\n" +
		"spec: {replicas: 0, serviceName: s, selector: {matchLabels: {app: person}}, template: " + pod + "}}}\n")
	e.createOther("apiVersion: batch/v1\nkind: Job\nmetadata: {name: taken-tune, namespace: " + e.namespace + "}\n" +
		"spec: {suspend: true, template: " + pod + ", restartPolicy: Never}}}\n")
	e.createOther("apiVersion: v1\nkind: Service\nmetadata: {name: taken, namespace: " + e.namespace + "}\n" +
		"spec: {ports: [{port: 80}]}\n")
	var mine, taken []string
	for _, kind := range c.kinds {
		e.createOther(fmt.Sprintf(plainObjects[kind], "taken", e.namespace))
		mine, taken = append(mine, e.plain(kind, "mine")), append(taken, e.plain(kind, "taken"))
	}
	served, tuned := inference("taken", "phi-4-mini-instruct"), tuning("taken-tune")
	if !c.whole {
		served, tuned = e.onShared(served), e.onShared(tuned)
	}
	files := map[string]string{
		"workspaces/mine.yaml":  strings.Join(mine, "---\n"),
		"workspaces/taken.yaml": strings.Join(append(taken, served, tuned), "---\n"),
	}
	if strings.Contains(c.capacity, "karpenter") {
		e.createOther("apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: " + e.namespace + "-pooled}\n" +
			"spec: {template: {spec: {nodeClassRef: {group: a.b, kind: C, name: d}, requirements: []}}}\n")
		files["workspaces/pooled.yaml"] = e.onShared(inference("pooled", "phi-4-mini-instruct"))
	}
	return files
}

var ofNodes = regexp.MustCompile(`(?m)^  instanceType: .*\n|app: [a-z-]+`)

// onShared returns a Workspace for the nodes that all configurations without a cloud share.
func (e *env) onShared(text string) string {
	text = ofNodes.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "app: ") {
			return "app: shared"
		}
		return ""
	})
	const meta = "metadata: {"
	return strings.NewReplacer("v1alpha1", "v1beta1", meta, meta+"namespace: "+e.namespace+", ").Replace(text)
}

// listing starts a syncer that lists objects by requests of their own, as servers that cannot stream a list need it.
func (e *env) listing(args ...string) *process {
	e.Helper()
	sub := *e
	sub.environ = append(slices.Clone(e.environ), "KUBE_FEATURE_WatchListClient=false")
	return sub.start(args...)
}

// livesShortly creates objects of each kind, and removes them again.
func (e *env) livesShortly(c configured, audit, account string, given []permission) {
	e.Helper()
	files := e.claimed(c)
	files["workspaces/phi.yaml"] = e.onShared(inference("phi", "phi-4-mini-instruct"))
	files["workspaces/tune.yaml"] = e.onShared(tuning("tune"))
	e.repo.Commit(files, "all")
	p := e.start("run")
	leader := &replica{process: p}
	leader.waitRole("leader")
	follower := &replica{process: e.listing("run")}
	follower.waitRole("follower, ")
	e.eventually("verbs that are granted, and not used yet", func() string {
		_, _ = p.get("/clusters/" + clusterName + "/workspaces/" + e.namespace + "/phi")
		used, forbidden := requestsOf(e.T, audit, account)
		left := slices.DeleteFunc(slices.Clone(given), func(p permission) bool {
			return p.verb == "delete" || p.verb == "watch" || slices.Contains(used, p)
		})
		if lacking := without(forbidden, optional); len(lacking) > 0 {
			e.Fatalf("forbidden: %q", lacking)
		}
		return strings.Join(without(left, nil), ", ")
	})
	e.repo.Commit(map[string]string{"workspaces/keep.txt": "x"}, "keep the folder")
	e.repo.Remove("no more\n\nSyncer-Allow-Empty: true\nSyncer-Allow-Delete: 100", slices.Sorted(maps.Keys(files))...)
	e.eventually("all objects to be gone", func() string {
		sets, err := e.kube.AppsV1().StatefulSets(e.namespace).List(e.Context(), ours)
		if err != nil || len(sets.Items) > 0 {
			return fmt.Sprintf("%d StatefulSets, %v", len(sets.Items), err)
		}
		jobs, err := e.kube.BatchV1().Jobs(e.namespace).List(e.Context(), ours)
		if err != nil || len(jobs.Items) > 0 {
			return fmt.Sprintf("%d Jobs, %v", len(jobs.Items), err)
		}
		services, err := e.kube.CoreV1().Services(e.namespace).List(e.Context(), ours)
		if err != nil || len(services.Items) > 0 {
			return fmt.Sprintf("%d Services, %v", len(services.Items), err)
		}
		return e.remaining(c)
	})
	follower.kill()
	p.kill()
}

var ours = metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=syncer"}

// remaining names a plain object of syncer that is not deleted yet, or returns "".
func (e *env) remaining(c configured) string {
	e.Helper()
	for _, kind := range c.kinds {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(fmt.Appendf(nil, plainObjects[kind], "mine", e.namespace), &u.Object); err != nil {
			e.Fatal(err)
		}
		err := e.client().Get(e.Context(), client.ObjectKeyFromObject(u), u)
		if !apierrors.IsNotFound(err) && u.GetDeletionTimestamp() == nil { // nothing here takes a claim's finalizer off
			return fmt.Sprintf("%s mine, %v", kind, err)
		}
	}
	return ""
}

// deployer gives the service account of this name what syncer writes as it, and returns that.
func (e *env) deployer(c configured) []permission {
	e.Helper()
	verbs := []string{"create", "delete", "patch"}
	rules := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"services", "configmaps", "persistentvolumeclaims"}, Verbs: verbs},
		{APIGroups: []string{"apps"}, Resources: []string{"statefulsets"}, Verbs: verbs},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: verbs},
		{APIGroups: []string{"external-secrets.io"}, Resources: []string{"externalsecrets"}, Verbs: verbs},
		{APIGroups: []string{"bitnami.com"}, Resources: []string{"sealedsecrets"}, Verbs: verbs},
	}
	meta := metav1.ObjectMeta{Name: "deployer", Namespace: c.namespace}
	role := &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: meta, Rules: rules,
	}
	if _, err := e.kube.RbacV1().Roles(c.namespace).Create(e.Context(), role, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
	if _, err := e.kube.RbacV1().RoleBindings(c.namespace).Create(e.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: c.namespace}},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "deployer"},
	}, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(role)
	if err != nil {
		e.Fatal(err)
	}
	return granted(e.T, []*unstructured.Unstructured{{Object: content}})
}
