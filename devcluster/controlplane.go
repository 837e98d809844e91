// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	logsapi "k8s.io/component-base/logs/api/v1"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserveroptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kcmoptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"

	"syncer.dev/devcluster/kubelet"
)

// controlPlane is a running control plane. Feature gates and metrics of Kubernetes are process globals, so there is one
// per process.
type controlPlane struct {
	pki    *pki
	url    string
	failed chan error // the first part that ended by itself
	stop   func()
}

// start brings everything up in order, and returns when the nodes are ready.
func start(ctx context.Context, s settings) (_ *controlPlane, err error) {
	cp := &controlPlane{failed: make(chan error, 8)}
	var undo []func()
	cp.stop = sync.OnceFunc(func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	})
	defer func() {
		if err != nil {
			cp.stop()
		}
	}()

	if cp.pki, err = newPKI(s.dir); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	if err = cp.pki.serving(); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	cp.url = fmt.Sprintf("https://127.0.0.1:%d", port)
	internal := filepath.Join(s.dir, "internal.kubeconfig")
	if err = cp.pki.kubeconfig(cp.url, internal); err != nil {
		return nil, err
	}

	closeEtcd, err := startEtcd(s.dir)
	if err != nil {
		return nil, fmt.Errorf("start etcd: %w", err)
	}
	undo = append(undo, closeEtcd)

	undo = append(undo, cp.part("kube-apiserver", func(ctx context.Context) error {
		return runAPIServer(ctx, s, listener, port)
	}))
	client, err := waitReady(ctx, internal, cp.failed)
	if err != nil {
		return nil, err
	}
	undo = append(
		undo,
		cp.part(
			"kube-controller-manager",
			func(ctx context.Context) error { return runControllerManager(ctx, s.dir, internal) },
		),
		cp.part("kube-scheduler", func(ctx context.Context) error { return runScheduler(ctx, internal) }),
	)

	s.kubelet.Static = s.nodes
	s.kubelet.Processes.Server, s.kubelet.Processes.Dir = cp.url, filepath.Join(s.dir, "pods")
	k := kubelet.New(client, s.kubelet)
	undo = append(undo, cp.part("kubelet", k.Run))
	return cp, k.WaitReady(ctx)
}

// part runs one part until the returned function is called, which waits for it to end.
func (cp *controlPlane) part(name string, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := run(ctx)
		if ctx.Err() == nil {
			cp.failed <- fmt.Errorf("%s ended: %w", name, errors.Join(err, errors.New("see devcluster.log")))
		}
	}()
	return func() {
		cancel()
		select {
		case <-done:
		case <-time.After(shutdownGrace):
		}
	}
}

// shutdownGrace bounds how long a part may take to stop.
const shutdownGrace = 15 * time.Second

// startEtcd runs etcd on a unix socket. It listens for no peers: a unix peer URL would open an abstract socket that
// anybody on the machine can reach.
func startEtcd(dir string) (func(), error) {
	wal.SegmentSizeBytes = 4 << 20 // two segments are allocated at once, of 64 MB by default
	cfg := embed.NewConfig()
	cfg.Dir = filepath.Join(dir, "etcd")
	client := []url.URL{{Scheme: "unix", Path: filepath.Join(dir, "etcd.sock")}}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = client, client
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = nil, []url.URL{{Scheme: "unix", Path: filepath.Join(dir, "peer.sock")}}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = 20, 200
	cfg.UnsafeNoFsync = true
	cfg.LogLevel = "error"
	cfg.LogOutputs = []string{filepath.Join(dir, "etcd.log")}
	cfg.EnableGRPCGateway = false
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = "periodic", "5m"
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	stop := sync.OnceFunc(e.Close)
	select {
	case <-e.Server.ReadyNotify():
		return stop, nil
	case err := <-e.Err():
		stop()
		return nil, err
	case <-time.After(30 * time.Second):
		stop()
		return nil, errors.New("not ready after 30 s")
	}
}

func runAPIServer(ctx context.Context, s settings, listener net.Listener, port int) error {
	dir := s.dir
	audit, err := auditFlags(s)
	if err != nil {
		return err
	}
	o := apiserveroptions.NewServerRunOptions()
	flags := o.Flags()
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, f := range flags.FlagSets {
		fs.AddFlagSet(f)
	}
	sa := filepath.Join(dir, serviceAccountKey)
	if err := fs.Parse(append(audit,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // Endpoints may not hold loopback addresses
		"--etcd-servers=unix://"+filepath.Join(dir, "etcd.sock"), "--etcd-healthcheck-timeout=10s",
		"--tls-cert-file="+filepath.Join(dir, servingCertFile),
		"--tls-private-key-file="+filepath.Join(dir, servingKeyFile),
		"--client-ca-file="+filepath.Join(dir, caFile), "--cert-dir="+dir,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+sa, "--service-account-signing-key-file="+sa,
		"--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC", "--anonymous-auth=false",
		"--allow-privileged=true", "--enable-priority-and-fairness=false", "--profiling=false",
		"--shutdown-watch-termination-grace-period=500ms", // else an open watch delays the end by a minute
	)); err != nil {
		return err
	}
	o.SecureServing.Listener = listener
	if err := o.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	if err := logsapi.ValidateAndApply(o.Logs, utilfeature.DefaultFeatureGate); err != nil {
		return err
	}
	completed, err := o.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	return apiserver.Run(ctx, completed)
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

func runControllerManager(ctx context.Context, dir, kubeconfig string) error {
	o, err := kcmoptions.NewKubeControllerManagerOptions()
	if err != nil {
		return err
	}
	known, off, aliases := kcm.KnownControllers(), kcm.ControllersDisabledByDefault(), kcm.ControllerAliases()
	flags := o.Flags(known, off, aliases)
	fs := pflag.NewFlagSet("kube-controller-manager", pflag.ContinueOnError)
	for _, f := range flags.FlagSets {
		fs.AddFlagSet(f)
	}
	args := []string{
		"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--service-account-private-key-file=" + filepath.Join(dir, serviceAccountKey),
		"--root-ca-file=" + filepath.Join(dir, caFile), "--use-service-account-credentials=false",
		"--controller-start-interval=0s", "--kube-api-qps=300", "--kube-api-burst=600",
	}
	for _, c := range controllers {
		args = append(args, "--controllers="+c)
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	c, err := o.Config(ctx, known, off, aliases)
	if err != nil {
		return err
	}
	return kcm.Run(ctx, c.Complete())
}

func runScheduler(ctx context.Context, kubeconfig string) error {
	o := scheduleroptions.NewOptions()
	fs := pflag.NewFlagSet("kube-scheduler", pflag.ContinueOnError)
	for _, f := range o.Flags.FlagSets {
		fs.AddFlagSet(f)
	}
	if err := fs.Parse([]string{
		"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--kube-api-qps=300", "--kube-api-burst=600",
	}); err != nil {
		return err
	}
	cc, sched, err := scheduler.Setup(ctx, o)
	if err != nil {
		return err
	}
	return scheduler.Run(ctx, cc, sched)
}

// waitReady polls /readyz until the API server answers ok.
func waitReady(ctx context.Context, kubeconfig string, failed <-chan error) (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst = -1, 0
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, err
	}
	http, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * time.Minute)
	for {
		if ready(http, cfg.Host) {
			return client, nil
		}
		select {
		case <-tick.C:
		case err := <-failed:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-deadline:
			return nil, errors.New("kube-apiserver is not ready after 2 minutes; see devcluster.log")
		}
	}
}

func ready(c *http.Client, host string) bool {
	resp, err := c.Get(host + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
