// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"syncer.dev/syncer/internal/diag"
)

// GitHubApp is an app that is installed for the repository, on GitHub or GitHub Enterprise Server.
type GitHubApp struct {
	AppID          int    `yaml:"appID" usage:"number of the GitHub App to sign in as for https"`
	InstallationID int    `yaml:"installationID" usage:"number of the installation of the GitHub App"`
	PrivateKeyFile string `yaml:"privateKeyFile" usage:"private key of the GitHub App"`
	BaseURL        string `yaml:"baseURL" usage:"API, such as https://HOST/api/v3; that of github.com if empty"`
}

// Entra is an identity of Microsoft Entra ID, for Azure DevOps.
type Entra struct {
	Auth     string `yaml:"auth" usage:"for Azure DevOps: workloadIdentity, managedIdentity or azureCLI"`
	ClientID string `yaml:"clientID" usage:"user-assigned managed identity, or instead of AZURE_CLIENT_ID"`
	TenantID string `yaml:"tenantID" usage:"instead of AZURE_TENANT_ID or the tenant of the CLI"`
}

// SourceLimits bound what is received and read. Only files in source.path and presets are read.
type SourceLimits struct {
	PackSize  string `yaml:"packSize" usage:"size of one fetch; its files may take eight times that in memory"`
	FileSize  string `yaml:"fileSize" usage:"size of one file that is read"`
	TotalSize string `yaml:"totalSize" usage:"size of all files in source.path and presets"`
	Files     int    `yaml:"files" usage:"files and folders in source.path and presets"`

	Manifests  int    `yaml:"manifests" usage:"YAML and JSON files in source.path"`
	Workspaces int    `yaml:"workspaces" usage:"Workspaces of the repository, each replica counted"`
	Replicas   int    `yaml:"replicas" usage:"replicas of one InferenceSet"`
	Objects    int    `yaml:"objects" usage:"plain objects of the repository"`
	Values     int    `yaml:"values" usage:"values of all documents, with aliases replaced, each replica counted"`
	TextSize   string `yaml:"textSize" usage:"text of all documents, with aliases replaced, each replica counted"`
	BuildSize  string `yaml:"buildSize" usage:"input of one build of Kustomize; eight times that for all builds"`
}

// The default limits of what a repository may ask for. They are ours, far above a repository of one cluster.
const (
	// defaultWorkspaces is the number of nodes that AKS supports in a cluster
	// (https://learn.microsoft.com/azure/aks/quotas-skus-regions, read in 2026).
	defaultWorkspaces = 5000
	defaultManifests  = 10_000
	defaultReplicas   = 1000
	defaultObjects    = 10_000
	// defaultValues is enough for some 15,000 ordinary Workspaces, of about 30 values.
	defaultValues = 500_000
)

func defaultSourceLimits() SourceLimits {
	return SourceLimits{
		PackSize:   "64Mi",
		FileSize:   "1Mi",
		TotalSize:  "64Mi",
		Files:      50_000,
		Manifests:  defaultManifests,
		Workspaces: defaultWorkspaces,
		Replicas:   defaultReplicas,
		Objects:    defaultObjects,
		Values:     defaultValues,
		TextSize:   "256Mi",
		BuildSize:  "4Mi",
	}
}

// Bytes returns the sizes as numbers of bytes; 0 for one that is not valid, which Load refuses.
func (l SourceLimits) Bytes() (pack, file, total int64) {
	return inBytes(l.PackSize), inBytes(l.FileSize), inBytes(l.TotalSize)
}

// Repository returns the sizes that bound the documents of a repository and one build of Kustomize, in bytes; 0 for one
// that is not valid, which Load refuses.
func (l SourceLimits) Repository() (text, build int64) {
	return inBytes(l.TextSize), inBytes(l.BuildSize)
}

// inBytes reads a quantity of Kubernetes, such as 64Mi.
func inBytes(text string) int64 {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return 0
	}
	return q.Value()
}

// signIns are the ways to sign in over https, by their first setting.
func (a Auth) signIns() []string {
	var out []string
	for _, way := range []struct {
		field string
		set   bool
	}{
		{"passwordFile", a.PasswordFile != ""},
		{"passwordEnv", a.PasswordEnv != ""},
		{"bearerFile", a.BearerFile != ""},
		{"githubApp", a.GitHubApp != GitHubApp{}},
		{"entra", a.Entra != Entra{}},
	} {
		if way.set {
			out = append(out, "source.auth."+way.field)
		}
	}
	return out
}

// signIn checks that the credentials fit together. Whether they fit to the URL is checked where that is parsed.
func (c *check) signIn() {
	a := c.Source.Auth
	if ways := a.signIns(); len(ways) > 1 {
		c.fail(diag.ConflictingFields, ways[0], "keep one of them", "excludes %s", strings.Join(ways[1:], " and "))
	}
	if a.PassphraseFile != "" && a.PassphraseEnv != "" {
		c.fail(diag.ConflictingFields, "source.auth.passphraseFile", "keep one of them", "excludes source.auth.passphraseEnv")
	}
	for _, needs := range []struct {
		field, value, other, otherValue string
	}{
		{"passphraseFile", a.PassphraseFile, "sshKeyFile", a.SSHKeyFile},
		{"passphraseEnv", a.PassphraseEnv, "sshKeyFile", a.SSHKeyFile},
		{"certFile", a.CertFile, "keyFile", a.KeyFile},
		{"keyFile", a.KeyFile, "certFile", a.CertFile},
	} {
		if needs.value != "" && needs.otherValue == "" {
			c.fail(diag.RequiredField, "source.auth."+needs.other, "", "is required by source.auth.%s", needs.field)
		}
	}
	if g := a.GitHubApp; g != (GitHubApp{}) && (g.AppID <= 0 || g.InstallationID <= 0 || g.PrivateKeyFile == "") {
		c.fail(diag.RequiredField, "source.auth.githubApp",
			"the page of the app has its number, that of the installation its own",
			"requires appID, installationID and privateKeyFile")
	}
	ways := []string{"workloadIdentity", "managedIdentity", "azureCLI"}
	if a.Entra != (Entra{}) && !slices.Contains(ways, a.Entra.Auth) {
		c.fail(diag.InvalidValue, "source.auth.entra.auth", "use "+strings.Join(ways, " or "), "%q is not a valid value",
			a.Entra.Auth)
	}
}

// The ceilings of source.limits. Beyond them syncer has not been measured: the plan of a repository is made in memory,
// and again in each pass.
const (
	maxSize      = 64 << 30 // more than a machine has, and few enough to calculate with
	maxFileSize  = 64 << 20
	maxTextSize  = 4 << 30
	maxBuildSize = 64 << 20
	maxListed    = 10_000_000
	moreThan     = 10 // times the default: the ceiling of other numbers
)

func (c *check) sourceLimits() {
	l, usual := c.Source.Limits, defaultSourceLimits()
	for _, f := range []struct {
		field, value, most string
		bytes              int64
	}{
		{"packSize", l.PackSize, "64Gi", maxSize},
		{"fileSize", l.FileSize, "64Mi", maxFileSize},
		{"totalSize", l.TotalSize, "64Gi", maxSize},
		{"textSize", l.TextSize, "4Gi", maxTextSize},
		{"buildSize", l.BuildSize, "64Mi", maxBuildSize},
	} {
		if size := inBytes(f.value); size < 1 || size > f.bytes {
			c.fail(diag.OutOfRange, "source.limits."+f.field, "",
				"must be a size such as 2Mi, at most %s, not %q", f.most, f.value)
		}
	}
	for _, f := range []struct {
		field       string
		value, most int
	}{
		{"files", l.Files, maxListed},
		{"manifests", l.Manifests, usual.Manifests * moreThan},
		{"workspaces", l.Workspaces, usual.Workspaces * moreThan},
		{"replicas", l.Replicas, usual.Replicas * moreThan},
		{"objects", l.Objects, usual.Objects * moreThan},
		{"values", l.Values, usual.Values * moreThan},
	} {
		if f.value < 1 || f.value > f.most {
			c.fail(diag.OutOfRange, "source.limits."+f.field, "", "must be between 1 and %d, not %d", f.most, f.value)
		}
	}
}
