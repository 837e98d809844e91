// SPDX-License-Identifier: Apache-2.0

package streams

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"syncer.dev/devcluster/kubelet/process"
)

// Server is the endpoint of all nodes.
type Server struct {
	runner   *process.Runner
	listener net.Listener
}

// The same as those of a kubelet.
const (
	idleTimeout     = 4 * time.Hour
	creationTimeout = 30 * time.Second
)

// Listen opens a port of loopback. The configuration says which certificate the server has, and whom it answers.
func Listen(runner *process.Runner, c *tls.Config) (*Server, error) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		return nil, err
	}
	return &Server{runner, l}, nil
}

// Port is that of the server.
func (s *Server) Port() int32 { return int32(s.listener.Addr().(*net.TCPAddr).Port) }

// Serve answers until ctx is done.
func (s *Server) Serve(ctx context.Context) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", s.logs)
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", s.exec)
	mux.HandleFunc("/portForward/{namespace}/{pod}", s.portForward)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: creationTimeout}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	_ = server.Serve(s.listener) // it ends with the kubelet
}

func keyOf(r *http.Request) types.NamespacedName {
	return types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("pod")}
}

func (s *Server) exec(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	options.TTY = false // there is no terminal
	remotecommand.ServeExec(w, r, executor{s.runner, keyOf(r)}, r.PathValue("pod"), "", r.PathValue("container"),
		r.URL.Query()["command"], options, idleTimeout, creationTimeout, remotecommand.SupportedStreamingProtocols)
}

// executor runs commands in one pod.
type executor struct {
	runner *process.Runner
	key    types.NamespacedName
}

// ExecInContainer runs the program of the image with other arguments: the image has no other.
func (e executor) ExecInContainer(ctx context.Context, _, _, _ string, args []string, in io.Reader,
	out, talk io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	cmd, err := e.runner.Command(ctx, e.key, args)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, writer(out), writer(talk)
	err = cmd.Run()
	if no := new(exec.ExitError); errors.As(err, &no) {
		return utilexec.CodeExitError{Err: err, Code: no.ExitCode()}
	}
	return err
}

// writer is what a command writes to; nil for a stream that the client does not want.
func writer(w io.WriteCloser) io.Writer {
	if w == nil {
		return nil
	}
	return w
}

func (s *Server) portForward(w http.ResponseWriter, r *http.Request) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, r, forwarder{s.runner, keyOf(r)}, r.PathValue("pod"), "", options,
		idleTimeout, creationTimeout, portforward.SupportedProtocols)
}

// forwarder connects to the ports of one pod.
type forwarder struct {
	runner *process.Runner
	key    types.NamespacedName
}

// PortForward copies between a stream and a port of the pod until one of them ends.
func (f forwarder) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	address := f.runner.Address(f.key, port)
	if address == "" {
		return fmt.Errorf("pod %s runs no process that listens on port %d", f.key, port)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() { // ends with the connection
		_, _ = io.Copy(conn, stream)
		if c, ok := conn.(*net.TCPConn); ok {
			_ = c.CloseWrite()
		}
	}()
	_, err = io.Copy(stream, conn)
	return err
}
