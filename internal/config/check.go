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
)

var (
	clusterName  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	namespace    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	zone         = regexp.MustCompile(`^[1-9]$`)
	badInRefName = regexp.MustCompile(`[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.lock(/|$)|(^|/)\.|\.$|^@$`) // git check-ref-format
)

// check returns what is wrong with the values themselves, whoever gave them. What only some commands need is left to Need.
func (c *Config) check() Error {
	var out Error
	fail := func(field, hint, format string, args ...any) {
		out = append(out, Problem{Field: field, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if c.Cluster != "" && !clusterName.MatchString(c.Cluster) {
		fail("cluster", "use lower-case letters, digits and dashes, at most 63", "%q is not a name", c.Cluster)
	}
	if u, err := url.Parse(c.Source.URL); err == nil && u.User != nil {
		if _, secret := u.User.Password(); secret {
			fail("source.url", "use source.auth.passwordFile", "must not hold a password")
		}
	}
	for field, branch := range map[string]string{"source.branch": c.Source.Branch, "status.branch": c.Status.Branch} {
		if branch == "" || badInRefName.MatchString(branch) {
			fail(field, "", "%q is not the name of a branch", branch)
		}
	}
	for field, p := range map[string]string{"source.path": c.Source.Path, "status.path": c.Status.Path} {
		if p == "" || path.IsAbs(p) || path.Clean(p) != strings.TrimSuffix(p, "/") || p == ".." || strings.HasPrefix(p, "../") {
			fail(field, "write a folder of the repository, such as workspaces", "%q is not a path inside the repository", p)
		}
	}
	if c.Status.Path == "." {
		fail("status.path", "", "status needs a folder of its own")
	}
	own := path.Join(c.Status.Path, c.Cluster) // all of it belongs to status
	if src := path.Clean(c.Source.Path); c.Status.Branch == c.Source.Branch && (src == own || src == path.Clean(c.Status.Path) || strings.HasPrefix(src, own+"/")) {
		fail("status.path", "use another folder, or a branch of its own for status", "on the same branch, status would overwrite the source in %q", src)
	}
	for field, d := range map[string]time.Duration{"source.interval": c.Source.Interval, "capacity.aks.interval": c.Capacity.AKS.Interval} {
		if d < time.Second || d > 24*time.Hour {
			fail(field, "", "%s is not between 1s and 24h", d)
		}
	}
	if c.Status.Debounce < 0 || c.Status.Debounce > time.Hour {
		fail("status.debounce", "", "%s is not between 0s and 1h", c.Status.Debounce)
	}
	oneOf := func(field, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			fail(field, "use "+strings.Join(allowed, " or "), "%q is not known", value)
		}
	}
	oneOf("capacity.mode", c.Capacity.Mode, ModeAKS, ModeBYO, ModeKarpenter)
	out = append(out, c.Capacity.Karpenter.check(c.Capacity.Mode == ModeKarpenter)...)
	oneOf("capacity.retiredSizes", c.Capacity.RetiredSizes, "substitute", "refuse")
	oneOf("capacity.aks.auth", c.Capacity.AKS.Auth, "workloadIdentity", "managedIdentity", "azureCLI", "anonymous")
	oneOf("capacity.aks.cloud", c.Capacity.AKS.Cloud, "public", "government", "china")
	if d := c.Capacity.AKS.GPUDeadline; d < time.Minute || d > 24*time.Hour {
		fail("capacity.aks.gpuDeadline", "a GPU driver alone takes minutes", "%s is not between 1m and 24h", d)
	}
	if c.Capacity.AKS.Audience != "" && c.Capacity.AKS.Endpoint == "" {
		fail("capacity.aks.audience", "give capacity.aks.endpoint too", "it is that of an endpoint, which is not given")
	}
	if class := c.Capacity.NVMeStorageClass; class != "" && len(validation.IsDNS1123Subdomain(class)) > 0 {
		fail("capacity.nvmeStorageClass", "", "%q is not the name of a storage class", class)
	}
	if c.Capacity.Limits.HourlyCost < 0 || c.Capacity.Limits.Nodes < 0 {
		fail("capacity.limits", "", "must not be negative")
	}
	for _, p := range c.Capacity.Limits.AllowedSizes {
		if _, err := path.Match(p, ""); err != nil {
			fail("capacity.limits.allowedSizes", "", "%q is not a pattern", p)
		}
	}
	for _, z := range c.Capacity.Limits.Zones {
		if !zone.MatchString(z) {
			fail("capacity.limits.zones", `such as ["1", "2"]`, "%q is not an availability zone of Azure", z)
		}
	}
	if len(c.Namespaces) == 0 {
		fail("namespaces", "name at least one", "none is given")
	}
	for _, ns := range c.Namespaces {
		if !namespace.MatchString(ns) {
			fail("namespaces", "", "%q is not the name of a namespace", ns)
		}
	}
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			fail("listen", "write host:port, such as 127.0.0.1:8080", "%q is not an address", c.Listen)
		}
	}
	slices.SortStableFunc(out, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	return out
}

// Need returns an error that names those of the fields that have no value, and the ways to give one.
func (c *Config) Need(paths ...string) error {
	var out Error
	for _, f := range Fields() {
		if !slices.Contains(paths, f.Path) {
			continue
		}
		if f.get(c) == "" {
			out = append(out, Problem{Field: f.Path, Message: "not given", Hint: fmt.Sprintf("in the configuration file, as --%s, or as %s", f.Flag, f.Env)})
		}
	}
	if len(out) > 0 {
		return out
	}
	return nil
}
