// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Options say which pods run, and where.
type Options struct {
	Images map[string]string // image -> program
	Server string            // URL of the API server
	Dir    string            // a folder for each pod, NAMESPACE_NAME, with its files and its log
}

// String and Set make Options the value of a flag, IMAGE=PROGRAM.
func (o *Options) String() string { return "" }

// Set adds an image.
func (o *Options) Set(text string) error {
	image, program, ok := strings.Cut(text, "=")
	if !ok || image == "" || program == "" {
		return errors.New("want IMAGE=PROGRAM")
	}
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	if o.Images == nil {
		o.Images = map[string]string{}
	}
	o.Images[image] = program
	return nil
}

// Runner runs the processes of pods. It is safe for concurrent use.
type Runner struct {
	client  kubernetes.Interface
	options Options

	mu   sync.Mutex
	runs map[types.NamespacedName]*run
}

// run is the process of one pod.
type run struct {
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the process has ended
	started  time.Time
	restarts int32
	ready    string            // URL of the readiness probe; "" for none
	ports    map[string]string // port of the container -> address here
	mounts   *strings.Replacer // path in the container -> path here
	log      string            // file
}

// State is what became of the process of a pod.
type State struct {
	Started  time.Time
	Restarts int32 // how often it was started again after it had ended
	Exit     int32 // the last exit code, with Restarts
	Ready    bool
}

// New returns a Runner without processes.
func New(client kubernetes.Interface, o Options) *Runner {
	return &Runner{client: client, options: o, runs: map[types.NamespacedName]*run{}}
}

func keyOf(pod *corev1.Pod) types.NamespacedName {
	return types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}
}

// Runs reports whether the pod is one that runs as a process.
func (r *Runner) Runs(pod *corev1.Pod) bool {
	return len(pod.Spec.Containers) == 1 && r.options.Images[pod.Spec.Containers[0].Image] != ""
}

// Sync starts the process of a pod unless it runs, and returns its state. One that has ended starts again, as with the
// restart policy Always.
func (r *Runner) Sync(ctx context.Context, pod *corev1.Pod) (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.runs[keyOf(pod)]
	switch {
	case now == nil:
		next, err := r.start(ctx, pod)
		if err != nil {
			return State{}, err
		}
		r.runs[keyOf(pod)] = next
		return State{Started: next.started}, nil
	case now.over():
		next, err := r.start(ctx, pod)
		if err != nil {
			return State{}, err
		}
		next.restarts = now.restarts + 1
		r.runs[keyOf(pod)] = next
		exit := int32(now.cmd.ProcessState.ExitCode())
		return State{Started: next.started, Restarts: next.restarts, Exit: exit}, nil
	}
	return State{Started: now.started, Restarts: now.restarts, Ready: now.probe(ctx)}, nil
}

func (r *run) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// probe asks the readiness probe once. A container without one is ready.
func (r *run) probe(ctx context.Context) bool {
	if r.ready == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.ready, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode < http.StatusBadRequest
}

// Stop ends the process of a pod as a kubelet does: SIGTERM, and SIGKILL after the grace period. It returns when the
// process has ended.
func (r *Runner) Stop(key types.NamespacedName, grace time.Duration) {
	r.mu.Lock()
	now := r.runs[key]
	delete(r.runs, key)
	r.mu.Unlock()
	if now == nil {
		return
	}
	_ = now.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-now.ended:
	case <-time.After(grace):
		_ = now.cmd.Process.Kill()
		<-now.ended
	}
}

// Close kills all processes.
func (r *Runner) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, now := range r.runs {
		_ = now.cmd.Process.Kill()
		<-now.ended
		delete(r.runs, key)
	}
}

func (r *Runner) start(ctx context.Context, pod *corev1.Pod) (*run, error) {
	c := pod.Spec.Containers[0]
	dir := filepath.Join(r.options.Dir, pod.Namespace+"_"+pod.Name)
	mounts, err := r.volumes(ctx, pod, dir)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := r.signIn(ctx, pod, dir)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(c)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		args[i] = mounts.Replace(arg)
		if at, ok := ports[strings.TrimPrefix(arg, ":")]; ok && strings.HasPrefix(arg, ":") {
			args[i] = at
		}
	}
	out := &run{
		cmd:     exec.Command(r.options.Images[c.Image], args...),
		ended:   make(chan struct{}),
		started: time.Now(),
		ports:   ports,
		mounts:  mounts,
		log:     log.Name(),
	}
	out.cmd.Env = append(environment(pod, c), "KUBECONFIG="+kubeconfig, "HOME="+dir, "PATH="+os.Getenv("PATH"),
		"TMPDIR="+dir)
	out.cmd.Stdout, out.cmd.Stderr = log, log
	out.cmd.SysProcAttr = dieWithParent()
	if err := out.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the process of pod %s: %w", pod.Name, err)
	}
	go func() {
		_ = out.cmd.Wait() // the exit code is in ProcessState
		close(out.ended)
	}()
	if p := c.ReadinessProbe; p != nil && p.HTTPGet != nil {
		if at, ok := ports[portOf(c, p.HTTPGet)]; ok {
			out.ready = "http://" + at + p.HTTPGet.Path
		}
	}
	return out, nil
}

// portOf returns the number of the port that a probe asks.
func portOf(c corev1.Container, get *corev1.HTTPGetAction) string {
	for _, p := range c.Ports {
		if p.Name == get.Port.StrVal && p.Name != "" {
			return fmt.Sprint(p.ContainerPort)
		}
	}
	return get.Port.String()
}

// freePorts returns a free address of loopback for each port of a container.
func freePorts(c corev1.Container) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range c.Ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		out[fmt.Sprint(p.ContainerPort)] = l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// environment returns the variables of a container whose values are known here.
func environment(pod *corev1.Pod, c corev1.Container) []string {
	var out []string
	for _, e := range c.Env {
		value := e.Value
		if f := e.ValueFrom; f != nil {
			switch {
			case f.ResourceFieldRef != nil && f.ResourceFieldRef.Resource == "limits.memory":
				value = fmt.Sprint(c.Resources.Limits.Memory().Value())
			case f.FieldRef != nil && f.FieldRef.FieldPath == "metadata.name":
				value = pod.Name
			case f.FieldRef != nil && f.FieldRef.FieldPath == "metadata.namespace":
				value = pod.Namespace
			}
		}
		out = append(out, e.Name+"="+value)
	}
	return out
}
