// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

// publicAddress is what the names of these tests resolve to.
const publicAddress = "93.184.215.14"

// fetcher is the container that downloads, with the curl of this machine. Connections to publicAddress go to a server
// of the test; all others go where curl sends them.
type fetcher struct {
	t      *testing.T
	server *httptest.Server
	mu     sync.Mutex
	asked  []string
}

// newFetcher starts a server on which /to?URL redirects to URL, and anything else is a file.
func newFetcher(t *testing.T) *fetcher {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the test runs the download script with curl: install curl")
	}
	f := &fetcher{t: t}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.asked = append(f.asked, r.Host+r.URL.Path)
		f.mu.Unlock()
		switch r.URL.Path {
		case "/to":
			http.Redirect(w, r, r.URL.RawQuery, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
		fmt.Fprint(w, r.Host+r.URL.Path)
	}))
	t.Cleanup(f.server.Close)
	return f
}

// run downloads URLs. names is a shell case that prints the addresses of other hosts.
func (f *fetcher) run(names string, urls ...string) (sandbox, string, int) {
	f.t.Helper()
	f.asked = nil
	curl, err := exec.LookPath("curl")
	if err != nil {
		f.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(f.server.Listener.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	s := newSandbox(f.t, map[string]string{
		"getent": `case $2 in ` + names + `
[0-9]*.*.*.[0-9]*) echo "$2 STREAM" ;;
*) echo "` + publicAddress + ` STREAM"; echo "` + publicAddress + ` DGRAM" ;; esac`,
		// What curl would send to the public address goes to the server of the test.
		"curl": `
pinned=
for arg; do case $arg in *:` + publicAddress + `) pinned=yes ;; esac; done
answer=$(` + curl + ` ${pinned:+--connect-to "::127.0.0.1:` + port + `"} "$@") || exit
if [ -n "$pinned" ]; then answer="` + publicAddress + ` ${answer#* }"; fi
echo "$answer"`,
	})
	s.write("mnt/data/.keep", "")
	w := training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input.URLs = urls })
	out, code := s.run(container(f.t, mustRender(f.t, w, Placement{}, options), "data-downloader"))
	return s, out, code
}

// TestFetchFollowsRedirects: redirects among public hosts are followed, and the last answer is the file.
func TestFetchFollowsRedirects(t *testing.T) {
	f := newFetcher(t)
	s, out, code := f.run("", "http://one.example/to?http://two.example/file", "http://three.example:8080/plain")
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	if got := s.read("mnt/data/to") + " " + s.read("mnt/data/plain"); got != "two.example/file three.example:8080/plain" {
		t.Errorf("fetched %q", got)
	}
}

// TestFetchStaysOutside: no URL, name or redirect makes curl connect to an address that is not public. The server
// counts the requests that arrive.
func TestFetchStaysOutside(t *testing.T) {
	f := newFetcher(t)
	local := f.server.URL
	_, port, _ := strings.Cut(strings.TrimPrefix(local, "http://"), ":")
	for name, tt := range map[string]struct {
		names, url string
		asked      int
	}{
		"redirect to loopback": {"", "http://one.example/to?" + local + "/secret", 1},
		"redirect to decimal": {
			"2130706433) echo 127.0.0.1 ;;",
			"http://one.example/to?http://2130706433:" + port + "/secret",
			1,
		},
		"redirect to octal":          {"", "http://one.example/to?http://0177.0.0.1:" + port + "/secret", 1},
		"redirect to hex":            {"", "http://one.example/to?http://0x7f000001:" + port + "/secret", 1},
		"redirect to IPv6":           {"", "http://one.example/to?http://[::1]:" + port + "/secret", 1},
		"redirect to mapped IPv6":    {"", "http://one.example/to?http://[::ffff:127.0.0.1]:" + port + "/secret", 1},
		"redirect to mapped hex":     {"", "http://one.example/to?http://[::ffff:7f00:1]:" + port + "/secret", 1},
		"redirect to localhost":      {"", "http://one.example/to?http://localhost:" + port + "/secret", 1},
		"redirect to a Service":      {"", "http://one.example/to?http://a.b.svc:" + port + "/secret", 1},
		"redirect to a cluster":      {"", "http://one.example/to?http://a.b.svc.cluster.local.:" + port + "/secret", 1},
		"redirect to metadata":       {"", "http://one.example/to?http://169.254.169.254/latest", 1},
		"redirect to the Azure host": {"", "http://one.example/to?http://168.63.129.16/machine", 1},
		"redirect to a file":         {"", "http://one.example/to?file:///etc/passwd", 1},
		"two redirects":              {"", "http://one.example/to?http://two.example/to?" + local + "/secret", 2},
		"name of loopback":           {"evil.example) echo 127.0.0.1 ;;", "http://evil.example:" + port + "/secret", 0},
		"name of IPv6 loopback":      {"evil.example) echo ::1 ;;", "http://evil.example:" + port + "/secret", 0},
		"name of a private address":  {"evil.example) echo 10.0.0.1 ;;", "http://evil.example:" + port + "/secret", 0},
		"one address of two": {
			"evil.example) echo " + publicAddress + "; echo 192.168.0.1 ;;", "http://evil.example:" + port + "/secret", 0,
		},
		"redirect to such a name": {
			"evil.example) echo 127.0.0.1 ;;",
			"http://one.example/to?http://evil.example:" + port + "/secret",
			1,
		},
		"user information":  {"", "http://one.example/to?http://two.example@127.0.0.1:" + port + "/secret", 1},
		"endless redirects": {"", "http://one.example/loop", 11},
	} {
		t.Run(name, func(t *testing.T) {
			f.t = t
			s, out, code := f.run(tt.names, tt.url)
			if code == 0 || !strings.Contains(out, "refused URL number 1") {
				t.Errorf("exit code %d:\n%s", code, out)
			}
			for _, asked := range f.asked {
				if strings.Contains(asked, "secret") {
					t.Errorf("the server was asked for %s", asked)
				}
			}
			if len(f.asked) != tt.asked {
				t.Errorf("%d requests instead of %d: %v", len(f.asked), tt.asked, f.asked)
			}
			if _, err := exec.Command("ls", s.dir+"/mnt/data/secret").Output(); err == nil {
				t.Error("there is a file")
			}
		})
	}
}

// TestFetchChecksTheConnection: should curl connect to another address than the one that was checked, the answer is
// thrown away.
func TestFetchChecksTheConnection(t *testing.T) {
	s := newSandbox(t, map[string]string{
		"getent": "echo " + publicAddress,
		"curl": `while [ $# -gt 0 ]; do case $1 in --output) file=$2 ;; esac; shift; done
echo data >"$file"; echo "10.0.0.1 "`,
	})
	s.write("mnt/data/.keep", "")
	w := training("phi-4", func(w *workspace.Workspace) { w.Tuning.Input.URLs = []string{"https://example.com/file"} })
	out, code := s.run(container(t, mustRender(t, w, Placement{}, options), "data-downloader"))
	if code == 0 || !strings.Contains(out, "connected to 10.0.0.1") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
