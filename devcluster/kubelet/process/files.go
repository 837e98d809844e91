// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// volumes writes the files of a pod, and returns what replaces the paths of its mounts, but for those of empty folders,
// such as /tmp: other files may be there.
func (r *Runner) volumes(ctx context.Context, pod *corev1.Pod, dir string) (*strings.Replacer, error) {
	var pairs []string
	for _, m := range pod.Spec.Containers[0].VolumeMounts {
		empty := func(v corev1.Volume) bool { return v.Name == m.Name && v.EmptyDir != nil }
		if !slices.ContainsFunc(pod.Spec.Volumes, empty) {
			pairs = append(pairs, m.MountPath, filepath.Join(dir, m.Name))
		}
	}
	mounts := strings.NewReplacer(pairs...)
	for _, v := range pod.Spec.Volumes {
		files := map[string]string{}
		switch {
		case v.ConfigMap != nil:
			m, err := r.client.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, v.ConfigMap.Name, metav1.GetOptions{})
			if err != nil {
				return nil, err
			}
			for name, text := range m.Data {
				files[name] = mounts.Replace(text)
			}
		case v.Secret != nil:
			s, err := r.client.CoreV1().Secrets(pod.Namespace).Get(ctx, v.Secret.SecretName, metav1.GetOptions{})
			if err != nil && !(apierrors.IsNotFound(err) && v.Secret.Optional != nil && *v.Secret.Optional) {
				return nil, err
			}
			for name, data := range s.Data {
				files[name] = string(data)
			}
		}
		if err := write(filepath.Join(dir, v.Name), files); err != nil {
			return nil, err
		}
	}
	return mounts, nil
}

func write(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// signIn writes a kubeconfig with a token of the service account of a pod, and returns its path.
func (r *Runner) signIn(ctx context.Context, pod *corev1.Pod, dir string) (string, error) {
	root, err := r.client.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("the certificate of the API server: %w", err)
	}
	token, err := r.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, pod.Spec.ServiceAccountName,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
			BoundObjectRef: &authenticationv1.BoundObjectReference{
				APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID,
			},
		}}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("a token of service account %s: %w", pod.Spec.ServiceAccountName, err)
	}
	c := api.NewConfig()
	c.Clusters["pod"] = &api.Cluster{
		Server: r.options.Server, CertificateAuthorityData: []byte(root.Data["ca.crt"]),
	}
	c.AuthInfos["pod"] = &api.AuthInfo{Token: token.Status.Token}
	c.Contexts["pod"] = &api.Context{Cluster: "pod", AuthInfo: "pod", Namespace: pod.Namespace}
	c.CurrentContext = "pod"
	path := filepath.Join(dir, "kubeconfig")
	return path, clientcmd.WriteToFile(*c, path)
}
