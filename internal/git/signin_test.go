// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/git/signin"
)

// fileIn returns a function that writes files of a temporary folder.
func fileIn(t *testing.T) func(name, content string) string {
	t.Helper()
	dir := t.TempDir()
	return func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// overSSH serves a repository to one key, and returns its URL and its known hosts.
func overSSH(t *testing.T, repo *gittest.Repo, client ssh.PublicKey) (url, knownHosts string) {
	t.Helper()
	host, _ := newKey(t)
	address := sshServer(t, host, client)
	h, port, _ := net.SplitHostPort(address)
	known := fmt.Sprintf("[%s]:%s %s", h, port, ssh.MarshalAuthorizedKey(host.PublicKey()))
	return "ssh://git@" + address + repo.Dir, known
}

func TestSSHKeyWithAPassphrase(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("s3cret-phrase"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	url, known := overSSH(t, repo, signer.PublicKey())
	write := fileIn(t)
	hosts, key := write("hosts", known), write("key", string(pem.EncodeToMemory(locked)))
	t.Setenv("GIT_TEST_PASSPHRASE", "s3cret-phrase")
	right, wrong := write("right", "s3cret-phrase\n"), write("wrong", "other-phrase")
	for name, test := range map[string]struct {
		passphrase Secret
		want, hint string // parts of the error; none if it is "" and signs in
	}{
		"in a file":     {Secret{File: right}, "", ""},
		"in a variable": {Secret{Env: "GIT_TEST_PASSPHRASE"}, "", ""},
		"none":          {Secret{}, key + " is protected by a passphrase", "source.auth.passphraseFile"},
		"wrong":         {Secret{File: wrong}, "does not open the SSH key " + key, "source.auth.passphraseFile"},
		"missing file":  {Secret{File: wrong + "x"}, "read passphrase of the SSH key", ""},
	} {
		t.Run(name, func(t *testing.T) {
			auth := Auth{SSHKey: key, SSHPassphrase: test.passphrase, KnownHosts: hosts}
			r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Auth: auth})
			_, err := r.Fetch(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), test.want) ||
				!strings.Contains(unreachable.Hint(), test.hint) {
				t.Errorf("%v (hint %q), want %q and %q", err, unreachable.Hint(), test.want, test.hint)
			}
			if strings.Contains(err.Error(), "phrase\n") || strings.Contains(err.Error(), "bcrypt") {
				t.Errorf("the error tells what it should not: %v", err)
			}
		})
	}
	t.Run("the key was replaced by one without", func(t *testing.T) {
		key := write("plain", string(pem.EncodeToMemory(plain)))
		auth := Auth{SSHKey: key, SSHPassphrase: Secret{File: right}, KnownHosts: hosts}
		mustFetch(t, mustOpen(t, Options{URL: url, Branch: gittest.Main, Auth: auth}))
	})
}

// TestSSHAgent signs in with a key that only the agent holds, also after the agent was started again.
func TestSSHAgent(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keys := agent.NewKeyring()
	socket := filepath.Join(t.TempDir(), "agent")
	start := func() (stop func()) {
		listener, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		conns := make(chan net.Conn, 10)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					close(conns)
					return
				}
				conns <- conn
				go func() { _ = agent.ServeAgent(keys, conn) }()
			}
		}()
		return func() {
			listener.Close()
			for conn := range conns {
				conn.Close()
			}
		}
	}
	stop := start()
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	url, known := overSSH(t, repo, signer.PublicKey())
	auth := Auth{Agent: &signin.Agent{Socket: socket}, KnownHosts: fileIn(t)("hosts", known)}
	r := mustOpen(t, Options{URL: url, Branch: gittest.Main, Auth: auth})
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "ssh-add") {
		t.Errorf("an agent without keys: %v", err)
	}
	if err := keys.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, r)
	stop()
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "SSH agent") {
		t.Errorf("no agent: %v", err)
	}
	defer start()()
	mustFetch(t, r)
}

// TestCredentialHelper signs in with what git's own helper says, which is asked when the server wants credentials and
// not before, and told when they are refused.
func TestCredentialHelper(t *testing.T) {
	write := fileIn(t)
	called := write("called", "")
	script := write("helper", "#!/bin/sh\necho $1 >> "+called+
		"\n[ $1 = get ] && echo username=ada && echo password=s3cret-pass\nexit 0\n")
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", write("config", "[credential]\n\thelper = "+script+"\n"))
	calls := func() string {
		b, _ := os.ReadFile(called)
		return strings.Join(strings.Fields(string(b)), " ")
	}
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: Auth{Ask: &signin.Helper{URL: repo.URL()}}})
	mustFetch(t, r)
	if got := calls(); got != "" {
		t.Errorf("helper was called for a public repository: %s", got)
	}
	repo.SetFaults(gittest.Faults{Username: "ada", Password: "s3cret-pass"})
	for range 3 {
		mustFetch(t, r)
	}
	mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": "y"}))
	if got := calls(); got != "get" {
		t.Errorf("calls: %s, want one", got)
	}
	repo.SetFaults(gittest.Faults{Username: "ada", Password: "changed"})
	_, err := r.Fetch(t.Context())
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a changed password: %v", err)
	}
	if got := calls(); got != "get erase" {
		t.Errorf("calls: %s, want the refused credentials erased", got)
	}

	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	r = mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: Auth{Ask: &signin.Helper{URL: repo.URL()}}})
	_, err = r.Fetch(t.Context())
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !strings.Contains(unreachable.Hint(), "none are configured") ||
		!strings.Contains(unreachable.Hint(), "credential helper knows no credentials") {
		t.Errorf("no helper: %v (%+v)", err, unreachable)
	}
}

// tokens hands out numbered tokens.
type tokens struct {
	next    int
	refused []string
}

func (s *tokens) Token(context.Context) (signin.Credential, error) {
	if s.next == 0 {
		return signin.Credential{}, errors.New("no token yet")
	}
	return signin.Credential{Username: "x", Secret: fmt.Sprintf("s3cret-token-%d", s.next)}, nil
}

func (s *tokens) Refused(_ context.Context, c signin.Credential) {
	s.refused = append(s.refused, c.Secret)
}

func TestTokenSource(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	source := &tokens{}
	r := mustOpen(t, Options{URL: repo.URL(), Branch: gittest.Main, Auth: Auth{Token: source}})
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "sign in: no token yet") {
		t.Errorf("without a token: %v", err)
	}
	for source.next = 1; source.next < 3; source.next++ {
		repo.SetFaults(gittest.Faults{Username: "x", Password: fmt.Sprintf("s3cret-token-%d", source.next)})
		mustFetch(t, r)
		mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": fmt.Sprint(source.next)}))
	}
	if _, err := r.Fetch(t.Context()); err == nil || len(source.refused) != 1 || source.refused[0] != "s3cret-token-3" {
		t.Errorf("%v; refused %v, want the last token", err, source.refused)
	}
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) pem() string { return certPEM(a.cert.Raw) }

func certPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// issue makes a certificate for the loopback address, or for a client.
func (a authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, own.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return certPEM(der), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// serveTLS serves a repository with a certificate that change replaces.
func serveTLS(
	t *testing.T, repo *gittest.Repo, clients *x509.CertPool, first tls.Certificate,
) (url string, change func(tls.Certificate)) {
	t.Helper()
	current := make(chan tls.Certificate, 1)
	current <- first
	server := httptest.NewUnstartedServer(repo)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := <-current
		current <- c
		own := &tls.Config{Certificates: []tls.Certificate{c}, SessionTicketsDisabled: true}
		if clients != nil {
			own.ClientCAs, own.ClientAuth = clients, tls.RequireAndVerifyClientCert
		}
		return own, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/repo.git", func(c tls.Certificate) {
		<-current
		current <- c
		server.CloseClientConnections()
	}
}

// server makes a certificate for a server on the loopback address.
func (a authority) server(t *testing.T) tls.Certificate {
	t.Helper()
	cert, key := a.issue(t, "server")
	c, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRotatedCertificateAuthority(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	one, two := newAuthority(t, "one"), newAuthority(t, "two")
	url, change := serveTLS(t, repo, nil, one.server(t))
	write := fileIn(t)
	file := write("ca.pem", one.pem())
	r := mustOpen(t, Options{URL: url, Branch: gittest.Main, CAFile: file})
	mustFetch(t, r)
	change(two.server(t))
	var unreachable *UnreachableError
	if _, err := r.Fetch(t.Context()); !errors.As(err, &unreachable) || !strings.Contains(unreachable.Hint(), "caFile") {
		t.Errorf("the server has changed, the file has not: %v", err)
	}
	write("ca.pem", "half a file")
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "no certificate in it") {
		t.Errorf("a broken file: %v", err)
	}
	write("ca.pem", two.pem())
	mustFetch(t, r)
	mustCommit(t, r.Branch(statusBranch), statusChange(map[string]string{"x": "y"}))
}

func TestClientCertificate(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	ca, old, next := newAuthority(t, "server"), newAuthority(t, "old"), newAuthority(t, "next")
	clients := x509.NewCertPool()
	clients.AddCert(next.cert)
	url, _ := serveTLS(t, repo, clients, ca.server(t))
	write := fileIn(t)
	o := Options{URL: url, Branch: gittest.Main, CAFile: write("ca.pem", ca.pem())}
	if _, err := mustOpen(t, o).Fetch(t.Context()); err == nil {
		t.Error("signed in without a certificate")
	}
	cert, key := old.issue(t, "syncer")
	o.CertFile, o.KeyFile = write("cert.pem", cert), write("key.pem", key)
	r := mustOpen(t, o)
	if _, err := r.Fetch(t.Context()); err == nil {
		t.Error("signed in with the certificate of another authority")
	}
	cert, key = next.issue(t, "syncer")
	write("cert.pem", cert)
	if _, err := r.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "cert.pem") ||
		strings.Contains(err.Error(), "PRIVATE") {
		t.Errorf("a certificate without its key: %v", err)
	}
	write("key.pem", key)
	mustFetch(t, r)
	if _, err := Open(Options{URL: url, CertFile: o.CertFile, KeyFile: o.CertFile}); err == nil {
		t.Error("a certificate in place of a key was accepted")
	}
}

func TestRetryAfter(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		asked := 0
		repo.SetFaults(gittest.Faults{Status: status, RetryAfter: "600", Hold: func() { asked++ }})
		r := openMain(t, repo.URL())
		var texts []string
		for range 3 {
			_, err := r.Fetch(t.Context())
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) || !strings.Contains(err.Error(), fmt.Sprint(status)) ||
				!strings.Contains(unreachable.Hint(), "by itself") {
				t.Fatalf("%v (%+v), want the time that the server named", err, unreachable)
			}
			texts = append(texts, err.Error())
		}
		if asked != 1 || texts[1] != texts[0] || texts[2] != texts[0] {
			t.Errorf("asked %d times, and said %q; want once and the same", asked, texts)
		}
	}
}
