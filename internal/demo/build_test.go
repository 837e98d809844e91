// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"syncer.dev/syncer/internal/testenv"
)

// stubGo stands in for go. It lists two packages, which with CACHED are compiled in the optimised variant, and compiles
// by sleeping.
const stubGo = `#!/bin/sh
case $1 in
version) echo go version go1.26.8 ;;
env) case $2 in GOOS) echo linux ;; GOARCH) echo amd64 ;; esac ;;
list)
	case "$*" in
	*-gcflags*) ;;
	*) [ -z "$CACHED" ] || exit 0 ;;
	esac
	echo example.com/small
	echo example.com/large
	;;
build)
	echo "$*" >>"$CALLS"
	echo "go: downloading something" >&2
	echo example.com/large >&2
	sleep "$COMPILE"
	echo example.com/small >&2
	while [ "$1" != -o ]; do shift; done
	printf '#!/bin/sh\n' >"$2"
	chmod +x "$2"
	;;
esac
`

// tree is a copy of devcluster/build beside a module, with a go that compiles nothing.
type tree struct {
	t   *testing.T
	dir string
	env []string
}

func newTree(t *testing.T) *tree {
	t.Helper()
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root, "devcluster", "build"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"devcluster/build":     strings.Replace(string(script), "every=10", "every=1", 1),
		"devcluster/go.mod":    "require k8s.io/kubernetes v1.2.3\n",
		"devcluster/go.sum":    "",
		"devcluster/main.go":   "package main\n",
		"devcluster/checksums": "",
		"stub/go":              stubGo,
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &tree{t: t, dir: dir, env: append(os.Environ(),
		"PATH="+filepath.Join(dir, "stub")+":"+os.Getenv("PATH"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
		"CALLS="+filepath.Join(dir, "calls"), "COMPILE=0",
	)}
}

// command is devcluster/build with arguments and variables of the environment.
func (b *tree) command(args []string, env ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.dir, "devcluster", "build"), args...)
	cmd.Env = append(b.env[:len(b.env):len(b.env)], env...)
	return cmd
}

// run builds, and returns the arguments of the calls of "go build", and what the script says.
func (b *tree) run(args []string, env ...string) (calls, talk string, err error) {
	b.t.Helper()
	_ = os.Remove(filepath.Join(b.dir, "calls"))
	out, err := b.command(args, env...).CombinedOutput()
	data, _ := os.ReadFile(filepath.Join(b.dir, "calls"))
	return string(data), string(out), err
}

// left returns what the cache holds of builds that have not ended.
func (b *tree) left() []string {
	left, err := filepath.Glob(filepath.Join(b.dir, "cache", "syncer", "build.*"))
	if err != nil {
		b.t.Fatal(err)
	}
	return left
}

// TestBuildVariants says when which variant of devcluster is built.
func TestBuildVariants(t *testing.T) {
	b := newTree(t)
	for _, step := range []struct {
		what, arg, env string
		calls          string // a pattern; "" if nothing is compiled
	}{
		{"nothing is there", "", "", `-gcflags all=-N`},
		{"the quick one is there", "", "", ""},
		{"benchmarks", "optimised", "", `^build -v -ldflags`},
		{"benchmarks again", "optimised", "", ""},
		{"both are there", "", "", ""},
		{"the nodes alone", "fakekubelet", "", `/fakekubelet\n$`},
	} {
		var args []string
		if step.arg != "" {
			args = append(args, step.arg)
		}
		calls, talk, err := b.run(args, "X="+step.env)
		if err != nil || (calls == "") != (step.calls == "") || !regexp.MustCompile(step.calls).MatchString(calls) {
			t.Errorf("%s: %v, go %q\n%s", step.what, err, calls, talk)
		}
	}
	// Another clone of the same sources takes what is in the cache of the user.
	for _, name := range []string{"devcluster", "devcluster.hash"} {
		if err := os.Remove(filepath.Join(b.dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	if calls, talk, err := b.run(nil); err != nil || calls != "" {
		t.Errorf("another clone: %v, go %q\n%s", err, calls, talk)
	}
	if left := b.left(); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	// A cache of Go that has compiled most of the optimised variant already.
	if calls, talk, err := newTree(t).run(nil, "CACHED=1"); err != nil || strings.Contains(calls, "-gcflags") {
		t.Errorf("optimised in Go's cache: %v, go %q\n%s", err, calls, talk)
	}
	if _, talk, err := b.run([]string{"other"}); err == nil || !strings.Contains(talk, "usage: devcluster/build") {
		t.Errorf("another argument: %v, %s", err, talk)
	}
}

// TestBuildProgress says that a build shows percent and the time left.
func TestBuildProgress(t *testing.T) {
	_, talk, err := newTree(t).run(nil, "COMPILE=3")
	if want := regexp.MustCompile(`(?m)^  45 %, 1 of 2 packages, \d+ s, about \d+ s left$`); err != nil ||
		!want.MatchString(talk) {
		t.Errorf("%v\n%s", err, talk)
	}
}

// TestBuildStops says that SIGTERM ends a build with nothing left.
func TestBuildStops(t *testing.T) {
	b := newTree(t)
	cmd := b.command(nil, "COMPILE=60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "the build", func() string {
		if _, err := os.Stat(filepath.Join(b.dir, "calls")); err != nil {
			return "go build has not started"
		}
		return ""
	})
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the compiler of the stub
	if left := b.left(); cmd.ProcessState.ExitCode() != 143 || len(left) > 0 {
		t.Errorf("exit code %d, left: %q", cmd.ProcessState.ExitCode(), left)
	}
}

// archive returns a release with a stand-in for each program, and its checksum.
func archive(t *testing.T) (data []byte, sum string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"} {
		text := "#!/bin/sh\necho " + name + "\n"
		err := w.WriteHeader(&tar.Header{Name: "kubernetes/server/bin/" + name, Mode: 0o755, Size: int64(len(text))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), fmt.Sprintf("%x", sha512.Sum512(b.Bytes()))
}

// TestBuildDownload takes the official programs from a server of files, by their checksum only.
func TestBuildDownload(t *testing.T) {
	data, sum := archive(t)
	const name = "v1.2.3/kubernetes-server-linux-amd64.tar.gz"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+name {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	defer server.Close()
	for _, tt := range []struct {
		name, checksums, mirror string
		want                    string // what is wrong; "" if nothing is
	}{
		{"as pinned", sum + "  " + name, server.URL, ""},
		{"another content", strings.Repeat("0", 128) + "  " + name, server.URL, "is not what devcluster/checksums says"},
		{"another version", sum + "  " + strings.Replace(name, "1.2.3", "1.2.4", 1), server.URL, "has no checksum of"},
		{"no such file", sum + "  " + name, server.URL + "/elsewhere", "cannot be downloaded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newTree(t)
			file := filepath.Join(b.dir, "devcluster", "checksums")
			if err := os.WriteFile(file, []byte(tt.checksums+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			calls, talk, err := b.run(nil, "DEVCLUSTER=download", "DEVCLUSTER_MIRROR="+tt.mirror)
			if left := b.left(); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			parts := filepath.Join(b.dir, "bin", "devcluster.parts")
			if tt.want != "" {
				if _, stat := os.Stat(parts); err == nil || !strings.Contains(talk, tt.want) || stat == nil || calls != "" {
					t.Errorf("%v, go %q\n%s", err, calls, talk)
				}
				return
			}
			if err != nil || !strings.Contains(calls, "-tags download") {
				t.Fatalf("%v, go %q\n%s", err, calls, talk)
			}
			for _, p := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
				if out, err := exec.Command(filepath.Join(parts, p)).Output(); err != nil || string(out) != p+"\n" {
					t.Errorf("%s: %v, %s", p, err, out)
				}
			}
			if _, err := os.Stat(filepath.Join(parts, "kubelet")); err == nil {
				t.Error("the rest of the release is there too")
			}
			// A build of the sources does not take these for its own, and removes them.
			if calls, _, err := b.run(nil); err != nil || calls == "" {
				t.Errorf("without download: %v, go %q", err, calls)
			}
			if _, err := os.Stat(parts); err == nil {
				t.Error("the official programs are still there")
			}
			calls, _, err = b.run(nil, "DEVCLUSTER=download", "DEVCLUSTER_MIRROR=http://127.0.0.1:1")
			if err != nil || calls != "" {
				t.Errorf("again, from the cache: %v, go %q", err, calls)
			}
			if _, err := os.Stat(filepath.Join(parts, "kube-apiserver")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChecksums says that the pinned release is the one that is built.
func TestChecksums(t *testing.T) {
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "devcluster", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "devcluster", "checksums"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`k8s\.io/kubernetes (v\S+)`).FindSubmatch(mod)
	if version == nil {
		t.Fatal("no version in go.mod")
	}
	for _, arch := range []string{"amd64", "arm64"} {
		line := `(?m)^[0-9a-f]{128}  ` + string(version[1]) + `/kubernetes-server-linux-` + arch + `\.tar\.gz$`
		if !regexp.MustCompile(line).Match(sums) {
			t.Errorf("no checksum of %s for %s", version[1], arch)
		}
	}
}
