// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/podpolicy"
)

var (
	clusterName  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	namespace    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	zone         = regexp.MustCompile(`^[1-9]$`)
	badInRefName = regexp.MustCompile(
		`[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.lock(/|$)|(^|/)\.|\.$|^@$`,
	) // git check-ref-format
)

// rules are the checks of the values themselves, one for each idea. Each looks at the whole configuration, since some
// values exclude others.
var rules = []func(*check){
	(*check).cluster,
	(*check).sourceURL,
	(*check).signIn,
	(*check).sourceLimits,
	(*check).signatures,
	(*check).decryption,
	(*check).branches,
	(*check).target,
	(*check).keep,
	(*check).paths,
	(*check).statusFolder,
	(*check).times,
	(*check).choices,
	(*check).karpenter,
	(*check).azureAudience,
	(*check).storageClass,
	(*check).limits,
	(*check).massDeletion,
	(*check).ignored,
	(*check).namespaces,
	(*check).podNames,
	(*check).podNetwork,
	(*check).priority,
	(*check).rollout,
	(*check).listen,
	(*check).page,
	(*check).review,
	(*check).lease,
	(*check).notify,
	(*check).tracing,
}

// check applies the rules to one configuration.
type check struct {
	*Config
	problems Error
}

// check returns what is wrong with the values, from every source: file, environment, flag. Need checks for the values
// that only some commands require.
func (c *Config) check() Error {
	k := &check{Config: c}
	for _, rule := range rules {
		rule(k)
	}
	slices.SortStableFunc(k.problems, func(a, b diag.Diagnostic) int { return strings.Compare(a.Field, b.Field) })
	return k.problems
}

func (c *check) fail(reason diag.Reason, field, hint, format string, args ...any) {
	c.problems = append(c.problems, diag.Errorf(reason, format, args...).On(field).Suggest(hint))
}

func (c *check) cluster() {
	if c.Cluster != "" && !clusterName.MatchString(c.Cluster) {
		c.fail(diag.InvalidName, "cluster", "use lower-case letters, digits and dashes, at most 63",
			"%q is not a valid cluster name", c.Cluster)
	}
}

func (c *check) sourceURL() {
	u, err := url.Parse(c.Source.URL)
	if err != nil || u.User == nil {
		return
	}
	if _, secret := u.User.Password(); secret {
		c.fail(diag.SecretInConfig, "source.url", "put the password into a file, and name it in source.auth.passwordFile",
			"must not contain a password")
	}
}

func (c *check) branches() {
	for _, b := range []struct{ field, name string }{
		{"source.branch", c.Source.Branch},
		{"status.branch", c.Status.Branch},
	} {
		if b.name == "" && b.field == "source.branch" && !c.Source.followsBranch() {
			continue
		}
		if b.name == "" || badInRefName.MatchString(b.name) {
			c.fail(diag.InvalidName, b.field, "", "%q is not a valid branch name", b.name)
		}
	}
}

func (c *check) paths() {
	for _, p := range []struct{ field, path string }{
		{"source.path", c.Source.Path},
		{"status.path", c.Status.Path},
	} {
		if !insideRepository(p.path) {
			c.fail(diag.InvalidPath, p.field, "name a folder relative to the root of the repository, such as workspaces",
				"%q is not a path inside the repository", p.path)
		}
	}
}

// insideRepository reports whether p is a relative path that does not lead up.
func insideRepository(p string) bool {
	return p != "" && !path.IsAbs(p) && path.Clean(p) == strings.TrimSuffix(p, "/") &&
		p != ".." && !strings.HasPrefix(p, "../")
}

// reviewsFolder is reviewed.Folder, which this package cannot import.
const reviewsFolder = "reviews"

// statusFolder keeps status from overwriting Workspaces: status owns the folder of its cluster whole.
func (c *check) statusFolder() {
	if c.Status.Path == "." {
		c.fail(diag.StatusOverSource, "status.path", "use a folder such as status",
			"must not be the root of the repository, because status needs a folder of its own")
	}
	if top, _, _ := strings.Cut(path.Clean(c.Status.Path), "/"); top == reviewsFolder {
		c.fail(diag.StatusOverSource, "status.path", "use a folder such as status",
			"must not be in the folder %s, because syncer keeps what was reviewed there", reviewsFolder)
	}
	if c.Status.Branch != c.Source.Branch {
		return
	}
	if top, _, _ := strings.Cut(path.Clean(c.Source.Path), "/"); top == reviewsFolder {
		c.fail(diag.StatusOverSource, "source.path", "name another folder here, or another branch in status.branch",
			"must not be in the folder %s, because syncer keeps what was reviewed there", reviewsFolder)
	}
	own, src := path.Join(c.Status.Path, c.Cluster), path.Clean(c.Source.Path)
	if src == own || src == path.Clean(c.Status.Path) || strings.HasPrefix(src, own+"/") {
		c.fail(diag.StatusOverSource, "status.path", "name another folder here, or another branch in status.branch",
			"status would overwrite the source in %q, because both are on the same branch", src)
	}
}

func (c *check) times() {
	if c.Sweep != 0 && (c.Sweep < time.Minute || c.Sweep > 168*time.Hour) {
		c.fail(diag.OutOfRange, "sweep", "", "must be 0, or between 1m and 168h, not %s", c.Sweep)
	}
	for _, t := range []struct {
		field       string
		value       time.Duration
		least, most time.Duration
		limits      string
		hint        string
	}{
		{"source.interval", c.Source.Interval, time.Second, 24 * time.Hour, "1s and 24h", ""},
		{"source.timeout", c.Source.Timeout, time.Second, time.Hour, "1s and 1h", ""},
		{"review.interval", c.Review.Interval, time.Second, 24 * time.Hour, "1s and 24h", ""},
		{"policy.review.maxAge", c.Policy.Review.MaxAge, time.Minute, 366 * 24 * time.Hour, "1m and 8784h", ""},
		{"status.debounce", c.Status.Debounce, 0, time.Hour, "0s and 1h", ""},
		{
			"capacity.aks.interval", c.Capacity.AKS.Interval, 2 * time.Second, 24 * time.Hour, "2s and 24h",
			"syncer sends Azure about one request a second at most, and changes of pools need some of them",
		},
		{
			"capacity.aks.gpuDeadline", c.Capacity.AKS.GPUDeadline, time.Minute, 24 * time.Hour, "1m and 24h",
			"the installation of the GPU driver alone takes minutes",
		},
	} {
		if t.value < t.least || t.value > t.most {
			c.fail(diag.OutOfRange, t.field, t.hint, "must be between %s, not %s", t.limits, t.value)
		}
	}
}

func (c *check) choices() {
	for _, o := range []struct {
		field, value string
		allowed      []string
	}{
		{"capacity.mode", c.Capacity.Mode, []string{ModeAKS, ModeBYO, ModeKarpenter}},
		{"capacity.retiredSizes", c.Capacity.RetiredSizes, []string{"substitute", "refuse"}},
		{
			"capacity.aks.auth", c.Capacity.AKS.Auth,
			[]string{"workloadIdentity", "managedIdentity", "azureCLI", "anonymous"},
		},
		{"capacity.aks.cloud", c.Capacity.AKS.Cloud, []string{"public", "government", "china"}},
		{
			"policy.pods.level", c.Policy.Pods.Level,
			[]string{string(podpolicy.Restricted), string(podpolicy.Baseline), string(podpolicy.Privileged)},
		},
		{"policy.pods.verdict", c.Policy.Pods.Verdict, diag.Verdicts()},
		{"policy.loadBalancers", c.Policy.LoadBalancers, []string{Allow, Deny}},
		{"policy.contested", c.Policy.Contested, []string{Leave, Overwrite}},
		{"policy.unpinnedRevision", c.Policy.UnpinnedRevision, diag.Verdicts()},
		{"policy.deletion", c.Policy.Deletion, diag.Verdicts()},
		{"policy.interruption", c.Policy.Interruption, diag.Verdicts()},
		{"policy.unknownQuota", c.Policy.UnknownQuota, diag.Verdicts()},
		{"policy.costDelta.verdict", c.Policy.CostDelta.Verdict, diag.Verdicts()},
		{"policy.review.verdict", c.Policy.Review.Verdict, []string{string(diag.Off), string(diag.Warn), ReviewRequire}},
		{"review.forge", c.Review.Forge, []string{"", GitHub, AzureDevOps, GitLab, Gitea}},
		{"policy.preemption", c.Policy.Preemption, []string{Allow, Deny}},
		{"log.format", c.Log.Format, []string{"text", "json"}},
		{"log.level", c.Log.Level, []string{"debug", "info", "warn", "error"}},
		{"notify.severity", c.Notify.Severity, []string{"info", "warning", "error"}},
		{"lease.enabled", c.Lease.Enabled, []string{LeaseAuto, LeaseAlways, LeaseNever}},
	} {
		if !slices.Contains(o.allowed, o.value) {
			named := slices.DeleteFunc(slices.Clone(o.allowed), func(s string) bool { return s == "" })
			c.fail(diag.InvalidValue, o.field, "use "+strings.Join(named, " or "), "%q is not a valid value", o.value)
		}
	}
}

func (c *check) massDeletion() {
	m := c.Policy.MassDeletion
	if m.Count < 0 {
		c.fail(diag.OutOfRange, "policy.massDeletion.count", "use 0 for any number", "must not be negative")
	}
	if m.Percent < 0 || m.Percent > 100 {
		c.fail(diag.OutOfRange, "policy.massDeletion.percent", "use 0 for any part", "must be between 0 and 100, not %d",
			m.Percent)
	}
}

func (c *check) ignored() {
	for i, text := range c.Ignore.Fields {
		if _, err := ignore.ParseField(text); err != nil {
			c.fail(diag.InvalidPointer, fmt.Sprintf("ignore.fields[%d]", i), ignore.Hint, "%s", err)
		}
	}
	for i, name := range c.Ignore.Managers {
		if name == "" || name == "syncer" {
			c.fail(diag.InvalidValue, fmt.Sprintf("ignore.managers[%d]", i), "name another client, such as keda-operator",
				"%q is not a field manager that syncer could leave fields to", name)
		}
	}
}

func (c *check) azureAudience() {
	if c.Capacity.AKS.Audience != "" && c.Capacity.AKS.Endpoint == "" {
		c.fail(
			diag.ConflictingFields,
			"capacity.aks.audience",
			"set capacity.aks.endpoint to the Azure Resource Manager of the private cloud",
			"requires capacity.aks.endpoint, which is not set",
		)
	}
}

func (c *check) storageClass() {
	if class := c.Capacity.NVMeStorageClass; class != "" && len(validation.IsDNS1123Subdomain(class)) > 0 {
		c.fail(diag.InvalidName, "capacity.nvmeStorageClass", "", "%q is not a valid name of a storage class", class)
	}
}

func (c *check) limits() {
	limits := c.Capacity.Limits
	if limits.HourlyCost < 0 || limits.Nodes < 0 {
		c.fail(diag.OutOfRange, "capacity.limits", "", "must not be negative")
	}
	for _, p := range limits.AllowedSizes {
		if _, err := path.Match(p, ""); err != nil {
			c.fail(diag.InvalidValue, "capacity.limits.allowedSizes", "write a pattern such as Standard_NC*",
				"%q is not a valid pattern", p)
		}
	}
	for _, z := range limits.Zones {
		if !zone.MatchString(z) {
			c.fail(diag.InvalidValue, "capacity.limits.zones", `write zones as ["1", "2"]`,
				"%q is not an availability zone of Azure", z)
		}
	}
}

func (c *check) namespaces() {
	if len(c.Namespaces) == 0 {
		c.fail(diag.RequiredField, "namespaces", "name at least one namespace", "must not be empty")
	}
	for _, ns := range c.Namespaces {
		if !namespace.MatchString(ns) {
			c.fail(diag.InvalidName, "namespaces", "", "%q is not a valid namespace", ns)
		}
	}
}

func (c *check) podNames() {
	for field, names := range map[string][]string{
		"policy.pods.serviceAccounts": c.Policy.Pods.ServiceAccounts,
		"policy.pods.secrets":         c.Policy.Pods.Secrets,
	} {
		for _, name := range names {
			if len(validation.IsDNS1123Subdomain(name)) > 0 {
				c.fail(diag.InvalidName, field, "write names as they are in the cluster; [] allows none",
					"%q is not a valid name", name)
			}
		}
	}
}

func (c *check) listen() {
	for field, address := range map[string]string{"listen": c.Listen, "review.webhook.listen": c.Review.Webhook.Listen} {
		if address == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			c.fail(diag.InvalidValue, field, "write host:port, such as 127.0.0.1:8080", "%q is not a valid address", address)
		}
	}
}

// Need returns an error with each of the given fields that has no value, and the ways to set it.
func (c *Config) Need(paths ...string) error {
	var out Error
	for _, f := range Fields() {
		if slices.Contains(paths, f.Path) && f.get(c) == "" {
			if f.Path == "cluster" && len(c.Clusters) > 0 {
				out = append(out, diag.Errorf(diag.RequiredField, "is required").On(f.Path).
					Suggest("choose one of the clusters with --cluster: "+strings.Join(c.clusterNames(), ", ")))
				continue
			}
			out = append(out, diag.Errorf(diag.RequiredField, "is required").On(f.Path).
				Suggest(fmt.Sprintf("set it in the configuration file, with --set %s=VALUE, or with %s", f.Path, f.Env)))
		}
	}
	if len(out) > 0 {
		return out
	}
	return nil
}
