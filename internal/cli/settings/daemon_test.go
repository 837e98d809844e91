// SPDX-License-Identifier: Apache-2.0

package settings

import "testing"

// TestDaemon: the address is that of the configuration, and a wildcard means this machine.
func TestDaemon(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", ":9": "http://127.0.0.1:9", "0.0.0.0:9": "http://127.0.0.1:9",
		"[::]:9": "http://127.0.0.1:9", "syncer.example.com:80": "http://syncer.example.com:80",
	} {
		s := Settings{Env: func(string) (string, bool) { return "", false }, Set: []string{"listen=" + listen}}
		if got, err := s.Daemon(""); got != want || err != nil {
			t.Errorf("listen %s: %s, %v; want %s", listen, got, err, want)
		}
	}
	for _, address := range []string{"127.0.0.1:8080", "ftp://x", "http://"} {
		if got, err := (Settings{}).Daemon(address); err == nil {
			t.Errorf("--address %s: %s", address, got)
		}
	}
}
