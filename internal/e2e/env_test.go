// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv"
)

// binary is the program under test.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "syncer-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "syncer")
	build := exec.Command(
		"go",
		append(append([]string{"build"}, buildFlags...), "-o", binary, "syncer.dev/syncer/cmd/syncer")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build syncer: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// env is everything that syncer talks to.
type env struct {
	*testing.T
	cluster    *testenv.Cluster
	azure      *armsim.Server
	repo       *gittest.Repo
	recorded   string // folder of the bare repository with the status branch
	rest       *rest.Config
	kube       kubernetes.Interface
	api        *proxy // between syncer and the API server
	kubeconfig string // through api
	config     string
	namespace  string   // of Workspaces; "" is default
	environ    []string // for syncer, beside that of the test
}

// on returns the environment for a subtest: its failures and its processes belong to t.
func (e *env) on(t *testing.T) *env {
	sub := *e
	sub.T = t
	return &sub
}

const clusterName = "e2e"

// setup starts everything. Extra lines go to the end of the configuration.
func setup(t *testing.T, flags ...string) *env {
	t.Helper()
	e := &env{T: t}
	var err error
	if e.azure, err = armsim.Start(armsim.Options{
		CreateDelay: 300 * time.Millisecond,
		ScaleDelay:  100 * time.Millisecond,
		NodeDelay:   50 * time.Millisecond,
		DeleteDelay: 200 * time.Millisecond,
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.azure.Close() })
	c := testenv.StartCluster(
		t,
		append([]string{"-nodes-from", e.azure.NodesURL("aks"), "-pod-delay", "100ms", "-job-duration", "1s"}, flags...)...)
	const aks = `{aks: {
  subscriptionID: s,
  resourceGroup: rg,
  cluster: aks,
  location: eastus,
  auth: anonymous,
  endpoint: %q,
  interval: 2s}}`
	e.wire(c, fmt.Sprintf(aks, e.azure.URL()))
	return e
}

// wire makes the repository and the configuration for a cluster.
func (e *env) wire(c *testenv.Cluster, capacity string) {
	t := e.T
	t.Helper()
	e.cluster = c
	var err error
	if e.rest, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		t.Fatal(err)
	}
	if e.kube, err = kubernetes.NewForConfig(e.rest); err != nil {
		t.Fatal(err)
	}
	e.api = newProxy(t, strings.TrimPrefix(c.URL, "https://"))
	data, err := os.ReadFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	e.kubeconfig = filepath.Join(dir, "kubeconfig")
	write(t, e.kubeconfig, strings.ReplaceAll(string(data), c.URL, "https://"+e.api.addr()))
	e.repo = gittest.NewRepo(t)
	e.recorded = e.repo.Dir
	e.config = filepath.Join(dir, "syncer.yaml")
	write(t, e.config, fmt.Sprintf(`apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: %s
source: {url: %q, path: workspaces, interval: 1s}
status: {debounce: 200ms}
capacity: %s
listen: 127.0.0.1:0
kubeconfig: %q
`, clusterName, e.repo.Dir, capacity, e.kubeconfig))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok returns "", and fails with its last complaint.
func (e *env) eventually(what string, ok func() string) {
	e.Helper()
	testenv.Eventually(e.T, what, ok)
}

// process is a running syncer.
type process struct {
	*env
	cmd   *exec.Cmd
	mu    sync.Mutex
	lines []string
	done  chan struct{}
}

// start runs syncer in the background. It is killed when the test ends.
func (e *env) start(args ...string) *process {
	e.Helper()
	p := &process{
		env:  e,
		cmd:  exec.Command(binary, append(args, "--config", e.config)...),
		done: make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), e.environ...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	r, err := p.cmd.StderrPipe()
	if err != nil {
		e.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		e.Fatal(err)
	}
	go func() {
		defer close(p.done)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			p.mu.Lock()
			p.lines = append(p.lines, lines.Text())
			p.mu.Unlock()
		}
		_ = p.cmd.Wait()
	}()
	e.Cleanup(func() {
		p.kill()
		if e.Failed() {
			e.Logf("standard error of syncer:\n%s", strings.Join(p.logged(), "\n"))
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) logged() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

// ended waits for the process to end by itself, and returns its exit code.
func (p *process) ended() int {
	p.Helper()
	ctx, cancel := testenv.Context(p.T)
	defer cancel()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-ctx.Done():
		p.Fatal("syncer did not end")
		return -1
	}
}

// alive fails when the process has ended.
func (p *process) alive() {
	p.Helper()
	select {
	case <-p.done:
		p.Fatalf("syncer ended:\n%s", strings.Join(p.logged(), "\n"))
	default:
	}
}

var servedAt = regexp.MustCompile(`address=(\S+)`)

// address returns the host and the port of the running syncer.
func (p *process) address() (addr string) {
	p.Helper()
	p.eventually("address of /readyz", func() string {
		for _, line := range p.logged() {
			if m := servedAt.FindStringSubmatch(line); m != nil {
				addr = m[1]
				return ""
			}
		}
		return "not said yet"
	})
	return addr
}

// get reads a page of the running syncer.
func (p *process) get(path string) (int, string) {
	p.Helper()
	resp, err := http.Get("http://" + p.address() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// report returns the recorded report on a Workspace in the namespace of the environment.
func (e *env) report(name string) (status.Report, error) {
	file := "syncer/status:status/" + clusterName + "/" + cmp.Or(e.namespace, "default") + "/" + name + ".yaml"
	out, err := exec.Command("git", "-C", e.recorded, "show", file).Output()
	if err != nil {
		return status.Report{}, errors.New("not recorded")
	}
	return status.Parse(out)
}

// waitState waits until the recorded state of a Workspace is the given one.
func (e *env) waitState(name string, want status.State) status.Report {
	e.Helper()
	var r status.Report
	e.eventually(name+" to be "+string(want), func() string {
		var err error
		if r, err = e.report(name); err != nil {
			return err.Error()
		}
		if r.State != want {
			return fmt.Sprintf("it is %s: %s", r.State, r.Headline())
		}
		return ""
	})
	return r
}

// statusCommits counts the commits on the status branch.
func (e *env) statusCommits() string {
	out, _ := exec.Command("git", "-C", e.recorded, "rev-list", "--count", "syncer/status").Output()
	return strings.TrimSpace(string(out))
}

// ours lists all objects with the labels of syncer, with their resource versions.
func (e *env) ours() map[string]string {
	e.Helper()
	return e.each(func(m metav1.ObjectMeta) string { return m.ResourceVersion })
}

// each lists all objects with the labels of syncer, with what is asked for of their metadata.
func (e *env) each(of func(metav1.ObjectMeta) string) map[string]string {
	e.Helper()
	out := map[string]string{}
	ctx, o := context.Background(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=syncer"}
	add := func(kind string, m metav1.ObjectMeta) { out[kind+"/"+m.Name] = of(m) }
	sets, err := e.kube.AppsV1().StatefulSets("").List(ctx, o)
	if err != nil {
		e.Fatal(err)
	}
	for _, x := range sets.Items {
		add("StatefulSet", x.ObjectMeta)
	}
	jobs, err := e.kube.BatchV1().Jobs("").List(ctx, o)
	if err != nil {
		e.Fatal(err)
	}
	for _, x := range jobs.Items {
		add("Job", x.ObjectMeta)
	}
	services, err := e.kube.CoreV1().Services("").List(ctx, o)
	if err != nil {
		e.Fatal(err)
	}
	for _, x := range services.Items {
		add("Service", x.ObjectMeta)
	}
	configs, err := e.kube.CoreV1().ConfigMaps("").List(ctx, o)
	if err != nil {
		e.Fatal(err)
	}
	for _, x := range configs.Items {
		add("ConfigMap", x.ObjectMeta)
	}
	return out
}

// gpuNodes lists the nodes with GPUs.
func (e *env) gpuNodes() []corev1.Node {
	e.Helper()
	list, err := e.kube.CoreV1().
		Nodes().
		List(context.Background(), metav1.ListOptions{LabelSelector: "kubernetes.azure.com/agentpool"})
	if err != nil {
		e.Fatal(err)
	}
	return list.Items
}

// proxy forwards TCP connections, until the test cuts it.
type proxy struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target, open: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); p.set(true) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// set cuts all connections and refuses new ones, or forwards them again.
func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		for c := range p.open {
			_ = c.Close()
		}
	}
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.mu.Lock()
	if p.cut {
		p.mu.Unlock()
		return
	}
	p.open[c], p.open[s] = true, true
	p.mu.Unlock()
	go func() { _, _ = io.Copy(s, c); _ = s.Close(); _ = c.Close() }()
	_, _ = io.Copy(c, s)
	p.mu.Lock()
	delete(p.open, c)
	delete(p.open, s)
	p.mu.Unlock()
}

// contains reports whether a line of text has all parts.
func contains(text string, parts ...string) bool {
	for line := range bytes.SplitSeq([]byte(text), []byte("\n")) {
		all := true
		for _, p := range parts {
			all = all && bytes.Contains(line, []byte(p))
		}
		if all {
			return true
		}
	}
	return false
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
