// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/wellknown"
)

// TestMain makes the test binary a demo too.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUNS_DEMO") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	const text = `
current-context: b
contexts: [{name: a, context: {cluster: one}}, {name: b, context: {cluster: two, user: x}}]
clusters: [{name: one, cluster: {server: "https://one"}}, {name: two, cluster: {server: "https://two"}}]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(pairs ...string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			i := slices.Index(pairs, name)
			if i < 0 {
				return "", false
			}
			return pairs[i+1], true
		}
	}
	o, err := readOptions(env("KUBECONFIG", file, "KEEP", "0"))
	if err != nil || o.borrowed() || o.keep {
		t.Errorf("KUBECONFIG alone: %+v, %v", o, err)
	}
	o, err = readOptions(env("DEMO_KUBECONFIG", file, "KEEP", "1"))
	if err != nil || !o.borrowed() || !o.keep || o.kubeconfig != file ||
		o.target != (target{context: "b", server: "https://two"}) {
		t.Errorf("DEMO_KUBECONFIG: %+v, %v", o, err)
	}
	if _, err = readOptions(env("DEMO_KUBECONFIG", file+"x")); err == nil {
		t.Error("a file that is not there is accepted")
	}
	if _, err := targetOf([]byte("current-context: c")); err == nil || !strings.Contains(err.Error(), `"c" names no`) {
		t.Errorf("a context that is not there: %v", err)
	}
}

// TestEnvironment says that nothing of the user's leads the programs of a demo elsewhere.
func TestEnvironment(t *testing.T) {
	got := environment([]string{
		"HOME=/home/me", "KUBECONFIG=/prod", "KUBERNETES_SERVICE_HOST=10.0.0.1", "SYNCER_SOURCE_URL=https://prod",
		"GIT_DIR=/elsewhere", "AZURE_CLIENT_ID=x",
	})
	for _, v := range got {
		if strings.Contains(v, "prod") || strings.Contains(v, "elsewhere") || strings.HasPrefix(v, "KUBERNETES_") ||
			strings.HasPrefix(v, "AZURE_") {
			t.Errorf("it has %s", v)
		}
	}
	if !slices.Contains(got, "HOME=/home/me") || !slices.Contains(got, "KUBECONFIG="+os.DevNull) {
		t.Errorf("%q", got)
	}
}

// TestExports says that a shell reads the variables as they are.
func TestExports(t *testing.T) {
	d := &demo{root: "/a b", env: []string{"KUBECONFIG=/dev/null", "KUBECONFIG=/it's", "SYNCER_X=$y", "HOME=/x"}}
	file := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(file, d.exports(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", `. "$1"; echo "$KUBECONFIG $SYNCER_X ${PATH%%:*}"`, "sh", file).Output()
	if err != nil || string(out) != "/it's $y /a b/bin\n" || strings.Contains(string(d.exports()), "HOME") {
		t.Errorf("%v: %s", err, out)
	}
}

// running is a demo in a process of its own.
type running struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	text  strings.Builder
	ended chan struct{}
}

// startDemo starts a demo with arguments, and with variables in the environment.
func startDemo(t *testing.T, args []string, env ...string) *running {
	t.Helper()
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	devcluster, err := testenv.Binary("devcluster")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{cmd: exec.Command(os.Args[0], args...), ended: make(chan struct{})}
	r.cmd.Dir = root
	r.cmd.Env = append(os.Environ(), append(env, "TEST_RUNS_DEMO=1", "DEVCLUSTER="+devcluster)...)
	read, write := io.Pipe()
	r.cmd.Stdout, r.cmd.Stderr = write, write
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := make(chan struct{})
	go func() {
		defer close(all)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			r.mu.Lock()
			fmt.Fprintln(&r.text, lines.Text())
			r.mu.Unlock()
		}
	}()
	go func() { // the last line says why it has ended
		err := r.cmd.Wait()
		_ = write.CloseWithError(err)
		<-all
		close(r.ended)
	}()
	t.Cleanup(func() {
		_ = r.cmd.Process.Signal(syscall.SIGTERM)
		<-r.ended
		if t.Failed() {
			t.Logf("the demo printed:\n%s", r.output())
		}
	})
	return r
}

func (r *running) output() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// wait waits until the demo prints a text.
func (r *running) wait(t *testing.T, text string) {
	t.Helper()
	testenv.Eventually(t, "the demo prints "+text, func() string {
		select {
		case <-r.ended:
			if !strings.Contains(r.output(), text) {
				t.Fatalf("it ended without printing %q", text)
			}
		default:
		}
		if strings.Contains(r.output(), text) {
			return ""
		}
		return "not yet"
	})
}

// interrupt sends a signal, waits for the end, and checks that nothing is left on this machine.
func (r *running) interrupt(t *testing.T, s syscall.Signal) {
	t.Helper()
	_ = r.cmd.Process.Signal(s)
	<-r.ended
	if code := r.cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d", code)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "syncer-demo*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}

// user is the cluster of the user, which has a node and a ConfigMap.
func userCluster(t *testing.T) (*testenv.Cluster, kubernetes.Interface) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir()) // so that nothing of others is taken for ours
	c := testenv.StartCluster(t, "-dir", shortDir(t))
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mine := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: "mine", Labels: map[string]string{wellknown.LabelCluster: "demo"},
	}}
	if _, err := client.CoreV1().ConfigMaps("default").Create(t.Context(), mine, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return c, client
}

// shortDir returns a folder whose path leaves room for the sockets of a devcluster.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "dc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// untouched says that the cluster has what it had before, and nothing else.
func untouched(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	have := inventory(t.Context(), client)
	want := []string{"ConfigMap/kube-root-ca.crt", "ConfigMap/mine", "Node/node-0", "Service/kubernetes"}
	if !slices.Equal(have, want) {
		t.Errorf("the cluster has %q", have)
	}
}

// inventory lists the nodes, and the objects of the namespace default that a demo could have made.
func inventory(ctx context.Context, client kubernetes.Interface) []string {
	var out []string
	all := metav1.ListOptions{}
	if l, err := client.CoreV1().Nodes().List(ctx, all); err == nil {
		for _, o := range l.Items {
			out = append(out, "Node/"+o.Name)
		}
	}
	if l, err := client.CoreV1().ConfigMaps("default").List(ctx, all); err == nil {
		for _, o := range l.Items {
			out = append(out, "ConfigMap/"+o.Name)
		}
	}
	if l, err := client.CoreV1().Services("default").List(ctx, all); err == nil {
		for _, o := range l.Items {
			out = append(out, "Service/"+o.Name)
		}
	}
	if l, err := client.AppsV1().StatefulSets("default").List(ctx, all); err == nil {
		for _, o := range l.Items {
			out = append(out, "StatefulSet/"+o.Name)
		}
	}
	if l, err := client.BatchV1().Jobs("default").List(ctx, all); err == nil {
		for _, o := range l.Items {
			out = append(out, "Job/"+o.Name)
		}
	}
	slices.Sort(out)
	return out
}

// TestToTheEnd runs a demo without an interruption: it succeeds, and leaves no process and no file.
func TestToTheEnd(t *testing.T) {
	dir := shortDir(t)
	t.Setenv("TMPDIR", dir)
	r := startDemo(t, nil)
	<-r.ended
	if code := r.cmd.ProcessState.ExitCode(); code != 0 || !strings.Contains(r.output(), "\ndone in ") {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"workspace-falcon Ready", "==> the status branch"} {
		if !strings.Contains(r.output(), want) {
			t.Errorf("the demo does not print %q", want)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if all := processesOf(t, dir); len(all) > 0 {
		t.Errorf("these processes go on: %q", all)
	}
}

// TestOwnCluster runs a demo where KUBECONFIG names the cluster of the user, and interrupts it while it keeps running.
func TestOwnCluster(t *testing.T) {
	c, client := userCluster(t)
	r := startDemo(t, nil, "KUBECONFIG="+c.Kubeconfig, "KEEP=1")
	r.wait(t, "It runs until Ctrl-C.")
	text := r.output()
	for _, want := range []string{
		`(?m)^    \$ syncer validate \.$`, `unknown field "methd"`, `(?m)^    \$ syncer size workspaces/phi-4-mini.yaml$`,
		`(?m)^    \$ syncer plan --base main$`, `workspace-mistral`, `(?m)^    \. \S+/env$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the demo does not print %s", want)
		}
	}
	if strings.Contains(text, c.URL) {
		t.Error("the demo uses the cluster that KUBECONFIG names")
	}
	r.interrupt(t, syscall.SIGINT)
	untouched(t, client)
}

// TestNamedCluster runs a demo in the cluster of the user, and stops it in the middle.
func TestNamedCluster(t *testing.T) {
	c, client := userCluster(t)
	r := startDemo(t, nil, "DEMO_KUBECONFIG="+c.Kubeconfig)
	r.wait(t, "==> syncer status")
	want := fmt.Sprintf("uses the cluster at %s, by the context %q", c.URL, "devcluster")
	if !strings.Contains(r.output(), want) {
		t.Errorf("it does not say %s", want)
	}
	if have := inventory(t.Context(), client); !slices.Contains(have, "StatefulSet/workspace-phi-4-mini") {
		t.Errorf("the cluster has %q", have)
	}
	r.interrupt(t, syscall.SIGTERM)
	testenv.Eventually(t, "the pods end", func() string {
		pods, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err.Error()
		}
		if len(pods.Items) > 0 {
			return fmt.Sprintf("%d pods", len(pods.Items))
		}
		return ""
	})
	untouched(t, client)
}
