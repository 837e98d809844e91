// SPDX-License-Identifier: Apache-2.0

package notify_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/notify"
	"syncer.dev/syncer/internal/redact/redacttest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/transitions"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/workspace"
)

// inbox keeps what a receiver got.
type inbox struct {
	mu   sync.Mutex
	got  []string
	fail int // so many requests first
}

func (b *inbox) add(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, s)
}

func (b *inbox) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.got...)
}

// ServeHTTP is a webhook: Slack's answers "ok".
func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	failing := b.fail > 0
	b.fail--
	b.mu.Unlock()
	if failing {
		http.Error(w, "no", http.StatusInternalServerError)
		return
	}
	b.add(r.Method + " " + r.Host + r.URL.RequestURI() + "\n" + string(body))
	fmt.Fprint(w, "ok")
}

// to sends every request to one server, under the host that it is for.
type to struct{ server *httptest.Server }

func (t to) RoundTrip(r *http.Request) (*http.Response, error) {
	u, err := url.Parse(t.server.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	return http.DefaultTransport.RoundTrip(r)
}

func failed(name, reason string) transitions.Transition {
	return transitions.Transition{
		Workspace: workspace.Key{Namespace: "default", Name: name},
		From:      status.Ready, To: status.Failed, Severity: transitions.Error, Reason: reason,
		Message: "it <!channel> failed @all", Commit: "9be0d1100000000000000000000000000000000a",
	}
}

// started returns a running Notifier, and what it logs.
func started(t *testing.T, o notify.Options) (*notify.Notifier, *syncBuffer) {
	t.Helper()
	log := &syncBuffer{}
	o.Cluster, o.Log, o.Retry = "demo", slog.New(slog.NewTextHandler(log, nil)), time.Millisecond
	n := notify.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return n, log
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	testenv.Eventually(t, what, func() string {
		if ok() {
			return ""
		}
		return "not yet"
	})
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func urls(all ...string) func() ([]string, error) {
	return func() ([]string, error) { return all, nil }
}

// TestWebhooks: Slack, Teams and a generic webhook each get one message, in their own form.
func TestWebhooks(t *testing.T) {
	box := &inbox{}
	server := httptest.NewServer(box)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	const workflow = "https://prod-1.westeurope.logic.azure.com/workflows/0123456789abcdef0123456789abcdef/" +
		"triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=SIGNATURE"
	n, log := started(t, notify.Options{
		URLs: urls(
			"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook",
			"teams+"+workflow,
			"generic://"+host+"/hook?template=json&disabletls=yes",
		),
		Transport: to{server},
	})
	n.Tell([]transitions.Transition{failed("phi", "UnknownField")}, time.Now())
	eventually(t, "three messages", func() bool { return len(box.all()) == 3 || log.String() != "" })
	if log.String() != "" {
		t.Fatal(log.String())
	}
	for _, want := range []string{"hooks.slack.com/services/", "logic.azure.com/workflows/", host + "/hook"} {
		found := false
		for _, m := range box.all() {
			found = found || strings.Contains(m, want)
		}
		if !found {
			t.Errorf("nothing was sent to %s: %q", want, box.all())
		}
	}
	for _, m := range box.all() {
		head, body, _ := strings.Cut(m, "\n")
		var document any
		if err := json.Unmarshal([]byte(body), &document); err != nil {
			t.Errorf("%s: %v in %q", head, err, body)
		}
		text := fmt.Sprint(document)
		for _, word := range []string{"default/phi", "Ready → Failed (UnknownField)", "9be0d1100000"} {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is not in %s", head, word, text)
			}
		}
		if strings.ContainsAny(text, "<>@") {
			t.Errorf("%s: %s mentions or links", head, text)
		}
	}
}

// TestMail: a mail server gets a mail.
func TestMail(t *testing.T) {
	box := &inbox{}
	address := mailServer(t, box)
	n, log := started(t, notify.Options{
		URLs: urls("smtp://" + address + "/?from=syncer@example.com&to=team@example.com&starttls=no&encryption=None"),
	})
	n.Tell([]transitions.Transition{failed("phi", "UnknownField"), failed("chat", "UnknownField")}, time.Now())
	eventually(t, "a mail", func() bool { return len(box.all()) == 1 || log.String() != "" })
	if log.String() != "" {
		t.Fatal(log.String())
	}
	for _, want := range []string{
		"Subject: demo: 2 Workspaces have changed", "To: team@example.com", "default/phi: Ready → Failed (UnknownField)",
		"default/chat: Ready → Failed (UnknownField)",
	} {
		if !strings.Contains(box.all()[0], want) {
			t.Errorf("%q is not in\n%s", want, box.all()[0])
		}
	}
}

// TestHostileSubject: a name in a subject adds no header, and what is not ASCII is encoded as RFC 2047 asks.
func TestHostileSubject(t *testing.T) {
	box := &inbox{}
	address := mailServer(t, box)
	n, log := started(t, notify.Options{
		URLs: urls("smtp://" + address + "/?from=syncer@example.com&to=team@example.com&starttls=no&encryption=None"),
	})
	hostile := failed("phi\r\nBcc: all@example.com", "Unknown\nField")
	n.Tell([]transitions.Transition{hostile}, time.Now())
	eventually(t, "a mail", func() bool { return len(box.all()) == 1 || log.String() != "" })
	if log.String() != "" {
		t.Fatal(log.String())
	}
	m, err := mail.ReadMessage(strings.NewReader(box.all()[0]))
	if err != nil {
		t.Fatal(err)
	}
	if _, is := m.Header["Bcc"]; is {
		t.Errorf("there is another header: %q", m.Header)
	}
	raw := m.Header.Get("Subject")
	got, err := new(mime.WordDecoder).DecodeHeader(raw)
	if err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r > '~' || r < ' ' }) ||
		!strings.Contains(got, "Ready → Failed") {
		t.Errorf("subject %q: %q, %v", raw, got, err)
	}
}

// mailServer accepts mails as RFC 5321 describes it.
func mailServer(t *testing.T, box *inbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go receive(conn, box)
		}
	}()
	return l.Addr().String()
}

func receive(conn net.Conn, box *inbox) {
	defer conn.Close()
	say := func(s string) { fmt.Fprint(conn, s+"\r\n") }
	say("220 test")
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "DATA":
			say("354 go")
			var text strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimSpace(line) == "." {
					break
				}
				text.WriteString(line)
			}
			box.add(text.String())
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// TestFilterAndQuiet: what the filter leaves out, and what was told lately, is not told; that it is over is.
func TestFilterAndQuiet(t *testing.T) {
	box := &inbox{}
	server := httptest.NewServer(box)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	n, _ := started(t, notify.Options{
		URLs: urls("generic://" + host + "/?template=json&disabletls=yes"),
		Filter: notify.Filter{
			Least: transitions.Warning, Workspaces: []string{"default/p*"}, Reasons: []string{"Unknown*"}, Recovered: true,
		},
		Quiet: time.Hour,
	})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	back := failed("phi", "Serving")
	back.From, back.To, back.Severity = status.Failed, status.Ready, transitions.Info
	other := failed("chat", "UnknownField")
	n.Tell([]transitions.Transition{other, failed("phi", "QuotaExceeded")}, at(0)) // neither
	n.Tell([]transitions.Transition{back}, at(0))                                  // nothing was told before
	n.Tell([]transitions.Transition{failed("phi", "UnknownField")}, at(1))         // told
	n.Tell([]transitions.Transition{back}, at(2))                                  // told
	n.Tell([]transitions.Transition{failed("phi", "UnknownField")}, at(3))         // again
	n.Tell([]transitions.Transition{back}, at(4))                                  // again
	n.Tell([]transitions.Transition{failed("phi", "UnknownField")}, at(90))        // told
	eventually(t, "three messages", func() bool { return len(box.all()) == 3 })
	for i, want := range []string{"Ready → Failed", "Failed → Ready", "Ready → Failed"} {
		if !strings.Contains(box.all()[i], want) {
			t.Errorf("message %d is %s, want %q", i, box.all()[i], want)
		}
	}
}

// TestLastWord: a Workspace that fails again within the quiet time, and stays so, has another message when that is
// over: the last one must not say that it serves.
func TestLastWord(t *testing.T) {
	box := &inbox{}
	server := httptest.NewServer(box)
	defer server.Close()
	n, _ := started(t, notify.Options{
		URLs:   urls("generic://" + strings.TrimPrefix(server.URL, "http://") + "/?template=json&disabletls=yes"),
		Filter: notify.Filter{Least: transitions.Warning, Recovered: true},
		Quiet:  time.Hour,
	})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	back := func(name string) []transitions.Transition {
		b := failed(name, "Serving")
		b.From, b.To, b.Severity = status.Failed, status.Ready, transitions.Info
		return []transitions.Transition{b}
	}
	broken := func(name string) []transitions.Transition {
		return []transitions.Transition{failed(name, "UnknownField")}
	}
	n.Tell(broken("phi"), at(0))  // told
	n.Tell(back("phi"), at(1))    // told
	n.Tell(broken("phi"), at(2))  // waits
	n.Tell(broken("chat"), at(3)) // told
	n.Tell(back("chat"), at(4))   // told
	n.Tell(broken("chat"), at(5)) // waits, and is over before
	n.Tell(back("chat"), at(6))   // is what was told last
	n.Tell(nil, at(59))           // not yet
	n.Tell(nil, at(60))           // phi again
	n.Tell(nil, at(200))          // no more
	n.Tell(back("phi"), at(201))  // told: the one that is waited for
	eventually(t, "six messages", func() bool { return len(box.all()) == 6 })
	for i, want := range []string{
		"phi: Ready → Failed", "phi: Failed → Ready", "chat: Ready → Failed", "chat: Failed → Ready",
		"phi: Ready → Failed", "phi: Failed → Ready",
	} {
		if !strings.Contains(box.all()[i], want) {
			t.Errorf("message %d is %s, want %q", i, box.all()[i], want)
		}
	}
}

// TestFailingReceiver: the notifier retries a receiver that fails; if it never answers, the log says so, and never
// shows the URL. The other receivers get the message.
func TestFailingReceiver(t *testing.T) {
	box, broken := &inbox{fail: 2}, &inbox{fail: 1000}
	server, down := httptest.NewServer(box), httptest.NewServer(broken)
	defer server.Close()
	defer down.Close()
	const token, password = "T0KEN-very-secret", "hunter2-secret"
	n, log := started(t, notify.Options{URLs: urls(
		"generic://"+strings.TrimPrefix(server.URL, "http://")+"/?template=json&disabletls=yes",
		"generic://"+strings.TrimPrefix(down.URL, "http://")+"/"+token+"?template=json&disabletls=yes",
		"smtp://someone:"+password+"@127.0.0.1:1/?from=a@example.com&to=b@example.com",
		"slack://"+token,
		"gopher://"+token+"@example.com",
		"teams://example.com/"+token,
		"::"+token,
	)})
	n.Tell([]transitions.Transition{failed("phi", "UnknownField")}, time.Now())
	eventually(t, "all ends", func() bool {
		return len(box.all()) == 1 && strings.Count(log.String(), "a notification is not delivered") == 6
	})
	for _, secret := range []string{token, password, "very-secret"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows %s:\n%s", secret, log.String())
		}
	}
	for _, want := range []string{
		"receiver 2 (generic)", "receiver 3 (smtp)", "receiver 4 (slack)", "receiver 5 has a scheme",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in\n%s", want, log.String())
		}
	}
}

// TestNoSecrets: no message shows a secret that a file or server has put into a condition.
func TestNoSecrets(t *testing.T) {
	box := &inbox{}
	server := httptest.NewServer(box)
	defer server.Close()
	n, _ := started(t, notify.Options{
		URLs: urls("generic://" + strings.TrimPrefix(server.URL, "http://") + "/?template=json&disabletls=yes"),
	})
	leaking := failed("phi", "UnknownField")
	leaking.Message = redacttest.Text()
	n.Tell([]transitions.Transition{leaking}, time.Now())
	eventually(t, "a message", func() bool { return len(box.all()) == 1 })
	redacttest.Look(t, "a notification", box.all()[0])
}

// TestCheck names the receivers that cannot be used, and shows none.
func TestCheck(t *testing.T) {
	err := notify.Check([]string{"generic://example.com", "slack://nonsense-token", "x"})
	if err == nil || strings.Contains(err.Error(), "nonsense") || !strings.Contains(err.Error(), "receiver 2 (slack)") ||
		strings.Contains(err.Error(), "receiver 1") {
		t.Errorf("got %v", err)
	}
}
