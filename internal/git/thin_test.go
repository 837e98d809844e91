// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"syncer.dev/syncer/internal/git/gittest"
)

// isThin reports whether a push has the difference to an object that is not in it.
func isThin(push []byte) (bool, error) {
	s := packfile.NewScanner(bytes.NewReader(push[max(0, bytes.Index(push, []byte("PACK"))):]))
	_, count, err := s.Header()
	for range count {
		h, err := s.NextObjectHeader()
		if err != nil || h.Type == plumbing.REFDeltaObject {
			return err == nil, err
		}
	}
	return false, err
}

// cannotUnpack is the report of a server that cannot read the pack of a push to a branch.
func cannotUnpack(branch string) string {
	line := func(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
	report := line("unpack index-pack abnormal exit\n") + line("ng refs/heads/"+branch+" unpacker error\n") + "0000"
	return line("\x01"+report) + "0000"
}

// TestThinPushIsRefused commits to a server that cannot read differences to what it has: the next attempt sends all
// that is new, and so do the commits after it.
func TestThinPushIsRefused(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"f": "f"}, "first")
	var thin []bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
			repo.ServeHTTP(w, r)
			return
		}
		push, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		is, err := isThin(push)
		if err != nil {
			t.Error(err)
		}
		if thin = append(thin, is); is {
			w.Header().Set("Content-Type", "application/x-git-receive-pack-result")
			_, _ = io.WriteString(w, cannotUnpack(statusBranch))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(push))
		repo.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	branch := openMain(t, server.URL+"/repo.git").Branch(statusBranch)
	files := map[string][]byte{}
	for i := range 100 {
		files[fmt.Sprintf("file-%03d", i)] = fmt.Append(nil, i)
	}
	for i := range 3 {
		files["file-050"] = fmt.Append(nil, "change ", i)
		tip, changed, err := branch.Commit(t.Context(), Change{
			Dir: "status", Files: files, Message: fmt.Sprint("commit ", i), Author: "a", Email: "a@example.com", When: testTime,
		})
		if err != nil || !changed || string(tip) != repo.Head(statusBranch) {
			t.Fatalf("commit %d: %s, %t, %v", i, tip, changed, err)
		}
	}
	if want := []bool{false, true, false, false}; !slices.Equal(thin, want) {
		t.Errorf("pushes with differences: %v, want %v", thin, want)
	}
	repo.Fsck()
}
