// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"

	"syncer.dev/syncer/internal/git/gittest"
)

func TestMain(m *testing.M) {
	os.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	os.Setenv("GIT_CONFIG_SYSTEM", os.DevNull)
	os.Exit(m.Run())
}

func open(t *testing.T, repo *gittest.Repo) (uploadSession, *packp.AdvRefs) {
	t.Helper()
	s, err := Transport{}.NewUploadPackSession(&transport.Endpoint{Protocol: "file", Path: repo.Dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	adv, err := s.AdvertisedReferences()
	if err != nil {
		t.Fatal(err)
	}
	return s.(uploadSession), adv
}

// noise is content that does not compress.
func noise(n int) string {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(b)
	return string(b)
}

// TestNoReader closes a session while git waits for its pack to be read: at once, in the middle, and by the end of
// the context.
func TestNoReader(t *testing.T) {
	repo := gittest.NewRepo(t)
	tip := repo.Commit(map[string]string{"big": noise(4 << 20)}, "first")
	for name, read := range map[string]func(res *packp.UploadPackResponse, s uploadSession, cancel func()){
		"nothing": func(res *packp.UploadPackResponse, _ uploadSession, _ func()) { _ = res.Close() },
		"a part": func(res *packp.UploadPackResponse, _ uploadSession, _ func()) {
			_, _ = res.Read(make([]byte, 9))
		},
		"until cancelled": func(_ *packp.UploadPackResponse, s uploadSession, cancel func()) { cancel(); <-s.done },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, adv := open(t, repo)
			req := packp.NewUploadPackRequestFromCapabilities(adv.Capabilities)
			req.Wants = []plumbing.Hash{plumbing.NewHash(tip)}
			res, err := s.UploadPack(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			read(res, s, cancel)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("closing took %s", took)
			}
			if s.cmd.ProcessState == nil {
				t.Error("the process was not waited for")
			}
		})
	}
}

// TestHookThatIgnoresSignals ends a push whose hook and the hook's own child do not want to: git waits for the first
// hook, and ends before the second, which has closed its streams.
func TestHookThatIgnoresSignals(t *testing.T) {
	t.Run("streams open", func(t *testing.T) { endStubborn(t, "") })
	t.Run("streams closed", func(t *testing.T) { endStubborn(t, "exec 0<&- 1>&- 2>&-; ") })
}

// endStubborn cancels a push while its hook ignores SIGTERM, and waits until the hook and its child are gone.
func endStubborn(t *testing.T, before string) {
	t.Helper()
	repo := gittest.NewRepo(t)
	first := repo.Commit(map[string]string{"f": "1"}, "first")
	repo.CommitTo("other", map[string]string{"f": "2"}, "second")
	fifo := filepath.Join(t.TempDir(), "fifo")
	if out, err := exec.Command("mkfifo", fifo).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v: %s", err, out)
	}
	// The pipe is open for as long as the hook or its child runs.
	repo.Hook(
		"pre-receive",
		"trap '' TERM; exec 9>"+fifo+"; "+before+"echo started >&9; sleep 600 & while :; do wait; done",
	)
	s, err := Transport{}.NewReceivePackSession(&transport.Endpoint{Protocol: "file", Path: repo.Dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	adv, err := s.AdvertisedReferences()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		hook, err := os.Open(fifo)
		if err != nil {
			ended <- err
			return
		}
		defer hook.Close()
		_, err = io.ReadFull(hook, make([]byte, len("started")))
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, hook)
		}
		ended <- err
	}()
	req := packp.NewReferenceUpdateRequestFromCapabilities(adv.Capabilities)
	req.Commands = []*packp.Command{{Name: "refs/heads/other", Old: adv.References["refs/heads/other"]}} // deletes it
	if _, err := s.ReceivePack(ctx, req); err == nil {
		t.Error("pushed in spite of the hook")
	}
	_ = s.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if repo.Head("other") == "" || repo.Head(gittest.Main) != first {
		t.Error("the push took place")
	}
}

func TestErrors(t *testing.T) {
	empty, missing := gittest.NewRepo(t), filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		path string
		want string
	}{
		"empty":         {empty.Dir, transport.ErrEmptyRemoteRepository.Error()},
		"missing":       {missing, transport.ErrRepositoryNotFound.Error()},
		"not an option": {"--help", transport.ErrRepositoryNotFound.Error()},
	} {
		s, err := Transport{}.NewUploadPackSession(&transport.Endpoint{Protocol: "file", Path: test.path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AdvertisedReferences(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		_ = s.Close()
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := (Transport{}).NewUploadPackSession(&transport.Endpoint{Path: empty.Dir}, nil); err == nil {
		t.Error("started without git")
	}
}

func TestLastWords(t *testing.T) {
	s := &session{process: &process{stderr: &words{}, done: make(chan struct{})}}
	close(s.done)
	_, _ = io.WriteString(s.stderr, "remote: \n\nfatal: detected dubious ownership\nmore\n")
	_, _ = io.WriteString(s.stderr, strings.Repeat("x", 2*maxWords))
	if err := s.because(io.EOF); err == nil || err.Error() != "fatal: detected dubious ownership" {
		t.Errorf("%v, want the first line", err)
	}
	if other := errors.New("other"); !errors.Is(s.because(other), other) {
		t.Error("another error was replaced")
	}
	if n := s.stderr.buf.Len(); n > maxWords {
		t.Errorf("kept %d bytes", n)
	}
}
