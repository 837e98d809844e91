// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"syncer.dev/syncer/internal/git/gittest"
)

// sshServer serves git over SSH to one client key, and returns its address.
func sshServer(t *testing.T, host ssh.Signer, client ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), client.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSH(conn, config)
		}
	}()
	return listener.Addr().String()
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		for req := range requests {
			if req.Type != "exec" {
				_ = req.Reply(false, nil)
				continue
			}
			_ = req.Reply(true, nil)
			var command struct{ Line string }
			_ = ssh.Unmarshal(req.Payload, &command)
			cmd := exec.Command("sh", "-c", strings.Replace(command.Line, "git-", "git ", 1))
			cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
			var status struct{ Code uint32 }
			if err := cmd.Run(); err != nil {
				status.Code = 1
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
			channel.Close()
		}
	}
}

func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func TestSSH(t *testing.T) {
	repo := gittest.NewRepo(t)
	want := repo.Commit(map[string]string{"f": "f"}, "first")
	host, _ := newKey(t)
	otherHost, _ := newKey(t)
	client, clientPEM := newKey(t)
	_, otherPEM := newKey(t)
	address := sshServer(t, host, client.PublicKey())

	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known := func(key ssh.PublicKey) string {
		h, port, _ := net.SplitHostPort(address)
		return fmt.Sprintf("[%s]:%s %s", h, port, ssh.MarshalAuthorizedKey(key))
	}
	key := write("id", string(clientPEM))
	hosts := write("known_hosts", known(host.PublicKey()))
	url := "ssh://git@" + address + repo.Dir

	r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Auth: Auth{SSHKey: key, KnownHosts: hosts}})
	if c := mustFetch(t, r); string(c.Hash) != want {
		t.Errorf("fetched %+v, want %s", c, want)
	}
	want = repo.Commit(map[string]string{"f": "g"}, "second")
	if c := mustFetch(t, r); string(c.Hash) != want || c.Forced {
		t.Errorf("fetched %+v, want %s", c, want)
	}
	if _, changed := mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": "y"})); !changed {
		t.Error("not pushed")
	}
	repo.Fsck()

	for name, test := range map[string]struct {
		auth Auth
		want string
	}{
		"unknown host": {Auth{SSHKey: key, KnownHosts: write("empty", "# empty\n")}, "does not list this host"},
		"changed host": {
			Auth{SSHKey: key, KnownHosts: write("changed", known(otherHost.PublicKey()))},
			"not the one in the known hosts file",
		},
		"wrong key": {
			Auth{SSHKey: write("other", string(otherPEM)), KnownHosts: hosts},
			"refused the configured credentials",
		},
		"no hosts":  {Auth{SSHKey: key, KnownHosts: filepath.Join(dir, "missing")}, ""},
		"no key":    {Auth{SSHKey: filepath.Join(dir, "missing"), KnownHosts: hosts}, ""},
		"not a key": {Auth{SSHKey: hosts, KnownHosts: hosts}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mustOpen(t, Options{URL: url, Branch: gittest.Main, Auth: test.auth}).Fetch(context.Background())
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) || !strings.Contains(unreachable.Hint(), test.want) {
				t.Errorf("%v (%+v), want *UnreachableError with hint %q", err, unreachable, test.want)
			}
		})
	}
}

// TestSSHThatHangs connects to a server that accepts and then says nothing, which no context of the library's would
// end.
func TestSSHThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, clientPEM := newKey(t)
	key := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(key, clientPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, Options{
		URL: "ssh://git@" + listener.Addr().String() + "/x", Branch: gittest.Main,
		Auth: Auth{SSHKey: key, KnownHosts: os.DevNull}, Timeout: 50 * time.Millisecond,
	})
	if _, err := r.Head(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want a deadline exceeded", err)
	}
}
