// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Folder is the folder of the status branch that holds the records of all clusters.
const Folder = "reviews"

// Dir returns the folder of the records of a cluster.
func Dir(cluster string) string { return path.Join(Folder, cluster) }

// FileName returns the path of a record's file in the folder of its cluster.
func FileName(key workspace.Key, digest string) string {
	return path.Join(key.Namespace, key.Name, digest+".yaml")
}

// MaxFile is the largest file of a record, in bytes. A record has some 600, and a signature of RSA another 1,200.
const MaxFile = 16 << 10

const kind = "Review"

// document is the file of a record, in the order in which people read it.
type document struct {
	APIVersion  string   `yaml:"apiVersion"`
	Kind        string   `yaml:"kind"`
	Metadata    metadata `yaml:"metadata,flow"`
	Digest      string   `yaml:"digest"`
	Shown       shown    `yaml:"shown"`
	PullRequest string   `yaml:"pullRequest,omitempty"`
	Commit      string   `yaml:"commit,omitempty"`
	At          string   `yaml:"at"`
	// Signature is last: it signs all bytes before it.
	Signature string `yaml:"signature,omitempty"`
}

type metadata struct {
	Cluster   string `yaml:"cluster"`
	Namespace string `yaml:"namespace"`
	Name      string `yaml:"name"`
}

type shown struct {
	InstanceType string `yaml:"instanceType,omitempty"`
	Region       string `yaml:"region,omitempty"`
	Spot         bool   `yaml:"spot"`
	Nodes        int    `yaml:"nodes"`
	HourlyCost   string `yaml:"hourlyCost"`
	Replaces     bool   `yaml:"replaces"`
	Interrupts   bool   `yaml:"interrupts"`
	Deletes      bool   `yaml:"deletes"`
}

// unknown is a cost that no price list has.
const unknown = "unknown"

// Text returns the file of a record without a signature: the bytes that a signature signs. The error says which value
// no record can have.
func (r Record) Text() ([]byte, error) {
	r.At = r.At.UTC().Truncate(time.Second)
	if err := r.check(); err != nil {
		return nil, err
	}
	return encode(r.document())
}

// Signed returns the file of a record with an armored signature of Text; "" for none.
func (r Record) Signed(signature string) ([]byte, error) {
	r.At = r.At.UTC().Truncate(time.Second)
	if err := r.check(); err != nil {
		return nil, err
	}
	d := r.document()
	d.Signature = signature
	return encode(d)
}

func (r Record) document() document {
	s := r.Shown
	d := document{
		APIVersion: wellknown.APIVersion, Kind: kind,
		Metadata: metadata{r.Cluster, r.Workspace.Namespace, r.Workspace.Name},
		Digest:   r.Digest,
		Shown: shown{
			s.InstanceType, s.Region, s.Spot, s.Nodes, unknown, s.Replaces, s.Interrupts, s.Deletes,
		},
		PullRequest: r.PullRequest, Commit: r.Commit, At: r.At.Format(time.RFC3339),
	}
	if s.HourlyCost.Known {
		d.Shown.HourlyCost = strconv.FormatFloat(s.HourlyCost.USD, 'f', -1, 64)
	}
	return d
}

func encode(d document) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encode the review: %w", err)
	}
	return b.Bytes(), nil
}

// Parse reads the file name of a cluster's folder. Others may have written it: a file counts only if it is, byte for
// byte, what syncer writes for a record of this cluster, Workspace and digest. signature is "" for an unsigned record.
func Parse(cluster, name string, data []byte) (r Record, signature string, err error) {
	if len(data) > MaxFile {
		return Record{}, "", fmt.Errorf("the file has more than %d bytes", MaxFile)
	}
	docs, syntax := strictyaml.Documents(data)
	switch {
	case syntax != nil:
		return Record{}, "", syntax
	case len(docs) != 1:
		return Record{}, "", fmt.Errorf("the file holds %d documents, not one", len(docs))
	}
	var d document
	if _, problems := strictyaml.Decode(docs[0], &d); len(problems) > 0 {
		return Record{}, "", problems[0]
	}
	if d.Kind != kind || d.APIVersion != wellknown.APIVersion {
		return Record{}, "", fmt.Errorf("kind is %q of %q, not %s of %s", d.Kind, d.APIVersion, kind, wellknown.APIVersion)
	}
	if r, err = d.record(); err != nil {
		return Record{}, "", err
	}
	if r.Cluster != cluster || FileName(r.Workspace, r.Digest) != name {
		return Record{}, "", fmt.Errorf("it is the review of %s on cluster %s with digest %s, and lies elsewhere",
			r.Workspace, r.Cluster, r.Digest)
	}
	same, err := r.Signed(d.Signature)
	if err != nil {
		return Record{}, "", err
	}
	if !bytes.Equal(same, data) {
		return Record{}, "", errors.New("it is not written as syncer writes it")
	}
	return r, d.Signature, nil
}

// record returns the values of a file, if a record can have them.
func (d document) record() (Record, error) {
	r := Record{
		Cluster:   d.Metadata.Cluster,
		Workspace: workspace.Key{Namespace: d.Metadata.Namespace, Name: d.Metadata.Name},
		Digest:    d.Digest,
		Shown: Shown{
			InstanceType: d.Shown.InstanceType, Region: d.Shown.Region, Spot: d.Shown.Spot, Nodes: d.Shown.Nodes,
			Replaces: d.Shown.Replaces, Interrupts: d.Shown.Interrupts, Deletes: d.Shown.Deletes,
		},
		PullRequest: d.PullRequest,
		Commit:      d.Commit,
	}
	var err error
	if d.Shown.HourlyCost != unknown {
		r.Shown.HourlyCost = capacity.Cost{Known: true}
		if r.Shown.HourlyCost.USD, err = strconv.ParseFloat(d.Shown.HourlyCost, 64); err != nil {
			return Record{}, fmt.Errorf("shown.hourlyCost: %q is neither a number nor %q", d.Shown.HourlyCost, unknown)
		}
	}
	if r.At, err = time.Parse(time.RFC3339, d.At); err != nil {
		return Record{}, fmt.Errorf("at: %q is not a time", d.At)
	}
	r.At = r.At.UTC()
	return r, r.check()
}

// The bounds of a record's values. They are ours, and far above what syncer writes.
const (
	maxNodes = 10_000
	maxCost  = 1e9 // US dollars per hour
	maxURL   = 1024
)

var (
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commitForm = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})?$`)
	wordForm   = regexp.MustCompile(`^[A-Za-z0-9 ._/-]{0,128}$`)
)

// check says which value no record can have. The cluster, the namespace and the name become parts of a path.
func (r Record) check() error {
	cost := r.Shown.HourlyCost
	switch {
	case len(validation.IsDNS1123Subdomain(r.Cluster)) > 0:
		return fmt.Errorf("metadata.cluster: %q is no name of a cluster", r.Cluster)
	case !isWorkspace(r.Workspace):
		return fmt.Errorf("metadata: %q is no name of a Workspace", r.Workspace)
	case !digestForm.MatchString(r.Digest):
		return fmt.Errorf("digest: %q is not a SHA-256 in hex", r.Digest)
	case !commitForm.MatchString(r.Commit):
		return fmt.Errorf("commit: %q is not the hash of a commit", r.Commit)
	case !wordForm.MatchString(r.Shown.InstanceType):
		return fmt.Errorf("shown.instanceType: %q is no name of a size", r.Shown.InstanceType)
	case !wordForm.MatchString(r.Shown.Region):
		return fmt.Errorf("shown.region: %q is no name of a region", r.Shown.Region)
	case r.Shown.Nodes < 0 || r.Shown.Nodes > maxNodes:
		return fmt.Errorf("shown.nodes: %d is not between 0 and %d", r.Shown.Nodes, maxNodes)
	case !cost.Known && cost.USD != 0, math.IsNaN(cost.USD), cost.USD < 0, cost.USD > maxCost:
		return fmt.Errorf("shown.hourlyCost: %v is no price", cost.USD)
	case r.At.Year() < 2000 || r.At.Year() > 9999:
		return fmt.Errorf("at: %s is not a time of this format", r.At)
	}
	return checkAddress(r.PullRequest)
}

func isWorkspace(k workspace.Key) bool {
	return len(validation.IsDNS1123Label(k.Namespace)) == 0 && len(validation.IsDNS1123Subdomain(k.Name)) == 0
}

// checkAddress refuses what is not the address of a web page.
func checkAddress(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	web := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
	if !web || len(text) > maxURL || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return fmt.Errorf("pullRequest: %q is not the address of a web page", text)
	}
	return nil
}
