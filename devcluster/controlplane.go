// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

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

	apiFlags, err := apiServerFlags(s, port)
	if err != nil {
		return nil, err
	}
	undo = append(undo, cp.part("kube-apiserver", func(ctx context.Context) error {
		return runAPIServer(ctx, listener, apiFlags)
	}))
	client, err := waitReady(ctx, internal, cp.failed)
	if err != nil {
		return nil, err
	}
	undo = append(
		undo,
		cp.part(
			"kube-controller-manager",
			func(ctx context.Context) error {
				return runControllerManager(ctx, controllerManagerFlags(s.dir, internal))
			},
		),
		cp.part("kube-scheduler", func(ctx context.Context) error { return runScheduler(ctx, schedulerFlags(internal)) }),
	)

	s.kubelet.Static = s.nodes
	s.kubelet.Processes.Server, s.kubelet.Processes.Dir = cp.url, filepath.Join(s.dir, "pods")
	if s.kubelet.TLS, err = cp.pki.kubelet(); err != nil {
		return nil, err
	}
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
