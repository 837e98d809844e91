// SPDX-License-Identifier: Apache-2.0

package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	sopsage "github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/logging"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/sops"
)

// Options name the keys. The zero value has none.
type Options struct {
	AgeKeyFile string // read at each use, so that it may be rotated
	Vault      Vault
	UserAgent  string
	Offline    bool // asks no vault, and says so
}

// Keyring opens encrypted Secrets. It is safe for concurrent use.
type Keyring struct {
	options    Options
	credential azcore.TokenCredential
	transport  policy.Transporter

	mu sync.Mutex
	// opened are the Secrets that the last two readings of the repository have opened: the older one may still be in use
	// while a new one is read.
	opened, before map[secret]unlocked
	dataKeys       map[[sha256.Size]byte][]byte // of Azure Key Vault, by vault, key and encrypted data key
	passing        bool                         // the last reading met an error that may pass
}

// secret names one Secret in one version.
type secret struct{ namespace, name, digest string }

// unlocked is an encrypted Secret with its data key. Its text never shows the key.
type unlocked struct {
	document *sops.Document
	dataKey  []byte
}

// String hides the data key from every way to print the value.
func (unlocked) String() string { return "[redacted]" }

// GoString hides the data key as well.
func (unlocked) GoString() string { return "[redacted]" }

// New returns a keyring. It reads no file and contacts no server.
func New(o Options) (*Keyring, error) {
	silence()
	k := &Keyring{options: o, opened: map[secret]unlocked{}, dataKeys: map[[sha256.Size]byte][]byte{}}
	if len(o.Vault.URLs) > 0 && !o.Offline {
		if err := k.openVaults(); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// silence stops SOPS from logging to standard error: it writes names that a repository chooses, without escapes.
var silence = sync.OnceFunc(func() {
	for _, logger := range logging.Loggers {
		logger.SetOutput(io.Discard)
	}
})

// State changes when the same files may be read with another result: when the file of keys has changed, and each minute
// after an error that may pass.
func (k *Keyring) State(now time.Time) string {
	sum := sha256.New()
	if k.options.AgeKeyFile != "" {
		data, err := os.ReadFile(k.options.AgeKeyFile)
		fmt.Fprintf(sum, "%t %x", err == nil, sha256.Sum256(data))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.passing {
		fmt.Fprintf(sum, " %d", now.Truncate(time.Minute).Unix())
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Reading opens the Secrets of one reading of the repository.
type Reading struct {
	keyring *Keyring
	ages    map[string]age.Identity // by recipient
	ageErr  error
	until   time.Time // requests to Azure Key Vault end then; zero before the first
}

// vaultTime bounds the requests of one reading to Azure Key Vault together: a repository chooses their number.
const vaultTime = 30 * time.Second

// Read starts a reading.
func (k *Keyring) Read() *Reading {
	k.mu.Lock()
	k.before, k.opened, k.passing = k.opened, map[secret]unlocked{}, false
	k.mu.Unlock()
	r := &Reading{keyring: k}
	r.ages, r.ageErr = readAges(k.options.AgeKeyFile)
	if r.ageErr != nil {
		k.mayPass()
	}
	return r
}

func (k *Keyring) mayPass() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.passing = true
}

// maxKeyFile bounds the file of age keys, in bytes. Keys are some 80 bytes long, post-quantum ones too.
const maxKeyFile = 64 << 10

// readAges reads a file as age-keygen writes it. Its errors name the file, and quote nothing of it.
func readAges(file string) (map[string]age.Identity, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("source.decryption.ageKeyFile: %w", err)
	}
	unusable := fmt.Errorf("source.decryption.ageKeyFile: %s does not hold age keys, as age-keygen writes them", file)
	if len(data) > maxKeyFile {
		return nil, unusable
	}
	identities, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, unusable
	}
	out := map[string]age.Identity{}
	for _, i := range identities {
		switch i := i.(type) {
		case *age.X25519Identity:
			out[i.Recipient().String()] = i
		case *age.HybridIdentity:
			out[i.Recipient().String()] = i
		}
	}
	return out, nil
}

// Open checks an encrypted Secret, and keeps its data key for Data. namespace is where the Secret is applied. locked is
// why there is no key; the error is a diag.Diagnostic about a Secret that is damaged.
func (r *Reading) Open(namespace string, d *sops.Document) (locked string, err error) {
	dataKey, locked, err := r.dataKey(d)
	if err != nil || locked != "" {
		return locked, err
	}
	if _, err := d.Decrypt(dataKey); err != nil {
		return "", err
	}
	k := r.keyring
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opened[secret{namespace, d.Name, d.Digest}] = unlocked{d, dataKey}
	return "", nil
}

// dataKey asks each key in turn, those of age first because they need no request.
func (r *Reading) dataKey(d *sops.Document) (dataKey []byte, locked string, err error) {
	var faults []diag.Diagnostic
	for _, key := range d.Keys {
		identity := r.ages[key.Recipient]
		if key.Recipient == "" || identity == nil {
			continue
		}
		dataKey, err := openAge(identity, key)
		if err == nil {
			return dataKey, "", nil
		}
		faults = append(faults, refused(key, "cannot be decrypted: it is damaged"))
	}
	asked := 0
	for _, key := range d.Keys {
		if key.Vault == "" || asked == maxVaultKeys {
			continue
		}
		vault := r.keyring.vault(key.Vault)
		if vault == "" {
			continue
		}
		asked++
		dataKey, err := r.openVault(vault, key)
		var fault *faultError
		switch {
		case err == nil:
			return dataKey, "", nil
		case errors.As(err, &fault):
			faults = append(faults, refused(key, fault.why))
		default:
			r.keyring.mayPass()
			locked = err.Error()
		}
	}
	switch {
	case locked != "":
		return nil, locked, nil
	case len(faults) > 0:
		return nil, "", faults[0]
	case r.ageErr != nil:
		return nil, r.ageErr.Error(), nil
	}
	return nil, r.without(d), nil
}

// without says why no key fits.
func (r *Reading) without(d *sops.Document) string {
	o := r.keyring.options
	if o.AgeKeyFile == "" && len(o.Vault.URLs) == 0 {
		return "no key is configured (configuration: source.decryption)"
	}
	if o.Offline && len(o.Vault.URLs) > 0 {
		return "no age key opens it, and this command does not ask Azure Key Vault"
	}
	var names []string
	for _, key := range d.Keys[:min(len(d.Keys), 3)] {
		names = append(names, key.String())
	}
	return "it is for other keys than the configured ones: " + strings.Join(names, ", ")
}

func refused(k sops.Key, why string) diag.Diagnostic {
	return diag.Errorf(diag.DecryptionFailed, "the data key for %s %s", k, why).On("sops").At(k.Line, k.Column).
		Suggest("encrypt the Secret again with sops")
}

// openAge decrypts a data key with SOPS's own code. It is given the identity: without any, that code would look for
// keys in the environment and in the home folder, and run programs.
func openAge(identity age.Identity, k sops.Key) ([]byte, error) {
	key := &sopsage.MasterKey{Recipient: k.Recipient, EncryptedKey: k.Encrypted}
	sopsage.ParsedIdentities{identity}.ApplyToMasterKey(key)
	return key.Decrypt()
}

// Data decrypts the data of a Secret that the last reading has opened, for the one who writes it to the cluster. It
// returns false for any other.
func (k *Keyring) Data(namespace, name, digest string) (map[string][]byte, bool) {
	k.mu.Lock()
	found, ok := k.opened[secret{namespace, name, digest}]
	if !ok {
		found, ok = k.before[secret{namespace, name, digest}]
	}
	k.mu.Unlock()
	if !ok {
		return nil, false
	}
	data, err := found.document.Decrypt(found.dataKey)
	return data, err == nil
}
