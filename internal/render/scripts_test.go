// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

// container finds a container of the last object of a bundle, which is what runs.
func container(t *testing.T, b Bundle, name string) memo.Object {
	t.Helper()
	for _, kind := range []string{"containers", "initContainers"} {
		all, _, err := unstructured.NestedSlice(b.Objects[len(b.Objects)-1].Object, "spec", "template", "spec", kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c := c.(memo.Object); c["name"] == name {
				return c
			}
		}
	}
	t.Fatalf("no container %s", name)
	return nil
}

// sandbox is a folder that stands for the file system of a container, with programs that stand for those of its image.
type sandbox struct {
	t   *testing.T
	dir string
}

func newSandbox(t *testing.T, programs map[string]string) sandbox {
	t.Helper()
	s := sandbox{t, t.TempDir()}
	// Scripts wait between attempts; here nothing is worth waiting for.
	for name, body := range map[string]string{"sleep": "/bin/sleep 0.01"} {
		s.write("bin/"+name, "#!/bin/sh\n"+body+"\n")
	}
	for name, body := range programs {
		s.write("bin/"+name, "#!/bin/sh\n"+body+"\n")
	}
	return s
}

func (s sandbox) write(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

func (s sandbox) read(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// command returns the process of a container: its command and arguments, its variables as Kubernetes passes them on,
// and absolute paths moved into the sandbox.
func (s sandbox) command(ctx context.Context, c memo.Object) *exec.Cmd {
	s.t.Helper()
	moved := strings.NewReplacer("/workspace", s.dir+"/workspace", "/mnt", s.dir+"/mnt", "/tmp/push", s.dir+"/tmp/push",
		"/dev/termination-log", s.dir+"/termination-log", "/root", s.dir+"/root", "$$", "$")
	var words []string
	for _, key := range []string{"command", "args"} {
		part, _ := c[key].(memo.List)
		for _, w := range part {
			words = append(words, moved.Replace(w.(string)))
		}
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = []string{"PATH=" + s.dir + "/bin:" + os.Getenv("PATH"), "TMPDIR=" + s.dir, "SANDBOX=" + s.dir}
	env, _ := c["env"].(memo.List)
	for _, e := range env {
		e := e.(memo.Object)
		if v, ok := e["value"].(string); ok {
			cmd.Env = append(cmd.Env, e["name"].(string)+"="+moved.Replace(v))
		}
	}
	cmd.Dir = s.dir
	return cmd
}

// run runs a container until it ends and returns its output and exit code.
func (s sandbox) run(c memo.Object) (string, int) {
	s.t.Helper()
	ctx, cancel := testenv.Context(s.t)
	defer cancel()
	cmd := s.command(ctx, c)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		s.t.Fatalf("does not end: %s", out)
	}
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestFetchURLs(t *testing.T) {
	// A curl that notes the URL and writes a file, or fails for URLs with "broken" in them.
	const curl = `
while [ $# -gt 0 ]; do
  case $1 in --output) file=$2 ;; --url) url=$2 ;; esac
  shift
done
echo "$url" >>"$SANDBOX/urls"
case $url in *broken*) exit 22 ;; *) echo data >"$file" ;; esac
echo "93.184.215.14 "`
	programs := map[string]string{"curl": curl, "getent": "echo 93.184.215.14 STREAM"}
	urls := []string{
		"https://example.com/a/train.parquet?download=true", "https://example.org/b/train.parquet", "https://example.com/",
		"https://example.com/*", "https://example.com/$(touch owned)", "https://example.com/[1-9].json",
		"https://example.com/';touch owned;'",
	}
	c := container(
		t,
		mustRender(t, training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input.URLs = urls }), Placement{}, options),
		"data-downloader",
	)
	s := newSandbox(t, programs)
	s.write("mnt/data/.keep", "")
	out, code := s.run(c)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	if got := strings.Count(s.read("urls"), "\n"); got != len(urls) {
		t.Errorf("fetched %d URLs instead of %d:\n%s", got, len(urls), s.read("urls"))
	}
	for _, file := range []string{"train.parquet", "2-train.parquet", "data"} {
		s.read("mnt/data/" + file)
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, "mnt/data"))
	if err != nil || len(entries) != len(urls)+1 {
		t.Errorf("%d files: %v, %v", len(entries), entries, err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "owned")); err == nil {
		t.Error("part of a URL was run")
	}

	c = container(t, mustRender(t, training("phi-4", func(w *workspace.Workspace) {
		w.Tuning.Input.URLs = []string{"https://example.com/broken?token=secret"}
	}), Placement{}, options), "data-downloader")
	s = newSandbox(t, programs)
	s.write("mnt/data/.keep", "")
	out, code = s.run(c)
	if code == 0 || strings.Count(s.read("urls"), "\n") != 3 || strings.Contains(out, "secret") {
		t.Errorf("exit code %d after\n%s\n%s", code, s.read("urls"), out)
	}
}

func TestPull(t *testing.T) {
	// A skopeo that lets in who has the second secret, and copies an image of two layers.
	const skopeo = `
case $1 in
copy)
  case $* in *two.json*) ;; *) exit 1 ;; esac
  for last; do :; done
  dir=${last#dir:}
  mkdir -p "$dir" "$SANDBOX/one/data" "$SANDBOX/two/data"
  echo 1 >"$SANDBOX/one/data/a"; echo 1 >"$SANDBOX/one/data/b"; echo 2 >"$SANDBOX/two/data/b"
  tar -c -f "$dir/aa" -C "$SANDBOX/one" data
  tar -c -f "$dir/bb" -C "$SANDBOX/two" data ;;
inspect) echo "sha256:aa sha256:bb " ;;
esac`
	c := container(t, mustRender(t, serving("phi-4", func(w *workspace.Workspace) {
		w.Inference.Adapters = []workspace.Adapter{
			{Source: &workspace.DataSource{Name: "ad", Image: "a:1", ImagePullSecrets: []string{"one", "two"}}},
		}
	}), Placement{}, options), "puller-ad")
	s := newSandbox(t, map[string]string{"skopeo": skopeo})
	s.write("root/.docker/config.d/one.json", "{}")
	if out, code := s.run(c); code == 0 {
		t.Errorf("no failure without credentials:\n%s", out)
	}
	s.write("root/.docker/config.d/two.json", "{}")
	if out, code := s.run(c); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	if got := s.read("mnt/adapter/ad/a") + s.read("mnt/adapter/ad/b"); got != "1\n2\n" {
		t.Errorf("unpacked %q", got)
	}
}

// TestPullData: a training finds the data of an image under KAITO's paths, which begin with the folder data of the
// image, and in the volume itself.
func TestPullData(t *testing.T) {
	const skopeo = `
case $1 in
copy)
  for last; do :; done
  dir=${last#dir:}
  mkdir -p "$dir" "$SANDBOX/one/data/$SUB"
  echo train >"$SANDBOX/one/data/train.parquet"; echo more >"$SANDBOX/one/data/$SUB/more.parquet"
  echo hidden >"$SANDBOX/one/data/.info"
  tar -c -f "$dir/aa" -C "$SANDBOX/one" data ;;
inspect) echo "sha256:aa " ;;
esac`
	for _, tt := range []struct {
		sub   string // a folder in the folder data of the image
		files map[string]string
	}{
		{"part", map[string]string{
			"mnt/data/data/train.parquet": "train\n", "mnt/data/train.parquet": "train\n",
			"mnt/data/data/part/more.parquet": "more\n", "mnt/data/part/more.parquet": "more\n",
			"mnt/data/.info": "hidden\n",
		}},
		{"data", map[string]string{ // the path of KAITO wins
			"mnt/data/data/train.parquet": "train\n", "mnt/data/train.parquet": "train\n",
			"mnt/data/data/data/more.parquet": "more\n",
		}},
	} {
		t.Run(tt.sub, func(t *testing.T) {
			c := container(t, mustRender(t, training("phi-4", func(w *workspace.Workspace) {
				w.Tuning.Input = &workspace.DataSource{Name: "data", Image: "data:1"}
			}), Placement{}, options), "puller")
			s := newSandbox(t, map[string]string{"skopeo": "SUB=" + tt.sub + skopeo})
			if err := os.MkdirAll(filepath.Join(s.dir, "mnt/data"), 0o755); err != nil {
				t.Fatal(err)
			}
			if out, code := s.run(c); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, out)
			}
			for file, want := range tt.files {
				if got := s.read(file); got != want {
					t.Errorf("%s holds %q, want %q", file, got, want)
				}
			}
		})
	}
}

// TestTuningAndPush plays the two containers of a tuning pod as Kubernetes does: the sidecar is stopped when the main
// container ends.
func TestTuningAndPush(t *testing.T) {
	const oras = `
case $1 in
push) mkdir -p layout; tar -t -z -f layer.tar.gz >"$SANDBOX/layer"
    cp config.json "$SANDBOX/config"; echo "$*" >"$SANDBOX/push" ;;
cp) for last; do :; done; echo "$last" >>"$SANDBOX/pushed"; [ ! -e "$SANDBOX/no-push" ] ;;
resolve) echo sha256:feed ;;
esac`
	const train = `
echo "$*" >"$SANDBOX/accelerate"
[ ! -e "$SANDBOX/no-training" ] || exit 7
mkdir -p "$SANDBOX/mnt/results"
echo {} >"$SANDBOX/mnt/results/adapter_config.json"
echo weights >"$SANDBOX/mnt/results/adapter_model.safetensors"
echo done >"$SANDBOX/mnt/results/fine_tuning_completed.txt"`
	for _, tt := range []struct {
		name, file string
		code       int
		message    string
	}{
		{"pushed", "yes", 0, "pushed example.azurecr.io/tuned:0.0.1 sha256:feed"},
		{"training fails", "no-training", 7, ""},
		{"push fails", "no-push", 1, "could not push example.azurecr.io/tuned:0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := mustRender(t, training("phi-4"), Placement{GPUsPerNode: 2}, options)
			s := newSandbox(t, map[string]string{"oras": oras, "accelerate": train, "python3": "exit 0"})
			s.write("workspace/tfs/metrics_server.py", "")
			s.write(tt.file, "")
			s.write("mnt/results/.keep", "")

			sidecar := s.command(t.Context(), container(t, b, "pusher"))
			var log strings.Builder
			sidecar.Stdout, sidecar.Stderr = &log, &log
			if err := sidecar.Start(); err != nil {
				t.Fatal(err)
			}
			out, code := s.run(container(t, b, "workspace-tuning-phi-4"))
			if err := sidecar.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			// It ends by itself, or by the signal when that comes before its first line was run. Kubernetes does not mind
			// which.
			if err := sidecar.Wait(); err != nil && sidecar.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				t.Errorf("the sidecar does not end well: %v\n%s", err, log.String())
			}
			if code != tt.code {
				t.Errorf("exit code %d instead of %d:\n%s\n%s", code, tt.code, out, log.String())
			}
			if got := s.read("accelerate"); got != fmt.Sprintf(
				"launch --num_processes=2 %s/workspace/tfs/fine_tuning.py\n",
				s.dir,
			) {
				t.Errorf("accelerate %s", got)
			}
			if tt.message == "" {
				return
			}
			if got := strings.TrimSpace(s.read("termination-log")); got != tt.message {
				t.Errorf("message %q instead of %q", got, tt.message)
			}
			if got := s.read("layer"); !strings.Contains(got, "data/adapter_model.safetensors") ||
				!strings.Contains(got, "data/adapter_config.json") {
				t.Errorf("the layer holds %s", got)
			}
			if got := s.read("push"); !strings.Contains(got, "sh.kaito.model.name=phi-4") {
				t.Errorf("oras %s", got)
			}
		})
	}
}

// TestPushedModelName: the annotation sh.kaito.model.name of a result is the preset as the file names it.
func TestPushedModelName(t *testing.T) {
	c := container(t, mustRender(t, training("microsoft/Phi-4"), Placement{}, options), "pusher")
	want := memo.Object{"name": "MODEL_NAME", "value": "microsoft/Phi-4"}
	if env := c["env"].(memo.List); !slices.ContainsFunc(env, func(v any) bool { return cmp.Equal(v, any(want)) }) {
		t.Errorf("the pusher has no variable %v: %v", want, env)
	}
}
