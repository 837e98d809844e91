// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/testenv"
)

// T is what this package needs of a test; testing.TB is one, and so is the demo.
type T = gittest.T

// A Server is a running Gitea with one user, its administrator.
type Server struct {
	URL   string // http://127.0.0.1:PORT
	Admin *User

	t      T
	dir    string
	binary string
	client *http.Client
	log    *lockedBuffer
}

// variable says whether tests on the real forge must run: "required", "off", or "" for where the server is built.
const variable = "SYNCER_GITEA"

// startTimeout is how long a caller that has no deadline waits for the server. An idle machine takes three seconds, two
// of them to make the database and the administrator.
const startTimeout = 2 * time.Minute

// Binary returns the path of the server's program. The error says how to build it.
func Binary() (string, error) {
	if os.Getenv(variable) == "off" {
		return "", fmt.Errorf("%s=off", variable)
	}
	return testenv.Binary("gitea")
}

// Start starts a server, and stops it when the test ends. Where the server is not built, it leaves the test out.
func Start(t T) *Server {
	t.Helper()
	if named, ok := t.(interface{ Name() string }); ok && !strings.HasPrefix(named.Name(), prefix) {
		t.Fatalf("the name of a test on the real forge begins with %s, so that it can be listed: %s", prefix, named.Name())
	}
	binary, err := Binary()
	if err != nil {
		if s, ok := t.(interface{ Skipf(string, ...any) }); ok && os.Getenv(variable) != "required" {
			s.Skipf("left out: %v", err)
		}
		t.Fatalf("start gitea: %v", err)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	if w, ok := t.(testenv.Waiter); ok {
		cancel()
		ctx, cancel = testenv.Context(w)
	}
	defer cancel()
	s := &Server{t: t, dir: filepath.Join(t.TempDir(), "gitea"), binary: binary, log: &lockedBuffer{}}
	s.client = &http.Client{Transport: &http.Transport{}}
	if err := s.start(ctx); err != nil {
		t.Fatalf("start gitea: %v\n%s", err, s.log.String())
		return nil
	}
	return s
}

// prefix begins the name of every test that may be left out.
const prefix = "TestGitea"

func (s *Server) start(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	s.URL = "http://" + listener.Addr().String()
	if err := s.configure(listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	if _, err := s.run(ctx, "migrate"); err != nil {
		return err
	}
	const name, password = "root-of-forge", "root-of-forge-1"
	out, err := s.run(ctx, "admin", "user", "create", "--admin", "--username", name, "--password", password,
		"--email", name+"@example.com", "--must-change-password=false", "--access-token")
	if err != nil {
		return err
	}
	_, token, found := strings.Cut(out, "Access token was successfully created... ")
	if !found {
		return fmt.Errorf("create the administrator: no token in its answer")
	}
	s.Admin = &User{Name: name, Password: password, Token: strings.Fields(token)[0], server: s}
	if err := s.serve(listener); err != nil {
		return err
	}
	// The kernel queues the request until the server accepts it: nothing has to be tried twice.
	return s.Admin.call(ctx, http.MethodGet, "/version", nil, nil)
}

// command is the program with its configuration. It writes to the log.
func (s *Server) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.binary, append([]string{"--config", s.configFile()}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = append(environ(), "HOME="+s.dir, "GITEA_WORK_DIR="+s.dir)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	return cmd
}

// environ is the process's environment without what would change what Gitea and git do. GIT_CONFIG_GLOBAL stays unset:
// Gitea writes to that file, which by its own default is one in its folder.
func environ() []string {
	var out []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") && !strings.HasPrefix(kv, "GITEA_") {
			out = append(out, kv)
		}
	}
	return append(out, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
}

func (s *Server) run(ctx context.Context, args ...string) (string, error) {
	cmd := s.command(ctx, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("gitea %s: %w\n%s", args[0], err, out.String())
	}
	return out.String(), nil
}

// serve starts the server on a listener, and stops it at the end of the test. The server ends by itself when the pipe
// to its standard input is closed, which the kernel does when this process dies.
func (s *Server) serve(listener net.Listener) error {
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := s.command(context.Background(), "web")
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(cmd.Env, "GITEA_CHILD=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := sync.OnceFunc(func() {
		s.client.CloseIdleConnections()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = stdin.Close()
		kill := time.AfterFunc(stopGrace, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
	})
	s.t.Cleanup(stop)
	return nil
}

// stopGrace is the time that the server has to end after a signal.
const stopGrace = 20 * time.Second

// On returns the server and its administrator for a subtest, whose failures belong to t.
func (s *Server) On(t T) *Server {
	on := *s
	on.t = t
	on.Admin = on.as(s.Admin)
	return &on
}

// as returns a user for the test of s.
func (s *Server) as(u *User) *User {
	on := *u
	on.server = s
	return &on
}

// Log returns what the server has logged, warnings and errors, without the stacks of its panics.
func (s *Server) Log() string {
	var b strings.Builder
	for line := range strings.Lines(s.log.String()) {
		if !stack.MatchString(line) {
			b.WriteString(line)
		}
	}
	return b.String()
}

var stack = regexp.MustCompile(`^(\t|\S+\.[gs]o?:\d+ \(0x)`)

// lockedBuffer is a buffer that a process writes to while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
