// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace/load"
)

// rolesFile has the roles that the documentation gives to syncer, and installedRoles those that "syncer install" begins
// with: the same, without what "objects" names. Both are made from the audit log of TestPermissions in mode aks.
const (
	rolesFile      = "../../docs/examples/rbac.yaml"
	installedRoles = "../install/roles.yaml"
)

// optional are permissions that syncer asks for and does without: docs/operating.md says what it knows less then.
var optional = []permission{{"get", "", "secrets", namespaceRole}}

// configured is a configuration for which an installation gives rights, and what is in the repository for it.
type configured struct {
	name      string
	namespace string // of Workspaces
	capacity  string // "" is that of aks
	more      string // lines of the configuration
	ageKey    string // the file of it, or ""
	kinds     []string
	deployer  bool // the namespace is written as the service account of this name
	whole     bool // objects go through their whole life, to Ready and by drift
}

// configurations are those that decide about rights.
func configurations(t *testing.T) []configured {
	t.Helper()
	dir := t.TempDir()
	key, age := filepath.Join(dir, "key"), filepath.Join(dir, "age")
	write(t, key, session.Random())
	write(t, age, sopstest.Identity)
	const byo, few = "{mode: byo}", "objects: [ConfigMap, PersistentVolumeClaim"
	others := []string{
		"PodDisruptionBudget.policy", "NetworkPolicy.networking.k8s.io", "HorizontalPodAutoscaler.autoscaling",
		"Gateway.example.com",
	}
	return []configured{
		{
			name: "aks", namespace: "default", kinds: load.DefaultObjects, whole: true,
			more: "page: {access: token, keyFile: " + key + "}\n",
		},
		{name: "byo", namespace: "byo", capacity: byo, kinds: load.DefaultObjects},
		{
			name: "karpenter", namespace: "karpenter", kinds: load.DefaultObjects[:2], more: few + "]\n",
			capacity: "{mode: karpenter, karpenter: {nodeClass: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: gpu}}}",
		},
		{
			name: "encrypted", namespace: "encrypted", capacity: byo,
			kinds: []string{"ConfigMap", "PersistentVolumeClaim", "Secret"},
			more:  few + ", Secret]\n", ageKey: age,
		},
		{
			name: "impersonation", namespace: "impersonation", capacity: byo, kinds: load.DefaultObjects, deployer: true,
			more: "impersonate: deployer\n",
		},
		{
			name: "objects", namespace: "objects", capacity: byo,
			kinds: slices.Concat(load.DefaultObjects[:2], others),
			more:  few + ", " + strings.Join(others, ", ") + "]\n",
		},
	}
}

// TestPermissions runs syncer as the service account of an installation, with the rights that "syncer install" prints
// for each configuration. The audit log of the API server shows that nothing was forbidden, that syncer has used
// nothing else, and that it has used each verb that it was given. Before, "syncer check" names each of them as missing.
// With -update it runs as an administrator in mode aks, and writes the roles from what was used.
func TestPermissions(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.log")
	e := setup(t, "-audit", audit)
	e.defineKinds()
	for i := range 4 {
		e.addNode(fmt.Sprintf("gpu-%d", i), 1, a100("1", "shared"))
	}
	for _, c := range configurations(t) {
		if golden.Update() && c.name != "aks" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			sub := e.on(t)
			if c.capacity != "" {
				sub.wire(e.cluster, c.capacity)
			}
			sub.namespace = c.namespace
			sub.permissions(c, audit)
		})
	}
}

// permissions compares what an installation gives with what syncer uses.
func (e *env) permissions(c configured, audit string) {
	e.Helper()
	own := leaseNamespace + "-" + c.name
	account := "system:serviceaccount:" + own + ":" + install.Name
	e.configure(c, own)
	e.createNamespace(c.namespace)
	objects := e.installation("install", "--rights", "--namespace", own, "--config", e.config)
	given := granted(e.T, objects)
	if golden.Update() {
		e.createNamespace(own)
		e.bindCluster("cluster-admin", own)
	} else {
		if missing := e.missingRights(account, own); !slices.Equal(missing, texts(given)) {
			e.Errorf("syncer check: missing %q, want %q", missing, texts(given))
		}
		for _, o := range objects {
			if err := e.client().Apply(e.Context(), client.ApplyConfigurationFromUnstructured(o),
				client.FieldOwner("kubectl"), client.ForceOwnership); err != nil {
				e.Fatal(err)
			}
		}
		e.eventually("the rights to be known", func() string { return strings.Join(e.missingRights(account, own), ", ") })
	}
	if c.deployer {
		given = append(given, e.deployer(c)...)
	}
	e.signIn(own)
	if c.whole {
		e.live(c)
	} else {
		e.livesShortly(c, audit, account, given)
	}
	var used, forbidden []permission
	e.eventually("verbs that are granted, and never used", func() string { // the log has a watch when it has ended
		used, forbidden = requestsOf(e.T, audit, account)
		if golden.Update() {
			return ""
		}
		return strings.Join(without(given, used), ", ")
	})
	for _, p := range without(forbidden, optional) {
		e.Errorf("%s is forbidden", p)
	}
	used = slices.DeleteFunc(used, func(p permission) bool {
		return slices.Contains(optional, p) && !slices.Contains(given, p)
	})
	if c.name == "aks" {
		golden.Equal(e.T, rolesFile, rolesText(used))
		golden.Equal(e.T, installedRoles, rolesText(slices.DeleteFunc(slices.Clone(used), func(p permission) bool {
			return p.group == "external-secrets.io" || p.group == "bitnami.com"
		})))
	}
	for _, p := range without(used, given) {
		if !golden.Update() {
			e.Errorf("%s is used, and not granted", p)
		}
	}
}

// configure adds the lines of a configuration to the file.
func (e *env) configure(c configured, own string) {
	e.Helper()
	data, err := os.ReadFile(e.config)
	if err != nil {
		e.Fatal(err)
	}
	text := string(data)
	if c.ageKey != "" { // the file has a source
		text = strings.Replace(text, "source: {", "source: {decryption: {ageKeyFile: "+c.ageKey+"}, ", 1)
	}
	write(e.T, e.config, text+"namespaces: ["+c.namespace+"]\nlease: {enabled: always, namespace: "+own+"}\n"+c.more)
}

func (e *env) createNamespace(name string) {
	e.Helper()
	if name == "default" {
		return
	}
	if _, err := e.kube.CoreV1().Namespaces().Create(e.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
}

// bindCluster gives a role in the whole cluster to the service account of syncer.
func (e *env) bindCluster(role, own string) {
	e.Helper()
	if _, err := e.kube.RbacV1().ClusterRoleBindings().Create(e.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: own},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: install.Name, Namespace: own}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
}

// missingRights returns the rights that "syncer check" names as missing, in the words of permission.
func (e *env) missingRights(account, own string) []string {
	e.Helper()
	lines, _ := e.check("--as", account, "--namespace", own)
	var out []string
	for name, l := range lines {
		if role, ok := strings.CutPrefix(name, "kubernetes role "); ok {
			role, _, _ = strings.Cut(role, " ")
			for _, right := range l.MissingRights {
				right, _, _ = strings.Cut(right, "/") // the name of the one object
				out = append(out, right+" in role "+role)
			}
		}
	}
	slices.Sort(out)
	return out
}

// texts returns the permissions in words, sorted.
func texts(all []permission) []string {
	out := without(all, nil)
	slices.Sort(out)
	return out
}

// signIn makes syncer sign in by a token of its service account, as a pod does.
func (e *env) signIn(own string) {
	e.Helper()
	accounts := e.kube.CoreV1().ServiceAccounts(own)
	if _, err := accounts.Create(e.Context(), &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: install.Name},
	}, metav1.CreateOptions{}); err != nil {
		e.Fatal(err)
	}
	r, err := accounts.CreateToken(e.Context(), install.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		e.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(e.kubeconfig)
	if err != nil {
		e.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		*user = api.AuthInfo{Token: r.Status.Token}
	}
	if err := clientcmd.WriteToFile(*config, e.kubeconfig); err != nil {
		e.Fatal(err)
	}
}

// live leads objects of each kind through their life: created, changed, changed by another client, and deleted.
func (e *env) live(c configured) {
	e.Helper()
	const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {a: %q}\n---\n" +
		"apiVersion: v1\nkind: PersistentVolumeClaim\n" +
		"metadata: {name: cache, namespace: default, annotations: {syncer.dev/prune: enabled, example.com/a: %q}}\n" +
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	files := e.claimed(c)
	maps.Copy(files, map[string]string{
		"workspaces/stays.yaml": inference("stays", "phi-4-mini-instruct"),
		"workspaces/phi.yaml":   inference("phi", "phi-4-mini-instruct"),
		"workspaces/tune.yaml":  tuning("tune"),
		"workspaces/plain.yaml": fmt.Sprintf(plain, "1", "1"),
	})
	e.repo.Commit(files, "all")
	p := e.start("run")
	e.waitState("phi", status.Ready)
	follower := &replica{process: e.listing("run")} // it watches the Lease
	follower.waitRole("follower, ")
	e.waitState("tune", status.Succeeded)
	e.seen(p, follower.process)
	e.repo.Commit(map[string]string{
		"workspaces/phi.yaml": strings.Replace(inference("phi", "phi-4-mini-instruct"), "metadata: {name: phi}",
			"metadata: {name: phi, annotations: {kaito.sh/enablelb: \"True\"}}", 1),
		"workspaces/tune.yaml":  strings.Replace(tuning("tune"), "tuned:0.0.1", "tuned:0.0.2", 1),
		"workspaces/plain.yaml": fmt.Sprintf(plain, "2", "2"),
	}, "change")
	services := e.kube.CoreV1().Services("default")
	e.eventually("the Service to be a load balancer", func() string {
		s, err := services.Get(e.Context(), "phi", metav1.GetOptions{})
		if err != nil || s.Spec.Type != "LoadBalancer" {
			return fmt.Sprintf("%s, %v", s.Spec.Type, err)
		}
		return ""
	})
	e.drifts()
	e.repo.Remove("no more\n\nSyncer-Allow-Delete: 100",
		"workspaces/phi.yaml", "workspaces/tune.yaml", "workspaces/plain.yaml", "workspaces/mine.yaml")
	e.eventually("all but one Workspace to be gone", func() string {
		for name := range e.ours() {
			if strings.Contains(name, "/phi") || strings.Contains(name, "/tune") || strings.HasSuffix(name, "/settings") {
				return name
			}
		}
		claim, err := e.kube.CoreV1().PersistentVolumeClaims("default").Get(e.Context(), "cache", metav1.GetOptions{})
		if err == nil && claim.DeletionTimestamp == nil { // no controller here takes its finalizer off
			return "the volume claim"
		}
		return e.remaining(c)
	})
	follower.kill()
	p.kill()
}

// drifts changes the StatefulSet as another client, and waits until syncer has set it back.
func (e *env) drifts() {
	e.Helper()
	sets := e.kube.AppsV1().StatefulSets("default")
	if _, err := sets.Patch(e.Context(), "phi", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`),
		metav1.PatchOptions{FieldManager: "person"}); err != nil {
		e.Fatal(err)
	}
	e.eventually("the drift to be corrected", func() string {
		s, err := sets.Get(e.Context(), "phi", metav1.GetOptions{})
		if err != nil || *s.Spec.Replicas == 0 {
			return fmt.Sprintf("%v", err)
		}
		return ""
	})
}
