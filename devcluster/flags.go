// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// apiServerFlags configure kube-apiserver.
func apiServerFlags(s settings, port int) ([]string, error) {
	dir := s.dir
	audit, err := auditFlags(s)
	if err != nil {
		return nil, err
	}
	sa := filepath.Join(dir, serviceAccountKey)
	return append(audit,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // Endpoints may not hold loopback addresses
		"--etcd-servers=unix://"+filepath.Join(dir, "etcd.sock"), "--etcd-healthcheck-timeout=10s",
		"--tls-cert-file="+filepath.Join(dir, servingCertFile),
		"--tls-private-key-file="+filepath.Join(dir, servingKeyFile),
		"--client-ca-file="+filepath.Join(dir, caFile), "--cert-dir="+dir,
		"--kubelet-certificate-authority="+filepath.Join(dir, caFile), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate="+filepath.Join(dir, kubeletClientCert),
		"--kubelet-client-key="+filepath.Join(dir, kubeletClientKey),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+sa, "--service-account-signing-key-file="+sa,
		"--service-cluster-ip-range=10.0.0.0/16", "--authorization-mode=RBAC", "--anonymous-auth=false",
		"--allow-privileged=true", "--enable-priority-and-fairness=false", "--profiling=false",
		"--shutdown-watch-termination-grace-period=500ms", // else an open watch delays the end by a minute
	), nil
}

// auditFlags makes the API server log each request once, without bodies: who asked for which verb on which resource,
// and the answer.
func auditFlags(s settings) ([]string, error) {
	if s.audit == "" {
		return nil, nil
	}
	policy := filepath.Join(s.dir, "audit.yaml")
	const text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived, ResponseStarted]\n" +
		"rules: [{level: Metadata}]\n"
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + s.audit, "--audit-log-mode=blocking"}, nil
}

// controllers are those of kube-controller-manager that a cluster without clouds and volumes needs.
var controllers = []string{
	"deployment-controller", "replicaset-controller", "statefulset-controller", "daemonset-controller", "job-controller",
	"cronjob-controller", "namespace-controller", "serviceaccount-controller", "serviceaccount-token-controller",
	"endpoints-controller", "endpointslice-controller", "disruption-controller", "resourcequota-controller",
	"node-lifecycle-controller", "garbage-collector-controller", "root-ca-certificate-publisher-controller",
	"pod-garbage-collector-controller", "taint-eviction-controller", "ttl-after-finished-controller",
	"clusterrole-aggregation-controller", "horizontal-pod-autoscaler-controller",
}

// controllerManagerFlags configure kube-controller-manager.
func controllerManagerFlags(dir, kubeconfig string) []string {
	args := []string{
		"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--service-account-private-key-file=" + filepath.Join(dir, serviceAccountKey),
		"--root-ca-file=" + filepath.Join(dir, caFile), "--use-service-account-credentials=false",
		"--controller-start-interval=0s", "--kube-api-qps=300", "--kube-api-burst=600",
	}
	for _, c := range controllers {
		args = append(args, "--controllers="+c)
	}
	return args
}

// schedulerFlags configure kube-scheduler.
func schedulerFlags(kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--kube-api-qps=300", "--kube-api-burst=600",
	}
}
