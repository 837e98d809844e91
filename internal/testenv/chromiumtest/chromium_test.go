// SPDX-License-Identifier: Apache-2.0

package chromiumtest

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestAxeIsUnchanged compares the file with the checksum of the release.
func TestAxeIsUnchanged(t *testing.T) {
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(axe))); sum != AxeSum {
		t.Errorf("axe-core has the checksum %s, not %s", sum, AxeSum)
	}
	if !strings.HasPrefix(axe, "/*! axe v"+AxeVersion+"\n") {
		t.Errorf("axe-core is not version %s: %.40q", AxeVersion, axe)
	}
}

// TestChromiumFindings: axe-core finds a picture without a text, and the browser says what a policy forbids.
func TestChromiumFindings(t *testing.T) {
	b := Start(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, "<!DOCTYPE html><html lang=en><title>a</title><main><h1>a</h1><img src=b.png></main>")
	}))
	defer s.Close()
	b.Open(s.URL)
	found := b.Axe()
	if len(found) != 1 || found[0].ID != "image-alt" {
		t.Errorf("%+v", found)
	}
	if len(b.Faults()) == 0 {
		t.Error("the browser says nothing of what the policy forbids")
	}
}
