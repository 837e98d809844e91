// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
)

// The header of a configuration file.
const (
	APIVersion = wellknown.APIVersionV1alpha1
	Kind       = "Config"
)

// Config is the whole configuration. The usage tags are the documentation of each value.
type Config struct {
	Cluster    string   `yaml:"cluster" usage:"name of this cluster in status paths, labels and tags"`
	Source     Source   `yaml:"source" usage:"the repository that is followed"`
	Status     Status   `yaml:"status" usage:"the branch that the status is written to"`
	Capacity   Capacity `yaml:"capacity" usage:"where nodes come from, and their limits"`
	Namespaces []string `yaml:"namespaces" usage:"namespaces that Workspaces may use; syncer refuses any other"`
	Objects    []string `yaml:"objects" usage:"kinds of plain objects, as Kind or Kind.group, instead of the usual ones"`
	Policy     Policy   `yaml:"policy" usage:"what Workspaces and changes may do"`

	Pods PodNetwork `yaml:"pods" usage:"how pods of a closed cluster reach images, models and the network"`

	Ignore  Ignore  `yaml:"ignore" usage:"fields of objects that belong to others"`
	Rollout Rollout `yaml:"rollout" usage:"how many Workspaces restart at once"`
	Review  Review  `yaml:"review" usage:"reviews of pull requests"`
	Prune   bool    `yaml:"prune" usage:"delete objects and pools that the repository no longer describes"`
	// Sweep is zero, or at least a minute.
	Sweep      time.Duration `yaml:"sweep" usage:"time in which a dry run checks each object once; 0 for never"`
	Kubeconfig string        `yaml:"kubeconfig" usage:"by default KUBECONFIG, ~/.kube/config or the service account"`
	Context    string        `yaml:"context" usage:"context of the kubeconfig"`
	Listen     string        `yaml:"listen" usage:"address of the page, /healthz, /readyz and /metrics; none if empty"`
	Page       Page          `yaml:"page"`
	Log        Log           `yaml:"log"`
	Notify     Notify        `yaml:"notify"`
	Tracing    Tracing       `yaml:"tracing"`
	// KubernetesEvents needs the permission to create events in each namespace.
	KubernetesEvents bool `yaml:"kubernetesEvents" usage:"create Kubernetes Events when the state of a Workspace changes"`

	Impersonate string `yaml:"impersonate" usage:"service account that writes the objects of its namespace; empty: syncer"`
	Lease       Lease  `yaml:"lease" usage:"which of several processes writes"`
	// Clusters are several instead of the one that Cluster names. They have no flags: see Each.
	Clusters []Cluster `yaml:"clusters" usage:"several clusters, served from one repository, instead of cluster"`
}

// Notify says who hears what has happened to Workspaces.
type Notify struct {
	URLsFile   string        `yaml:"urlsFile" usage:"file with the receivers: one URL of shoutrrr a line"`
	URLsEnv    string        `yaml:"urlsEnv" usage:"environment variable with the receivers, separated by white space"`
	Severity   string        `yaml:"severity" usage:"least severity to report: info, warning or error"`
	Workspaces []string      `yaml:"workspaces" usage:"patterns of the Workspaces to report, as NAMESPACE/NAME"`
	Reasons    []string      `yaml:"reasons" usage:"patterns of the reasons to report, such as Quota*"`
	Recovered  bool          `yaml:"recovered" usage:"report as well when it is over"`
	Quiet      time.Duration `yaml:"quiet" usage:"time for which the same is not reported again"`
}

// Log is the log of "syncer run".
type Log struct {
	Format string `yaml:"format" usage:"form of the lines of the log: text or json"`
	Level  string `yaml:"level" usage:"least level that is logged: debug, info, warn or error; debug has the libraries"`
}

// Source is the Git repository that is followed.
type Source struct {
	URL      string        `yaml:"url" usage:"repository: https, ssh or a local path"`
	Branch   string        `yaml:"branch" usage:"branch to follow; none with source.tag or source.commit"`
	Tag      string        `yaml:"tag" usage:"tag to follow, instead of a branch"`
	Commit   string        `yaml:"commit" usage:"full hash of the one commit to follow, instead of a branch"`
	Path     string        `yaml:"path" usage:"folder in the repository that holds the Workspaces"`
	Interval time.Duration `yaml:"interval" usage:"time between polls; a local repository is also watched"`
	Timeout  time.Duration `yaml:"timeout" usage:"time for one exchange with the server, such as receiving a pack"`
	Limits   SourceLimits  `yaml:"limits" usage:"limits"`

	Signatures Signatures `yaml:"signatures" usage:"which commits are trusted"`
	Decryption Decryption `yaml:"decryption" usage:"keys of encrypted Secrets"`
	// Rewritten is empty, Accept or Refuse: see RefusesRewrites.
	Rewritten string `yaml:"rewritten" usage:"history that lost commits: accept, or refuse (as with signatures if empty)"`

	Auth Auth `yaml:"auth" usage:"how to sign in"`
}

// Auth names the credentials for the repository. Every use reads the files again, so that they may be rotated.
type Auth struct {
	Username       string `yaml:"username" usage:"user name for https; may be empty"`
	PasswordFile   string `yaml:"passwordFile" usage:"file with the password or token for https"`
	PasswordEnv    string `yaml:"passwordEnv" usage:"environment variable with the password or token for https"`
	BearerFile     string `yaml:"bearerFile" usage:"file with a bearer token for https"`
	SSHKeyFile     string `yaml:"sshKeyFile" usage:"private key for ssh"`
	PassphraseFile string `yaml:"passphraseFile" usage:"file with the passphrase of the private key"`
	PassphraseEnv  string `yaml:"passphraseEnv" usage:"environment variable with the passphrase"`
	KnownHostsFile string `yaml:"knownHostsFile" usage:"known_hosts for ssh; a host that is not in it is refused"`
	CAFile         string `yaml:"caFile" usage:"additional certificate authorities for https"`
	CertFile       string `yaml:"certFile" usage:"client certificate for https"`
	KeyFile        string `yaml:"keyFile" usage:"private key of the client certificate"`

	GitHubApp GitHubApp `yaml:"githubApp" usage:"sign in as an app of GitHub"`
	Entra     Entra     `yaml:"entra" usage:"sign in with an identity of Microsoft Entra ID"`
}

// Status names the place of the status.
type Status struct {
	Branch   string        `yaml:"branch" usage:"branch of the status commits; may equal source.branch"`
	Path     string        `yaml:"path" usage:"folder for status files, with one folder for each cluster"`
	Author   Author        `yaml:"author" usage:"author of the status commits"`
	Debounce time.Duration `yaml:"debounce" usage:"time to collect progress into one commit; results go at once"`
	Keep     int           `yaml:"keep" usage:"commits of the history of status.branch that stay; all if 0"`
	Signing  Signing       `yaml:"signing" usage:"key that signs the status commits"`
}

// Author is the author and committer of status commits.
type Author struct {
	Name  string `yaml:"name" usage:"author of status commits"`
	Email string `yaml:"email" usage:"e-mail address of the author"`
}

// Capacity is the source of nodes.
type Capacity struct {
	Mode         string `yaml:"mode" usage:"aks: create agent pools; byo: use existing nodes; karpenter: apply NodePools"`
	RetiredSizes string `yaml:"retiredSizes" usage:"what to do with a size that Azure has retired: substitute or refuse"`
	Prices       string `yaml:"prices" usage:"price file of syncer prices refresh; the embedded list if empty"`
	// NVMeStorageClass is kaito-local-nvme-disk where KAITO's chart has set it up.
	NVMeStorageClass string `yaml:"nvmeStorageClass" usage:"local storage class for weights; the node's disk if empty"`

	AKS       AKS       `yaml:"aks" usage:"the AKS cluster whose agent pools are managed"`
	Karpenter Karpenter `yaml:"karpenter" usage:"NodePools of Karpenter"`
	Limits    Limits    `yaml:"limits" usage:"limits"`
}

// AKS names the managed cluster of the agent pools.
type AKS struct {
	SubscriptionID  string `yaml:"subscriptionID" usage:"Azure subscription"`
	ResourceGroup   string `yaml:"resourceGroup" usage:"resource group of the AKS cluster"`
	Cluster         string `yaml:"cluster" usage:"name of the AKS cluster"`
	Location        string `yaml:"location" usage:"Azure region, for prices and quota"`
	Auth            string `yaml:"auth" usage:"workloadIdentity, managedIdentity, azureCLI, or anonymous (emulators)"`
	ClientID        string `yaml:"clientID" usage:"user-assigned managed identity, or instead of AZURE_CLIENT_ID"`
	TenantID        string `yaml:"tenantID" usage:"instead of AZURE_TENANT_ID or the tenant of the CLI"`
	IdentityBinding bool   `yaml:"identityBinding" usage:"sign in through the proxy of AKS identity bindings"`
	Cloud           string `yaml:"cloud" usage:"public, government or china"`
	Endpoint        string `yaml:"endpoint" usage:"Azure Resource Manager; that of the cloud if empty"`
	Audience        string `yaml:"audience" usage:"audience of tokens, in a private cloud; the endpoint if empty"`
	Authority       string `yaml:"authority" usage:"Microsoft Entra URL, in a private cloud; that of the cloud if empty"`

	Interval    time.Duration `yaml:"interval" usage:"time between reads of pools while an operation runs, at least 2s"`
	GPUDeadline time.Duration `yaml:"gpuDeadline" usage:"time after which a new pool without GPUs counts as failed"`
}

// Karpenter configures the NodePools of mode karpenter.
type Karpenter struct {
	NodeClass    NodeClass `yaml:"nodeClass" usage:"the node class of the NodePools"`
	NodeClasses  []string  `yaml:"nodeClasses" usage:"further names for the annotation kaito.sh/node-class-name"`
	Static       bool      `yaml:"static" usage:"set spec.replicas (feature gate StaticCapacity), not on demand"`
	Requirements []string  `yaml:"requirements" usage:"of every NodePool, as KEY=VALUE or KEY=VALUE|VALUE"`
	Sizes        []string  `yaml:"sizes" usage:"further instance types, such as a2-highgpu-1g=1x40 (GPUSxGIB)"`
}

// NodeClass refers to the description of nodes that the Karpenter provider of the cloud has.
type NodeClass struct {
	Group string `yaml:"group" usage:"API group, such as karpenter.azure.com or karpenter.k8s.aws"`
	Kind  string `yaml:"kind" usage:"kind of the node class, such as AKSNodeClass or EC2NodeClass"`
	Name  string `yaml:"name" usage:"name of the node class, which must exist"`
}

// Limits bound the cost. They never delete existing nodes.
type Limits struct {
	HourlyCost   float64  `yaml:"hourlyCost" usage:"US dollars per hour for all pools; 0 for no limit"`
	Nodes        int      `yaml:"nodes" usage:"nodes in all pools; 0 for no limit"`
	AllowedSizes []string `yaml:"allowedSizes" usage:"VM sizes that syncer may use, as patterns; all if empty"`
	Zones        []string `yaml:"zones" usage:"availability zones of new pools; if empty, Azure chooses"`
	Spot         bool     `yaml:"spot" usage:"Workspaces may ask for spot nodes (annotation syncer.dev/spot)"`
}

// Ignore says which fields of live objects belong to others.
type Ignore struct {
	Fields   []string `yaml:"fields" usage:"fields others own, as \"KIND.GROUP /JSON/POINTER\""`
	Managers []string `yaml:"managers" usage:"field managers that own what they have set, such as keda-operator"`
}

// Policy says what the repository may ask for.
type Policy struct {
	Pods          Pods   `yaml:"pods" usage:"what pods may do"`
	LoadBalancers string `yaml:"loadBalancers" usage:"Services of type LoadBalancer: allow or deny"`
	Contested     string `yaml:"contested" usage:"fields that another controller keeps changing: leave or overwrite"`

	UnpinnedRevision string `yaml:"unpinnedRevision" usage:"a model whose commit is not pinned: fail, warn or off"`
	Deletion         string `yaml:"deletion" usage:"deletion of a serving Workspace: fail, warn or off"`
	Interruption     string `yaml:"interruption" usage:"interruption of a serving Workspace: fail, warn or off"`
	UnknownQuota     string `yaml:"unknownQuota" usage:"new nodes of a size whose quota is unknown: fail, warn or off"`

	CostDelta    CostDelta    `yaml:"costDelta" usage:"changes that make the fleet dearer"`
	MassDeletion MassDeletion `yaml:"massDeletion" usage:"changes that delete many Workspaces or plain objects at once"`
	Review       ReviewPolicy `yaml:"review" usage:"reviews of pull requests"`

	Preemption string   `yaml:"preemption" usage:"who runs gives way to a higher priority without a place: deny or allow"`
	Priority   Priority `yaml:"priority" usage:"who may ask for which priority"`
}

// CostDelta bounds how much dearer one change may make the fleet.
type CostDelta struct {
	Verdict string  `yaml:"verdict" usage:"a change that is dearer than policy.costDelta.hourly: fail, warn or off"`
	Hourly  float64 `yaml:"hourly" usage:"US dollars per hour by which a change may raise the cost of all pools"`
}

// MassDeletion bounds how many Workspaces go at once without the trailer Syncer-Allow-Delete, and how many plain
// objects. Three of each always may.
type MassDeletion struct {
	Count   int `yaml:"count" usage:"Workspaces, or plain objects, that may go at once without a trailer; 0: any number"`
	Percent int `yaml:"percent" usage:"percent of all Workspaces, or plain objects, that may, beyond three; 0: any part"`
}

// ReviewPolicy says what happens where what would run is not what reviewers were shown.
type ReviewPolicy struct {
	Verdict       string        `yaml:"verdict" usage:"a plan that was not reviewed, or is worse: off, warn or require"`
	CostTolerance float64       `yaml:"costTolerance" usage:"percent by which it may be dearer than reviewed"`
	MaxAge        time.Duration `yaml:"maxAge" usage:"time for which a review counts"`
	// Signers are allowed signers, as Git's file has them; with some, only signed reviews count.
	Signers string `yaml:"signers" usage:"file of allowed signers of reviews, as Git's; if empty, any review counts"`
}

// Review configures what syncer says on pull requests.
type Review struct {
	Forge      string        `yaml:"forge" usage:"github, azuredevops, gitlab or gitea; if empty, syncer reviews nothing"`
	URL        string        `yaml:"url" usage:"address of the forge's API; if empty, that of the host of source.url"`
	Repository string        `yaml:"repository" usage:"OWNER/NAME, or ORG/PROJECT/NAME; that of source.url if empty"`
	Interval   time.Duration `yaml:"interval" usage:"time between looks at the open pull requests"`

	TokenFile string `yaml:"tokenFile" usage:"file with a token for the forge's API"`
	TokenEnv  string `yaml:"tokenEnv" usage:"environment variable with a token for the forge's API"`
	CAFile    string `yaml:"caFile" usage:"additional certificate authorities of the forge"`

	GitHubApp GitHubApp `yaml:"githubApp" usage:"sign in as an app of GitHub"`

	Environments bool    `yaml:"environments" usage:"keep GitHub deployments or GitLab environments of Workspaces"`
	Webhook      Webhook `yaml:"webhook" usage:"webhooks of the forge"`
}

// Webhook configures the address at which a forge says that something has changed.
type Webhook struct {
	Listen     string `yaml:"listen" usage:"address for webhooks, such as 127.0.0.1:8081; none if empty"`
	SecretFile string `yaml:"secretFile" usage:"file with the secret that webhooks are signed with"`
	SecretEnv  string `yaml:"secretEnv" usage:"environment variable with the secret of webhooks"`
}

// Priority bounds what the Workspaces of a namespace may ask for when nodes, quota or a limit do not suffice for all.
// Namespaces that a list does not name are not bounded.
type Priority struct {
	Max    []string `yaml:"max" usage:"highest priority of Workspaces, as NAMESPACE=low or NAMESPACE=normal"`
	Shares []string `yaml:"shares" usage:"largest part of each quota and limit that a namespace may use, as NAMESPACE=40%"`
}

// Pods says what pods of the repository may ask for. Of the lists, nil allows any name and an empty list none.
type Pods struct {
	Verdict         string   `yaml:"verdict" usage:"pods that ask for more than this section allows: fail, warn or off"`
	Level           string   `yaml:"level" usage:"Pod Security level: restricted, baseline or privileged"`
	ServiceAccounts []string `yaml:"serviceAccounts" usage:"service accounts pods may name; all if absent, none if []"`
	Secrets         []string `yaml:"secrets" usage:"Secrets pods may name; all if absent, none if []"`
}

// The values of policy.loadBalancers and policy.preemption.
const (
	Allow = "allow"
	Deny  = "deny"
)

// The values of policy.contested.
const (
	Leave     = "leave"     // to the other controller
	Overwrite = "overwrite" // from time to time
)

// ReviewRequire is the value of policy.review.verdict that holds what was not reviewed.
const ReviewRequire = "require"

// The values of review.forge.
const (
	GitHub      = "github"
	AzureDevOps = "azuredevops"
	GitLab      = "gitlab"
	Gitea       = "gitea" // and Forgejo
)

// The modes of capacity.
const (
	ModeAKS       = "aks"
	ModeBYO       = "byo"
	ModeKarpenter = "karpenter"
)

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{
		Source: Source{
			Branch:     "main",
			Path:       ".",
			Interval:   30 * time.Second,
			Timeout:    time.Minute,
			Limits:     defaultSourceLimits(),
			Auth:       Auth{Username: "git"},
			Decryption: Decryption{AzureKeyVault: AzureKeyVault{Auth: "workloadIdentity"}},
		},
		Status: Status{
			Branch:   "syncer/status",
			Path:     "status",
			Author:   Author{"syncer", "syncer@localhost"},
			Debounce: 5 * time.Second,
		},
		Capacity: Capacity{
			Mode:         ModeAKS,
			RetiredSizes: "substitute",
			AKS: AKS{
				Auth:        "workloadIdentity",
				Cloud:       "public",
				Interval:    15 * time.Second,
				GPUDeadline: 30 * time.Minute,
			},
			Limits: Limits{Spot: true},
		},
		Policy: Policy{
			Pods:          Pods{Verdict: string(diag.Fail), Level: string(podpolicy.Baseline)},
			LoadBalancers: Allow,
			Contested:     Leave,

			UnpinnedRevision: string(diag.Warn),
			Deletion:         string(diag.Warn),
			Interruption:     string(diag.Warn),
			UnknownQuota:     string(diag.Warn),
			CostDelta:        CostDelta{Verdict: string(diag.Warn), Hourly: 10},
			MassDeletion:     MassDeletion{Count: 10, Percent: 50},
			Review:           ReviewPolicy{Verdict: string(diag.Warn), CostTolerance: 10, MaxAge: 7 * 24 * time.Hour},
			Preemption:       Deny,
		},
		Rollout:    Rollout{MaxInterrupted: "1"},
		Review:     Review{Interval: time.Minute},
		Namespaces: []string{"default"},
		Prune:      true,
		Sweep:      time.Hour,
		Listen:     "127.0.0.1:8080",
		Page:       defaultPage(),
		Log:        Log{Format: "text", Level: "info"},
		Notify:     Notify{Severity: "warning", Recovered: true, Quiet: time.Hour},
		Tracing:    defaultTracing(),

		KubernetesEvents: true,
		Lease:            defaultLease(),
	}
}

// Error is all that is wrong with a configuration. The path of a Diagnostic is the file, "--flag", the name of a
// variable, or empty where a value was given by none of these.
type Error []diag.Diagnostic

// Error returns one problem a line.
func (e Error) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the lines of the text, for diag.ErrorLines.
func (e Error) Lines() []string {
	lines := []string{"the configuration is invalid"}
	for _, p := range e {
		lines = append(lines, "  "+p.Error())
	}
	return lines
}

// header is the start of a configuration file.
type header struct {
	APIVersion string
	Kind       string
}

// Load puts a configuration together: flags win over the environment, that over the file, and that over the defaults.
// data may be nil when there is no file. The error is an Error. See LoadFound for a file that was found, not named.
func Load(path string, data []byte, env func(string) (string, bool), flags map[string]string) (Config, error) {
	c, _, err := load(path, data, env, flags, false)
	return c, err
}

func load(
	path string,
	data []byte,
	env func(string) (string, bool),
	flags map[string]string,
	found bool,
) (Config, []diag.Diagnostic, error) {
	c := Default()
	var notes []diag.Diagnostic
	var problems Error
	positions := strictyaml.Positions{}
	var clusters *yaml.Node
	if data != nil {
		var wrong Error
		clusters, wrong = c.read(path, data, &positions)
		problems = append(problems, wrong...)
	}
	if found {
		notes = c.distrust(path, positions)
	}
	from, unread := c.override(env, flags)
	if _, given := positions["source.branch"]; !given && from["source.branch"] == "" && !c.Source.followsBranch() {
		c.Source.Branch = ""
	}
	problems = append(problems, unread...)
	notes = slices.DeleteFunc(notes, func(d diag.Diagnostic) bool { return from[d.Field] != "" })
	more, wrong := c.decodeClusters(path, clusters, found, positions)
	notes = append(notes, more...)
	_, inFile := positions["cluster"]
	wrong = append(wrong, c.choose(inFile && from["cluster"] == "")...)
	common := c.check()
	wrong = append(wrong, common...)
	for _, p := range append(wrong, c.checkClusters(common)...) {
		problems = append(problems, from.locate(p, path, positions))
	}
	if len(problems) > 0 {
		return c, notes, problems
	}
	return c, notes, nil
}

// read decodes the file over the defaults, and returns the list of clusters.
func (c *Config) read(path string, data []byte, positions *strictyaml.Positions) (clusters *yaml.Node, problems Error) {
	report := func(d diag.Diagnostic) { problems = append(problems, d.In(path)) }
	docs, syntax := strictyaml.Documents(data)
	switch {
	case syntax != nil:
		report(*syntax)
		return nil, problems
	case len(docs) != 1:
		report(diag.Errorf(diag.WrongDocumentCount, "the file holds %d documents, not one", len(docs)).At(1, 1))
		return nil, problems
	}
	h, body := split(docs[0])
	if h.APIVersion != APIVersion || h.Kind != Kind {
		report(
			diag.Errorf(diag.UnknownKind, "the file has apiVersion %q and kind %q", h.APIVersion, h.Kind).
				On("kind").
				At(docs[0].Line, docs[0].Column).
				Suggest("start the file with apiVersion: " + APIVersion + " and kind: " + Kind),
		)
	}
	clusters = cut(body, "clusters") // what they do not set is known only when all the rest has been read
	pos, errs := strictyaml.Decode(body, c)
	*positions = pos
	for _, e := range errs {
		report(e)
	}
	return clusters, problems
}
