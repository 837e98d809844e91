// SPDX-License-Identifier: Apache-2.0

package smarthttp

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"syncer.dev/syncer/internal/outbound"
)

// certificates is a transport with the certificates that the files hold now.
type certificates struct {
	options Options

	mu      sync.Mutex
	read    pemFiles // what current was made from
	current *http.Transport
}

// NewTransport returns a transport with the certificates that the files hold at each request. It reads them once now.
func NewTransport(o Options) (http.RoundTripper, error) {
	c := &certificates{options: o}
	_, err := c.transport()
	return c, err
}

type pemFiles struct{ ca, cert, key []byte }

// RoundTrip sends a request with the certificates of the moment.
func (c *certificates) RoundTrip(req *http.Request) (*http.Response, error) {
	t, err := c.transport()
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(req)
}

// transport returns the transport in use, or a new one if a file has changed. Connections of the old one end when they
// are idle.
func (c *certificates) transport() (*http.Transport, error) {
	files, err := c.options.readFiles()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && bytes.Equal(files.ca, c.read.ca) && bytes.Equal(files.cert, c.read.cert) &&
		bytes.Equal(files.key, c.read.key) {
		return c.current, nil
	}
	next := outbound.Transport()
	next.IdleConnTimeout = 2 * time.Minute // longer than the usual time between two polls
	if next.TLSClientConfig, err = c.options.tls(files); err != nil {
		return nil, err
	}
	if c.current != nil {
		c.current.CloseIdleConnections()
	}
	c.current, c.read = next, files
	return next, nil
}

func (o Options) readFiles() (files pemFiles, err error) {
	for _, f := range []struct {
		what, name string
		into       *[]byte
	}{
		{"CA file", o.CAFile, &files.ca},
		{"client certificate", o.CertFile, &files.cert},
		{"key of the client certificate", o.KeyFile, &files.key},
	} {
		if f.name == "" {
			continue
		}
		if *f.into, err = os.ReadFile(f.name); err != nil {
			return files, fmt.Errorf("read %s: %w", f.what, err)
		}
	}
	return files, nil
}

// tls returns nil where no file is named.
func (o Options) tls(files pemFiles) (*tls.Config, error) {
	if o.CAFile == "" && o.CertFile == "" {
		return nil, nil
	}
	c := &tls.Config{}
	if o.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(files.ca) {
			return nil, fmt.Errorf("read CA file %s: no certificate in it", o.CAFile)
		}
		c.RootCAs = pool
	}
	if o.CertFile != "" {
		pair, err := tls.X509KeyPair(files.cert, files.key)
		if err != nil { // it names neither content
			return nil, fmt.Errorf("read client certificate %s and key %s: %w", o.CertFile, o.KeyFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
