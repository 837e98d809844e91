// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv"
)

// waitMessage waits until the message of one of the recorded conditions of a Workspace contains a text.
func (e *env) waitMessage(name, kind, text string) status.Report {
	e.Helper()
	var r status.Report
	e.eventually(name+" to say "+text, func() string {
		var err error
		if r, err = e.report(name); err != nil {
			return err.Error()
		}
		for _, c := range r.Conditions {
			if c.Type == kind && strings.Contains(c.Message, text) {
				return ""
			}
		}
		return fmt.Sprintf("%s: %+v", r.State, r.Conditions)
	})
	return r
}

// configDigest returns the digest of the configuration in the pod template of a Workspace.
func (e *env) configDigest(name string) string {
	e.Helper()
	s, err := e.kube.AppsV1().StatefulSets("default").Get(e.Context(), name, metav1.GetOptions{})
	if err != nil {
		e.Fatal(err)
	}
	return s.Spec.Template.Annotations["syncer.dev/config"]
}

// TestExternalReferences serves a Workspace with a ConfigMap of another client, and waits for a Secret that does not
// exist yet.
func TestExternalReferences(t *testing.T) {
	e := &env{T: t}
	e.wire(testenv.StartCluster(t, "-pod-delay", "100ms", "-job-duration", "5m"), "{mode: byo}")
	e.addNode("gpu-0", 1, a100("1", "phi"))
	e.addNode("gpu-1", 1, a100("1", "tuned"))
	tuned := strings.Replace(tuning("tuned"), "  instanceType: \"Standard_NC6s_v3\"\n", "", 1)
	e.repo.Commit(
		map[string]string{"workspaces/phi.yaml": sizeless("phi") + "  config: conf\n", "workspaces/tuned.yaml": tuned},
		"refer to what is elsewhere",
	)
	e.start("run")

	e.waitMessage("phi", status.WorkspaceSucceeded, "ConfigMap default/conf is not in the repository, nor in the cluster")
	conf := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "conf"},
		Data:       map[string]string{"inference_config.yaml": "vllm: {max-model-len: 2048}\n"},
	}
	conf, err := e.kube.CoreV1().ConfigMaps("default").Create(t.Context(), conf, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e.waitState("phi", status.Ready)
	if e.configDigest("phi") == "" {
		t.Error("the pod template has no digest of the configuration")
	}
	if live, err := e.kube.CoreV1().ConfigMaps("default").Get(t.Context(), "conf", metav1.GetOptions{}); err != nil ||
		live.ResourceVersion != conf.ResourceVersion {
		t.Errorf("syncer changed a ConfigMap of another client: %+v, %v", live, err)
	}

	const hint = "Secret default/push (tuning.output.imagePushSecret) is missing; create it: " +
		"kubectl create secret docker-registry push"
	e.waitMessage("tuned", status.JobStarted, hint)
	if _, err = e.kube.BatchV1().Jobs("default").Get(t.Context(), "tuned", metav1.GetOptions{}); err != nil {
		t.Errorf("syncer does not create the Job without its Secret: %v", err)
	}
	out, err := exec.Command(binary, "plan", "-o", "json", "--config", e.config).Output()
	if err != nil || !json.Valid(out) || !strings.Contains(string(out), hint) {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := e.kube.CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "push"},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{".dockerconfigjson": "{}"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	e.eventually("the message about the Secret to end", func() string {
		r, err := e.report("tuned")
		if err != nil {
			return err.Error()
		}
		for _, c := range r.Conditions {
			if strings.Contains(c.Message, "missing") {
				return c.Message
			}
		}
		return ""
	})
	e.waitState("tuned", status.Running)
	e.waitState("phi", status.Ready)
}
