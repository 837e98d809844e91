// SPDX-License-Identifier: Apache-2.0

package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/sops/sopstest"
	"syncer.dev/syncer/internal/strictyaml"
)

const secretText = `apiVersion: v1
kind: Secret
metadata: {name: token, namespace: team}
stringData: {HF_TOKEN: s3cret-token}
`

func document(t *testing.T, o sopstest.Options, edit ...string) *sops.Document {
	t.Helper()
	text, err := sopstest.Encrypt(secretText, o)
	if err != nil {
		t.Fatal(err)
	}
	docs, syntax := strictyaml.Documents([]byte(strings.NewReplacer(edit...).Replace(text)))
	if syntax != nil {
		t.Fatal(syntax)
	}
	d, problems := sops.Parse(docs[0])
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return d
}

func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "age.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func ring(t *testing.T, o Options) *Keyring {
	t.Helper()
	k, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAge(t *testing.T) {
	k := ring(t, Options{AgeKeyFile: keyFile(t, "# created: today\n"+sopstest.Identity+"\n")})
	d := document(t, sopstest.Options{})
	if locked, err := k.Read().Open("team", d); locked != "" || err != nil {
		t.Fatal(locked, err)
	}
	data, ok := k.Data("team", "token", d.Digest)
	if !ok || string(data["HF_TOKEN"]) != "s3cret-token" {
		t.Error("the Secret was not opened")
	}
	for _, other := range [][3]string{
		{"other", "token", d.Digest}, {"team", "other", d.Digest}, {"team", "token", "sha256:0"},
	} {
		if _, ok := k.Data(other[0], other[1], other[2]); ok {
			t.Errorf("%v has data of another Secret", other)
		}
	}
	for _, shown := range []string{fmt.Sprintf("%+v", k.opened), fmt.Sprintf("%#v", k.opened), fmt.Sprint(k.opened)} {
		if strings.Contains(shown, "s3cret") || !strings.Contains(shown, "[redacted]") {
			t.Error(shown)
		}
	}
	k.Read() // a reading that has begun does not take away what is in use
	if _, ok := k.Data("team", "token", d.Digest); !ok {
		t.Error("the Secret was forgotten during the next reading")
	}
	k.Read()
	if _, ok := k.Data("team", "token", d.Digest); ok {
		t.Error("a Secret that is gone from the repository is still kept")
	}
}

// TestLocked says why no key opens a Secret, and quotes no key.
func TestLocked(t *testing.T) {
	t.Setenv("SOPS_AGE_KEY", sopstest.Identity) // what SOPS itself would look at
	other := "AGE-SECRET-KEY-" + "1QGN768HAVZKF4ENTV3MQGHAU3CM3QSVS3FVYXJ7QC6CZ5NW64J5Q3SYXCX"
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no key", Options{}, "no key is configured (configuration: source.decryption)"},
		{"no file", Options{AgeKeyFile: filepath.Join(t.TempDir(), "none")}, "no such file"},
		{"no keys", Options{AgeKeyFile: keyFile(t, other[:40]+"\n")}, "does not hold age keys"},
		{
			"too large",
			Options{AgeKeyFile: keyFile(t, strings.Repeat("#", maxKeyFile)+"\n"+sopstest.Identity)},
			"does not hold age keys",
		},
		{
			"offline",
			Options{Vault: Vault{URLs: []string{"https://v.vault.azure.net"}}, Offline: true},
			"does not ask Azure Key Vault",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			locked, err := ring(t, c.o).Read().Open("team", document(t, sopstest.Options{}))
			if err != nil || !strings.Contains(locked, c.want) || strings.Contains(locked, "SECRET-KEY") {
				t.Errorf("%q, %v", locked, err)
			}
		})
	}
	k := ring(t, Options{AgeKeyFile: keyFile(t, sopstest.Identity)})
	d := document(t, sopstest.Options{}, sopstest.Recipient, "age1other")
	const want = "other keys than the configured ones: age age1other"
	if locked, err := k.Read().Open("team", d); err != nil || !strings.Contains(locked, want) {
		t.Errorf("%q, %v", locked, err)
	}
}

// TestDamagedDataKey is an error of the Secret, at its place.
func TestDamagedDataKey(t *testing.T) {
	k := ring(t, Options{AgeKeyFile: keyFile(t, sopstest.Identity)})
	_, err := k.Read().Open("team", document(t, sopstest.Options{}, "-----BEGIN AGE", "-----BEGIN OLD"))
	var d diag.Diagnostic
	if !errors.As(err, &d) || d.Line == 0 || !strings.Contains(d.Message, "cannot be decrypted") {
		t.Error(err)
	}
}

// TestState changes with the file of keys, and each minute after an error that may pass.
func TestState(t *testing.T) {
	file, now := keyFile(t, sopstest.Identity), time.Unix(1_000_000, 0)
	k := ring(t, Options{AgeKeyFile: file})
	k.Read()
	first := k.State(now)
	if k.State(now.Add(time.Hour)) != first {
		t.Error("the state changed by itself")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	gone := k.State(now)
	k.Read()
	if gone == first || k.State(now) == k.State(now.Add(time.Minute)) {
		t.Error("a file that is gone is not read again")
	}
}

// fixed is a credential with one token.
type fixed struct{}

func (fixed) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "s3cret-azure", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// emulated returns a keyring whose vaults are a server on this machine. The SDK is the unmodified one: it asks without
// a token, is challenged, checks that the challenge is for the vault's own domain, and asks again.
func emulated(t *testing.T, vaults []string, handle http.HandlerFunc) (*Keyring, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate",
				`Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		asked = append(asked, r.Host+r.URL.Path)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "example.com" // of the test server's certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	k := ring(t, Options{})
	k.options.Vault = Vault{URLs: vaults}
	k.credential, k.transport = fixed{}, &http.Client{Transport: transport}
	return k, &asked
}

func TestAzureKeyVault(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	k, asked := emulated(t, []string{"https://team.vault.azure.net"}, func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Alg, Value string }
		if json.NewDecoder(r.Body).Decode(&body) != nil || body.Alg != "RSA-OAEP-256" ||
			r.Header.Get("Authorization") != "Bearer s3cret-azure" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"kid": "https://x/keys/sops-key/1", "value": body.Value})
	})
	o := sopstest.Options{Vault: "https://TEAM.vault.azure.net/", DataKey: key}
	d := document(t, o)
	for range 2 {
		if locked, err := k.Read().Open("team", d); locked != "" || err != nil {
			t.Fatal(locked, err)
		}
	}
	if data, ok := k.Data("team", "token", d.Digest); !ok || string(data["HF_TOKEN"]) != "s3cret-token" {
		t.Error("the Secret was not opened")
	}
	if want := "[team.vault.azure.net/keys/sops-key/0123456789abcdef/decrypt]"; fmt.Sprint(*asked) != want {
		t.Errorf("asked %v, want once %s", *asked, want)
	}
}

// TestVaultsOfTheRepository are never asked: no token leaves for them.
func TestVaultsOfTheRepository(t *testing.T) {
	k, asked := emulated(t, []string{"https://team.vault.azure.net"}, func(http.ResponseWriter, *http.Request) {})
	for _, vault := range []string{
		"https://other.vault.azure.net", "http://team.vault.azure.net", "https://team.vault.azure.net.example.com",
		"https://team.vault.azure.net@example.com", "https://team.vault.azure.net:444", "https://team.vault.azure.net/x",
		"https://team.vault.azure.net?x=1", "https://127.0.0.1", "https://169.254.169.254",
	} {
		locked, err := k.Read().Open("team", document(t, sopstest.Options{Vault: "'" + vault + "'"}))
		if err != nil || !strings.Contains(locked, "other keys than the configured ones") {
			t.Errorf("%s: %q, %v", vault, locked, err)
		}
	}
	for _, edit := range []string{"name: ../secrets", "name: 'a b'", "name: a/b"} {
		d := document(t, sopstest.Options{Vault: "https://team.vault.azure.net"}, "name: sops-key", edit)
		if locked, err := k.Read().Open("team", d); err == nil {
			t.Errorf("%s: %q", edit, locked)
		}
	}
	if len(*asked) > 0 {
		t.Errorf("asked %v", *asked)
	}
}

// TestVaultRefuses tells what may pass from what is wrong with the Secret, in words of our own.
func TestVaultRefuses(t *testing.T) {
	for _, c := range []struct {
		code   int
		locked string
		fault  string
	}{
		{code: http.StatusForbidden, locked: "give the identity the permission to decrypt"},
		{code: http.StatusTooManyRequests, locked: "answers 429 Too Many Requests"},
		{code: http.StatusBadRequest, fault: "cannot be decrypted by that key"},
		{code: http.StatusNotFound, fault: "names a key that the vault does not have"},
	} {
		k, _ := emulated(t, []string{"https://team.vault.azure.net"}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(c.code)
			_, _ = w.Write([]byte(`{"error":{"code":"x","message":"s3cret-message"}}`))
		})
		locked, err := k.Read().Open("team", document(t, sopstest.Options{Vault: "https://team.vault.azure.net"}))
		switch {
		case c.locked != "" && (err != nil || !strings.Contains(locked, c.locked)):
			t.Errorf("%d: %q, %v", c.code, locked, err)
		case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
			t.Errorf("%d: %q, %v", c.code, locked, err)
		case strings.Contains(fmt.Sprint(locked, err), "s3cret"):
			t.Errorf("%d: %q, %v", c.code, locked, err)
		}
		if now := time.Unix(0, 0); (k.State(now) != k.State(now.Add(time.Minute))) != (c.locked != "") {
			t.Errorf("%d: asked again is wrong", c.code)
		}
	}
}

// TestVaultTime bounds what all Secrets of a repository together may cost.
func TestVaultTime(t *testing.T) {
	k, asked := emulated(t, []string{"https://team.vault.azure.net"}, func(http.ResponseWriter, *http.Request) {})
	r := k.Read()
	r.until = time.Now().Add(-time.Second)
	locked, err := r.Open("team", document(t, sopstest.Options{Vault: "https://team.vault.azure.net"}))
	if err != nil || !strings.Contains(locked, "have taken the 30s that Azure Key Vault gets") || len(*asked) > 0 {
		t.Errorf("%q, %v, asked %v", locked, err, *asked)
	}
}

// TestSignIn makes each identity, and says what one lacks.
func TestSignIn(t *testing.T) {
	for _, name := range []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"} {
		t.Setenv(name, "")
	}
	urls := []string{"https://team.vault.azure.net"}
	for _, auth := range []string{"managedIdentity", "azureCLI"} {
		ring(t, Options{Vault: Vault{URLs: urls, Auth: auth, ClientID: "client"}})
	}
	for _, auth := range []string{"workloadIdentity", "magic"} {
		if _, err := New(Options{Vault: Vault{URLs: urls, Auth: auth}}); err == nil ||
			!strings.Contains(err.Error(), "source.decryption.azureKeyVault") {
			t.Errorf("%s: %v", auth, err)
		}
	}
}
