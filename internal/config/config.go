// Package config is syncer's configuration: one strict YAML file, of which every value can also be given as a flag or in the
// environment. Secrets are never in it, only the names of files and variables that hold them.
package config

import (
	"fmt"
	"strings"
	"time"

	"syncer.dev/syncer/internal/strictyaml"
)

// The header of a configuration file.
const (
	APIVersion = "syncer.dev/v1alpha1"
	Kind       = "Config"
)

// Config is the whole configuration. The usage tags are the documentation of each value.
type Config struct {
	Cluster    string   `yaml:"cluster" usage:"name of this cluster in status paths, labels and tags"`
	Source     Source   `yaml:"source"`
	Status     Status   `yaml:"status"`
	Capacity   Capacity `yaml:"capacity"`
	Namespaces []string `yaml:"namespaces" usage:"where Workspaces may land; anything else is refused"`
	Objects    []string `yaml:"objects" usage:"kinds of plain objects that the repository may hold, as Kind or Kind.group"`
	Prune      bool     `yaml:"prune" usage:"delete what the repository no longer asks for"`
	Kubeconfig string   `yaml:"kubeconfig" usage:"kubeconfig file; by default KUBECONFIG, ~/.kube/config or the service account"`
	Context    string   `yaml:"context" usage:"context of the kubeconfig"`
	Listen     string   `yaml:"listen" usage:"address of /healthz, /readyz and /metrics; none when empty"`
}

// Source is the Git repository that is followed.
type Source struct {
	URL      string        `yaml:"url" usage:"repository: https, ssh or a local path"`
	Branch   string        `yaml:"branch" usage:"branch that is followed"`
	Path     string        `yaml:"path" usage:"folder in the repository that holds the Workspaces"`
	Interval time.Duration `yaml:"interval" usage:"time between polls; a local repository is also watched"`
	Auth     Auth          `yaml:"auth"`
}

// Auth says where the credentials for the repository are. The files are read each time, so that they may be rotated.
type Auth struct {
	Username       string `yaml:"username" usage:"user name for https"`
	PasswordFile   string `yaml:"passwordFile" usage:"file with the password or token for https"`
	PasswordEnv    string `yaml:"passwordEnv" usage:"environment variable with the password or token for https"`
	BearerFile     string `yaml:"bearerFile" usage:"file with a bearer token for https"`
	SSHKeyFile     string `yaml:"sshKeyFile" usage:"private key for ssh"`
	KnownHostsFile string `yaml:"knownHostsFile" usage:"known_hosts for ssh; a host that is not in it is refused"`
	CAFile         string `yaml:"caFile" usage:"additional certificate authorities for https"`
}

// Status says where the status goes.
type Status struct {
	Branch   string        `yaml:"branch" usage:"branch that status is committed to; may be that of the source"`
	Path     string        `yaml:"path" usage:"folder for status files, in which each cluster has its own"`
	Author   Author        `yaml:"author"`
	Debounce time.Duration `yaml:"debounce" usage:"how long progress is gathered into one commit; what has come to an end is recorded at once"`
}

// Author is the author and committer of status commits.
type Author struct {
	Name  string `yaml:"name" usage:"author of status commits"`
	Email string `yaml:"email" usage:"e-mail address of the author"`
}

// Capacity says where nodes come from.
type Capacity struct {
	Mode         string `yaml:"mode" usage:"aks: agent pools are created; byo: nodes are brought; karpenter: NodePools are applied"`
	RetiredSizes string `yaml:"retiredSizes" usage:"what becomes of a size that Azure has retired: substitute or refuse"`
	Prices       string `yaml:"prices" usage:"file with prices, as syncer prices refresh writes it; the embedded list when empty"`
	// NVMeStorageClass is kaito-local-nvme-disk where KAITO's chart has set it up.
	NVMeStorageClass string    `yaml:"nvmeStorageClass" usage:"storage class for weights on the local disks of sizes that have some, such as kaito-local-nvme-disk; the disk of the node when empty"`
	AKS              AKS       `yaml:"aks"`
	Karpenter        Karpenter `yaml:"karpenter"`
	Limits           Limits    `yaml:"limits"`
}

// AKS names the managed cluster whose agent pools are kept.
type AKS struct {
	SubscriptionID  string        `yaml:"subscriptionID" usage:"Azure subscription"`
	ResourceGroup   string        `yaml:"resourceGroup" usage:"resource group of the AKS cluster"`
	Cluster         string        `yaml:"cluster" usage:"name of the AKS cluster"`
	Location        string        `yaml:"location" usage:"Azure region, for prices and quota"`
	Auth            string        `yaml:"auth" usage:"workloadIdentity, managedIdentity, azureCLI, or anonymous for an emulator on this machine"`
	ClientID        string        `yaml:"clientID" usage:"identity to sign in as: of a user-assigned managed identity, or instead of AZURE_CLIENT_ID"`
	TenantID        string        `yaml:"tenantID" usage:"tenant to sign in to, instead of AZURE_TENANT_ID or that of the CLI"`
	IdentityBinding bool          `yaml:"identityBinding" usage:"workloadIdentity signs in through the proxy of AKS identity bindings"`
	Cloud           string        `yaml:"cloud" usage:"public, government or china"`
	Endpoint        string        `yaml:"endpoint" usage:"Azure Resource Manager; that of the cloud when empty"`
	Audience        string        `yaml:"audience" usage:"for whom tokens are made, in a private cloud; the endpoint when empty"`
	Authority       string        `yaml:"authority" usage:"where identities sign in, in a private cloud; that of the cloud when empty"`
	Interval        time.Duration `yaml:"interval" usage:"time between looks at pools while an operation is in flight"`
	GPUDeadline     time.Duration `yaml:"gpuDeadline" usage:"after this time a pool that was made, but whose GPUs have not appeared, counts as failed"`
}

// Karpenter says what the NodePools of mode karpenter look like.
type Karpenter struct {
	NodeClass    NodeClass `yaml:"nodeClass"`
	NodeClasses  []string  `yaml:"nodeClasses" usage:"names of further node classes of that group and kind, for Workspaces with the annotation kaito.sh/node-class-name"`
	Static       bool      `yaml:"static" usage:"keep the nodes by spec.replicas, for which Karpenter needs its feature gate StaticCapacity, instead of on demand"`
	Requirements []string  `yaml:"requirements" usage:"further requirements of every NodePool, as KEY=VALUE or KEY=VALUE|VALUE"`
	Sizes        []string  `yaml:"sizes" usage:"instance types that syncer does not know, as NAME=GPUSxGIB, such as a2-highgpu-1g=1x40"`
}

// NodeClass refers to the description of nodes that the Karpenter provider of the cloud has.
type NodeClass struct {
	Group string `yaml:"group" usage:"API group of the node class: karpenter.azure.com, karpenter.k8s.aws, eks.amazonaws.com ..."`
	Kind  string `yaml:"kind" usage:"kind of the node class: AKSNodeClass, EC2NodeClass, NodeClass ..."`
	Name  string `yaml:"name" usage:"name of the node class, which must exist"`
}

// Limits bound what may be spent. They never take away what is there.
type Limits struct {
	HourlyCost   float64  `yaml:"hourlyCost" usage:"US dollars per hour for all pools; 0 for no limit"`
	Nodes        int      `yaml:"nodes" usage:"nodes in all pools; 0 for no limit"`
	AllowedSizes []string `yaml:"allowedSizes" usage:"VM sizes that may be used, as patterns; all when empty"`
	Zones        []string `yaml:"zones" usage:"availability zones in which new pools are made; without any Azure chooses, and has GPUs most often"`
	Spot         bool     `yaml:"spot" usage:"Workspaces may ask for spot nodes (annotation syncer.dev/spot)"`
}

// The modes of capacity.
const (
	ModeAKS       = "aks"
	ModeBYO       = "byo"
	ModeKarpenter = "karpenter"
)

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{
		Source:     Source{Branch: "main", Path: ".", Interval: 30 * time.Second},
		Status:     Status{Branch: "syncer/status", Path: "status", Author: Author{"syncer", "syncer@localhost"}, Debounce: 5 * time.Second},
		Capacity:   Capacity{Mode: ModeAKS, RetiredSizes: "substitute", AKS: AKS{Auth: "workloadIdentity", Cloud: "public", Interval: 15 * time.Second, GPUDeadline: 30 * time.Minute}, Limits: Limits{Spot: true}},
		Namespaces: []string{"default"},
		Prune:      true,
		Listen:     "127.0.0.1:8080",
	}
}

// Problem is something wrong with the configuration.
type Problem struct {
	Where   string // file:line:column, "--flag", or the name of a variable
	Field   string
	Message string
	Hint    string
}

// Error is all that is wrong with a configuration.
type Error []Problem

// Error returns one problem a line.
func (e Error) Error() string {
	lines := []string{"the configuration is not valid"}
	for _, p := range e {
		line := "  "
		if p.Where != "" {
			line += p.Where + ": "
		}
		if p.Field != "" {
			line += p.Field + ": "
		}
		line += p.Message
		if p.Hint != "" {
			line += " (" + p.Hint + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// header is what a configuration file starts with.
type header struct {
	APIVersion string
	Kind       string
}

// Load puts a configuration together: flags win over the environment, that over the file, and that over the defaults.
// data may be nil when there is no file. The error is an Error.
func Load(path string, data []byte, env func(string) (string, bool), flags map[string]string) (Config, error) {
	c := Default()
	var problems Error
	positions := strictyaml.Positions{}
	if data != nil {
		problems = append(problems, c.read(path, data, &positions)...)
	}
	for _, f := range Fields() {
		if v, ok := env(f.Env); ok {
			if err := f.Set(&c, v); err != nil {
				problems = append(problems, Problem{Where: f.Env, Field: f.Path, Message: err.Error()})
			}
		}
		if v, ok := flags[f.Path]; ok {
			if err := f.Set(&c, v); err != nil {
				problems = append(problems, Problem{Where: "--" + f.Flag, Field: f.Path, Message: err.Error()})
			}
		}
	}
	for _, p := range c.check() {
		if at, ok := positions[p.Field]; ok {
			p.Where = fmt.Sprintf("%s:%d:%d", path, at.Line, at.Column)
		}
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return c, problems
	}
	return c, nil
}

// read decodes the file over the defaults.
func (c *Config) read(path string, data []byte, positions *strictyaml.Positions) Error {
	var problems Error
	problem := func(line, column int, field, message, hint string) {
		problems = append(problems, Problem{fmt.Sprintf("%s:%d:%d", path, line, column), field, message, hint})
	}
	docs, syntax := strictyaml.Documents(data)
	switch {
	case syntax != nil:
		problem(syntax.Line, syntax.Column, "", syntax.Message, syntax.Hint)
		return problems
	case len(docs) != 1:
		problem(1, 1, "", fmt.Sprintf("the file holds %d documents, not one", len(docs)), "")
		return problems
	}
	h, body := split(docs[0])
	if h.APIVersion != APIVersion || h.Kind != Kind {
		problem(docs[0].Line, docs[0].Column, "kind", fmt.Sprintf("this is %s %s", h.APIVersion, h.Kind), "start the file with apiVersion: "+APIVersion+" and kind: "+Kind)
	}
	pos, errs := strictyaml.Decode(body, c)
	*positions = pos
	for _, e := range errs {
		problem(e.Line, e.Column, e.Field, e.Message, e.Hint)
	}
	return problems
}
