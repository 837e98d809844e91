// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
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
	"sync/atomic"
	"testing"
	"time"
)

// selfSigned makes a certificate for the loopback address, which is its own CA.
func selfSigned(t *testing.T, number int64) (own tls.Certificate, ca []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	is := &x509.Certificate{
		SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, is, is, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestCAFileIsReadAgain changes the certificate of an API server, and then the CA file that the kubeconfig names: the
// server can be used again without a restart, with the credentials of the kubeconfig. What is no CA changes nothing.
func TestCAFileIsReadAgain(t *testing.T) {
	one, ca1 := selfSigned(t, 1)
	two, ca2 := selfSigned(t, 2)
	var now atomic.Pointer[tls.Certificate]
	now.Store(&one)
	var authorized atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer t0ken" {
			authorized.Add(1)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: []tls.Certificate{*now.Load()}}, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, ca1)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	write(kubeconfig, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: a, user: {token: t0ken}}]
`, server.URL, file))
	c, err := Connect(Options{Kubeconfig: kubeconfig, Cluster: owner})
	if err != nil {
		t.Fatal(err)
	}
	contact := func() error {
		server.CloseClientConnections()
		return c.contact(t.Context())
	}
	if err := contact(); err != nil {
		t.Fatal(err)
	}
	now.Store(&two)
	for _, text := range []string{string(ca1), "", "half a file"} {
		write(file, []byte(text))
		for range 2 {
			if err := contact(); err == nil || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("the file holds %.20q: %v", text, err)
			}
		}
	}
	write(file, ca2)
	eventually(t, "the server to be trusted", func() string {
		if err := contact(); err != nil {
			return err.Error()
		}
		return ""
	})
	before := authorized.Load()
	if err := contact(); err != nil || authorized.Load() != before+1 {
		t.Errorf("a request with the credentials: %v", err)
	}
}
