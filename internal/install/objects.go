// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"maps"
	"path"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Objects returns all objects of an installation, in an order in which they can be created.
func Objects(o Options) ([]runtime.Object, error) {
	o = o.complete()
	rights, err := roles(o)
	if err != nil {
		return nil, err
	}
	out := []runtime.Object{namespace(o), serviceAccount(o)}
	out = append(out, rights...)
	return append(out, configuration(o), deployment(o), service(o), disruption(o), network(o)), nil
}

// labels are those of all objects. The two of selector find the pods.
var labels = map[string]string{"app.kubernetes.io/name": Name, "app.kubernetes.io/component": "controller"}

func selector() *metav1.LabelSelector { return &metav1.LabelSelector{MatchLabels: maps.Clone(labels)} }

func meta(o Options, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: o.Namespace, Labels: maps.Clone(labels)}
}

// namespace admits only pods of the level "restricted", as that of syncer is.
func namespace(o Options) *corev1.Namespace {
	m := metav1.ObjectMeta{Name: o.Namespace, Labels: maps.Clone(labels)}
	m.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	return &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: m}
}

func serviceAccount(o Options) *corev1.ServiceAccount {
	m := meta(o, Name)
	if o.ClientID != "" {
		m.Annotations = map[string]string{"azure.workload.identity/client-id": o.ClientID}
	}
	return &corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: m}
}

func configuration(o Options) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta(o, Name),
		Data:       map[string]string{"syncer.yaml": o.Config},
	}
}

// deployment runs two replicas by default, of which one leads: an update hands over in less than a second. The pod has
// 30 seconds to end its writes.
func deployment(o Options) *appsv1.Deployment {
	pod := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)}, Spec: podSpec(o)}
	pod.Labels["azure.workload.identity/use"] = "true"
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: meta(o, Name),
		Spec: appsv1.DeploymentSpec{
			Replicas:             &o.Replicas,
			RevisionHistoryLimit: new(int32(3)),
			Selector:             selector(),
			Template:             pod,
		},
	}
}

func podSpec(o Options) corev1.PodSpec {
	return corev1.PodSpec{
		ServiceAccountName:            Name,
		TerminationGracePeriodSeconds: new(int64(30)),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   new(true),
			RunAsUser:      new(int64(65532)),
			RunAsGroup:     new(int64(65532)),
			FSGroup:        new(int64(65532)), // it may read the credentials
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew:           1,
			TopologyKey:       corev1.LabelHostname,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     selector(),
		}},
		Containers: []corev1.Container{container(o)},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: Name},
			}}},
			{Name: "credentials", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{
				SecretName: Credentials, Optional: new(true), DefaultMode: new(int32(0o440)),
			}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}
}

// container takes 60 MiB of memory, and 20 KiB for each Workspace: docs/performance.md. The Go runtime keeps to the
// limit.
func container(o Options) corev1.Container {
	return corev1.Container{
		Name:  Name,
		Image: o.Image,
		Args:  arguments(o),
		Env: []corev1.EnvVar{{Name: "GOMEMLIMIT", ValueFrom: &corev1.EnvVarSource{
			ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: "limits.memory", Divisor: resource.MustParse("1")},
		}}},
		Ports: []corev1.ContainerPort{
			{Name: "http", ContainerPort: HTTPPort}, {Name: "webhook", ContainerPort: WebhookPort},
		},
		LivenessProbe:  probe("/healthz", 30),
		ReadinessProbe: probe("/readyz", 10),
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("256Mi"),
			},
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: path.Dir(ConfigFile), ReadOnly: true},
			{Name: "credentials", MountPath: CredentialsDir, ReadOnly: true},
			{Name: "tmp", MountPath: "/tmp"},
		},
	}
}

func arguments(o Options) []string {
	out := []string{"run", "--config", ConfigFile, "--listen", fmt.Sprintf(":%d", HTTPPort)}
	for _, value := range o.Set {
		out = append(out, "--set", value)
	}
	return out
}

func probe(path string, seconds int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http")},
		},
		PeriodSeconds:  seconds,
		TimeoutSeconds: 5,
	}
}

// service also names pods that are not ready: while Git or Azure is away, the pages and the metrics say so.
func service(o Options) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: meta(o, Name),
		Spec: corev1.ServiceSpec{
			Selector:                 maps.Clone(labels),
			PublishNotReadyAddresses: true,
			Ports: []corev1.ServicePort{
				{Name: "http", Port: HTTPPort, TargetPort: intstr.FromString("http")},
				{Name: "webhook", Port: WebhookPort, TargetPort: intstr.FromString("webhook")},
			},
		},
	}
}

// disruption lets a drain take one pod at a time.
func disruption(o Options) *policyv1.PodDisruptionBudget {
	one := intstr.FromInt32(1)
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: meta(o, Name),
		Spec:       policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: selector()},
	}
}

// network lets in webhooks, which are signed, from everywhere, and readers of pages and metrics from the namespace of
// syncer and from one named "monitoring". Everything may go out: to Git, Azure and the API server.
func network(o Options) *networkingv1.NetworkPolicy {
	port := func(n int32) []networkingv1.NetworkPolicyPort {
		at, tcp := intstr.FromInt32(n), corev1.ProtocolTCP
		return []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: &at}}
	}
	monitoring := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "monitoring"}}
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: meta(o, Name),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *selector(),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{
				{
					From: []networkingv1.NetworkPolicyPeer{
						{PodSelector: &metav1.LabelSelector{}}, {NamespaceSelector: monitoring},
					},
					Ports: port(HTTPPort),
				},
				{Ports: port(WebhookPort)},
			},
		},
	}
}
