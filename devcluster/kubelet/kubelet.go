// SPDX-License-Identifier: Apache-2.0

// Package kubelet plays nodes: it registers them, keeps them ready, and lets the pods bound to them start, run and end,
// without running anything but what Options.Processes name.
//
// Nodes come from three places: a number of plain ones, a feed over HTTP that says which nodes an (emulated) cloud has
// right now, and nodes that somebody else created with the annotation AnnotationKubelet set to "adopt". It touches no
// other nodes and no pods elsewhere, so it can play a few nodes in a cluster that has real ones.
package kubelet

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"syncer.dev/devcluster/kubelet/process"
	"syncer.dev/devcluster/kubelet/streams"
)

// AnnotationKubelet marks the nodes that a kubelet plays: with its name if it registered them, or "adopt".
const AnnotationKubelet = "devcluster.syncer.dev/kubelet"

// Options say what is played, and how.
type Options struct {
	Name        string        // marks the nodes; two kubelets of one cluster need two names
	Static      int           // plain nodes without GPUs
	NodesFrom   string        // URL of the feed; "" for none
	PodDelay    time.Duration // from bound to running
	JobDuration time.Duration // how long a pod that is to end runs
	FailImages  failures      // image glob -> what goes wrong
	// Processes are pods that run as processes of this machine; none without images.
	Processes process.Options
	// TLS is for the server that answers for pods that run: logs, exec and port-forward. There is none without it.
	TLS *tls.Config
}

// AddFlags defines the flags that users may set.
func (o *Options) AddFlags(fs *flag.FlagSet) {
	fs.StringVar(&o.Name, "kubelet-name", "devcluster", "name of the fake kubelet, which marks the nodes that it plays")
	fs.StringVar(&o.NodesFrom, "nodes-from", "", "URL that lists the nodes that exist right now, polled every 500 ms")
	fs.DurationVar(&o.PodDelay, "pod-delay", 200*time.Millisecond, "time from a pod being bound until it runs")
	fs.DurationVar(
		&o.JobDuration,
		"job-duration",
		3*time.Second,
		"how long a pod that is to end (restartPolicy other than Always) runs",
	)
	fs.Var(&o.Processes, "run", "run pods of an image as a process, as `IMAGE=PROGRAM`; may be repeated")
	fs.Var(&o.FailImages, "fail-images", "comma-separated `glob=failure` by image; failures: "+failureNames)
}

// Kubelet plays nodes in one cluster.
type Kubelet struct {
	client  kubernetes.Interface
	options Options
	nodes   corelisters.NodeLister
	pods    cache.Indexer
	queue   workqueue.TypedRateLimitingInterface[work]
	runner  *process.Runner
	port    int32 // of the server for pods that run; 0 for none
	synced  atomic.Bool
}

// work is one thing to look at: a node or a pod.
type work struct {
	kind string // "node" or "pod"
	key  string
}

const (
	workers       = 4
	byNode        = "node"
	leaseInterval = 10 * time.Second
	feedInterval  = 500 * time.Millisecond
)

// New returns a Kubelet that does nothing until Run.
func New(client kubernetes.Interface, o Options) *Kubelet {
	return &Kubelet{
		client: client, options: o, runner: process.New(client, o.Processes),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[work](50*time.Millisecond, 5*time.Second)),
	}
}

// Run plays until ctx is done.
func (k *Kubelet) Run(ctx context.Context) error {
	if k.options.TLS != nil {
		server, err := streams.Listen(k.runner, k.options.TLS)
		if err != nil {
			return err
		}
		k.port = server.Port()
		go server.Serve(ctx)
	}
	factory := informers.NewSharedInformerFactory(k.client, 0)
	nodes, pods := factory.Core().V1().Nodes(), factory.Core().V1().Pods()
	if err := pods.Informer().AddIndexers(cache.Indexers{byNode: func(o any) ([]string, error) {
		return []string{o.(*corev1.Pod).Spec.NodeName}, nil
	}}); err != nil {
		return err
	}
	k.nodes, k.pods = nodes.Lister(), pods.Informer().GetIndexer()
	if _, err := nodes.Informer().AddEventHandler(k.enqueue("node")); err != nil {
		return err
	}
	if _, err := pods.Informer().AddEventHandler(k.enqueue("pod")); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), nodes.Informer().HasSynced, pods.Informer().HasSynced) {
		return ctx.Err()
	}
	for i := range k.options.Static {
		if err := k.register(ctx, plainNode(i)); err != nil {
			return fmt.Errorf("register node: %w", err)
		}
	}
	k.synced.Store(true)
	for range workers {
		go k.work(ctx)
	}
	go k.every(ctx, leaseInterval, k.renewLeases)
	if k.options.NodesFrom != "" {
		go k.every(ctx, feedInterval, k.follow)
	}
	<-ctx.Done()
	k.queue.ShutDown()
	k.runner.Close()
	factory.Shutdown()
	return ctx.Err()
}

// WaitReady returns when the plain nodes are ready and free of taints, so that pods can be scheduled.
func (k *Kubelet) WaitReady(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if k.synced.Load() && k.staticReady() {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (k *Kubelet) staticReady() bool {
	for i := range k.options.Static {
		n, err := k.nodes.Get(plainNode(i).Name)
		if err != nil || !isReady(n) || len(n.Spec.Taints) > 0 {
			return false
		}
	}
	return true
}

func (k *Kubelet) every(ctx context.Context, d time.Duration, do func(context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (k *Kubelet) enqueue(kind string) cache.ResourceEventHandler {
	add := func(o any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(o); err == nil {
			k.queue.Add(work{kind, key})
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, o any) { add(o) }, DeleteFunc: add}
}

func (k *Kubelet) work(ctx context.Context) {
	for {
		w, shutdown := k.queue.Get()
		if shutdown {
			return
		}
		var again time.Duration
		var err error
		if w.kind == "node" {
			err = k.syncNode(ctx, w.key)
		} else {
			again, err = k.syncPod(ctx, w.key)
		}
		switch {
		case err != nil:
			k.queue.AddRateLimited(w)
		case again > 0:
			k.queue.Forget(w)
			k.queue.AddAfter(w, again)
		default:
			k.queue.Forget(w)
		}
		k.queue.Done(w)
	}
}

// plays reports whether the node is ours to play.
func (k *Kubelet) plays(n *corev1.Node) bool {
	a := n.Annotations[AnnotationKubelet]
	return a == k.options.Name || a == "adopt"
}
