// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// pki makes the keys and certificates that the parts of the control plane trust each other by. All live in dir. A
// control plane that starts again there keeps its CA and the key of its tokens, so that its clients need nothing new.
type pki struct {
	dir    string
	ca     *x509.Certificate
	caKey  *ecdsa.PrivateKey
	caPEM  []byte
	serial int64
}

// The files of the PKI, in dir.
const (
	caFile            = "ca.crt"
	caKeyFile         = "ca.key"
	servingCertFile   = "serving.crt"
	servingKeyFile    = "serving.key"
	serviceAccountKey = "sa.key"
	kubeletClientCert = "kubelet-client.crt"
	kubeletClientKey  = "kubelet-client.key"
)

func newPKI(dir string) (*pki, error) {
	p := &pki{dir: dir, serial: time.Now().UnixNano()} // no two runs issue the same one
	if again, err := p.load(); again || err != nil {
		return p, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := p.template(pkix.Name{CommonName: "devcluster"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if p.ca, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	p.caKey = key
	p.caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	if err := os.WriteFile(filepath.Join(dir, caKeyFile), keyPEM, 0o600); err != nil {
		return nil, err
	}
	return p, os.WriteFile(filepath.Join(dir, caFile), p.caPEM, 0o600) // last: with it, the CA is complete
}

// load takes the CA of an earlier run, and reports whether there is one.
func (p *pki) load() (bool, error) {
	cert, err := os.ReadFile(filepath.Join(p.dir, caFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	key, err := os.ReadFile(filepath.Join(p.dir, caKeyFile))
	if err != nil {
		return false, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, err
	}
	p.caPEM, p.ca = cert, pair.Leaf
	p.caKey = pair.PrivateKey.(*ecdsa.PrivateKey)
	return true, nil
}

func (p *pki) template(subject pkix.Name) *x509.Certificate {
	p.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), Subject: subject,
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
}

// issue signs a certificate, and returns it and its key as PEM.
func (p *pki) issue(template *x509.Certificate) (cert, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.ca, k.Public(), p.caKey)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), nil
}

// kubeletClient is the name as which the API server signs in to the kubelet, which answers no other client. It has no
// right in the cluster.
const kubeletClient = "kube-apiserver-kubelet-client"

// kubelet returns the configuration of the server of the kubelet.
func (p *pki) kubelet() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(p.dir, servingCertFile), filepath.Join(p.dir, servingKeyFile))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.ca)
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    roots,
		MinVersion:   tls.VersionTLS13,
		VerifyConnection: func(s tls.ConnectionState) error {
			if name := s.PeerCertificates[0].Subject.CommonName; name != kubeletClient {
				return fmt.Errorf("%q may not ask the kubelet", name)
			}
			return nil
		},
	}, nil
}

// serving writes the certificate of the API server and that of its client of the kubelet, and the key that service
// account tokens are signed with.
func (p *pki) serving() error {
	t := p.template(pkix.Name{CommonName: "kube-apiserver"})
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 0, 0, 1)}
	t.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	cert, key, err := p.issue(t)
	if err != nil {
		return err
	}
	_, sa, err := p.issue(p.template(pkix.Name{CommonName: "service-accounts"}))
	if err != nil {
		return err
	}
	t = p.template(pkix.Name{CommonName: kubeletClient})
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	clientCert, clientKey, err := p.issue(t)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		servingCertFile: cert, servingKeyFile: key, kubeletClientCert: clientCert, kubeletClientKey: clientKey,
	}
	if _, err := os.Stat(filepath.Join(p.dir, serviceAccountKey)); err != nil { // tokens of an earlier run stay valid
		files[serviceAccountKey] = sa
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(p.dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeconfig writes a file that makes its reader an administrator of the cluster at url.
func (p *pki) kubeconfig(url string, paths ...string) error {
	t := p.template(pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}})
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	cert, key, err := p.issue(t)
	if err != nil {
		return err
	}
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters["devcluster"] = &clientcmdapi.Cluster{Server: url, CertificateAuthorityData: p.caPEM}
	cfg.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	cfg.Contexts["devcluster"] = &clientcmdapi.Context{Cluster: "devcluster", AuthInfo: "admin"}
	cfg.CurrentContext = "devcluster"
	for _, path := range paths {
		if err := clientcmd.WriteToFile(*cfg, path); err != nil {
			return fmt.Errorf("write kubeconfig: %w", err)
		}
	}
	return nil
}
