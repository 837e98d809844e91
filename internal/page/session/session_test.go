// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/page/session"
)

var signedIn = time.Date(2026, 6, 18, 9, 0, 0, 0, time.UTC)

func sealer(t *testing.T, secrets ...string) *session.Sealer {
	t.Helper()
	s, err := session.New(secrets, 12*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAnyReplicaOpens: what one replica seals, another one with the same secret opens, and one with another does not.
func TestAnyReplicaOpens(t *testing.T) {
	one, other := session.Random(), session.Random()
	want := session.Session{Token: "a.b.c", Cluster: "demo", Since: signedIn}
	value, err := sealer(t, one).Seal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sealer(t, one).Open(value, signedIn.Add(time.Hour))
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if _, err := sealer(t, other).Open(value, signedIn); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("another secret: %v", err)
	}
	if _, err := sealer(t, other, one).Open(value, signedIn); err != nil {
		t.Errorf("after the secret was replaced: %v", err)
	}
	if strings.Contains(value, "a.b.c") {
		t.Error("the token can be read")
	}
}

// TestOpenRefuses: a session that is forged, changed, old or from the future is not valid.
func TestOpenRefuses(t *testing.T) {
	s := sealer(t, session.Random())
	value, err := s.Seal(session.Session{Token: "a", Since: signedIn})
	if err != nil {
		t.Fatal(err)
	}
	changed := []byte(value)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		value string
		now   time.Time
	}{
		"empty":           {"", signedIn},
		"no base64":       {"???", signedIn},
		"short":           {value[:8], signedIn},
		"changed":         {string(changed), signedIn},
		"too long":        {strings.Repeat("a", 5000), signedIn},
		"old":             {value, signedIn.Add(12 * time.Hour)},
		"from the future": {value, signedIn.Add(-time.Hour)},
	} {
		if _, err := s.Open(c.value, c.now); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSealRefuses: browsers drop a cookie that is too long without a word, so that the user hears of it here.
func TestSealRefuses(t *testing.T) {
	var long *session.TooLongError
	token := strings.Builder{}
	for token.Len() < 6000 {
		token.WriteString(session.Random()) // compresses no better than a token does
	}
	if _, err := sealer(t, session.Random()).Seal(session.Session{Token: token.String()}); !errors.As(err, &long) {
		t.Errorf("%v", err)
	}
}

func TestSecrets(t *testing.T) {
	a, b := strings.Repeat("a", session.MinSecret), strings.Repeat("b", session.MinSecret)
	got, err := session.Secrets("\n" + a + "\n" + b + "\n")
	if d := cmp.Diff([]string{a, b}, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	for _, text := range []string{"", "\n", "short"} {
		if _, err := session.Secrets(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
