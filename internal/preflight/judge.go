// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Installation is what the commands of a fix have to name.
type Installation struct {
	Config    string // the file of the configuration, as the user named it; "" if it was found
	Namespace string // of syncer itself
	Account   string // the service account of syncer
	Branch    string // of the status
	// Subscription, Group and Cluster name the AKS cluster, and ClientID the identity in Azure.
	Subscription, Group, Cluster, ClientID string
}

// Judge makes a line of each need, in the order in which they are best cured.
func Judge(in Installation, f Facts) []Line {
	out := []Line{
		line(Git, "read the source", f.GitRead, "see docs/git.md for the ways to sign in"),
		line(Git, "write branch "+in.Branch, f.GitWrite, "give the credentials write access to the repository: docs/git.md"),
	}
	if f.Server.State != OK {
		out = append(out, line(Kubernetes, "reach the API server", f.Server, "name the kubeconfig with --kubeconfig"))
	} else {
		for _, n := range f.Namespaces {
			out = append(out, line(Kubernetes, "namespace "+n.Name, n.Answer, "kubectl create namespace "+n.Name))
		}
		out = append(out, roles(in, f)...)
		out = append(out, gpus(f.GPU))
	}
	if f.Azure != nil {
		out = append(out, in.azure(*f.Azure)...)
	}
	return out
}

// line makes a line of an answer. The remedy that the error knows goes before the general one.
func line(area Area, check string, a Answer, fix string) Line {
	l := Line{Area: area, Check: check, State: a.State, Detail: a.Detail}
	switch a.State {
	case Missing:
		l.Fix = cmp.Or(a.Hint, fix)
	case Failed:
		l.Fix = a.Hint
	}
	return l
}

// roles makes a line of each role in each place.
func roles(in Installation, f Facts) []Line {
	var out []Line
	rest := f.Rights
	for len(rest) > 0 {
		first := rest[0]
		n := slices.IndexFunc(rest, func(g Granted) bool { return g.Role != first.Role || g.Namespace != first.Namespace })
		if n < 0 {
			n = len(rest)
		}
		out = append(out, in.role(rest[:n], f.User))
		rest = rest[n:]
	}
	return out
}

// role judges the rights of one role in one place.
func (in Installation) role(rights []Granted, user string) Line {
	l := Line{Area: Kubernetes, Check: fmt.Sprintf("role %s in the cluster", rights[0].Role), State: OK}
	if ns := rights[0].Namespace; ns != "" {
		l.Check = fmt.Sprintf("role %s in namespace %s", rights[0].Role, ns)
	}
	failed := ""
	for _, g := range rights {
		switch {
		case g.Error != "":
			failed = g.Error
		case !g.Allowed:
			l.Rights = append(l.Rights, g.Right.String())
		}
	}
	switch missing := len(l.Rights); {
	case missing == len(rights):
		l.State, l.Detail = Missing, fmt.Sprintf("none of its %d rights", missing)
	case missing > 0:
		l.State, l.Detail = Missing, fmt.Sprintf("%d of %d rights: may not %s", missing, len(rights), list(l.Rights))
	case failed != "":
		l.State, l.Detail = Failed, failed
	default:
		l.Detail = fmt.Sprintf("%d rights", len(rights))
	}
	if l.State == Missing {
		l.Fix = in.grant(rights[0].Right, user)
	}
	return l
}

// list names the first few of many.
func list(all []string) string {
	const shown = 4
	if len(all) > shown {
		return strings.Join(all[:shown], ", ") + fmt.Sprintf(" and %d more", len(all)-shown)
	}
	return strings.Join(all, ", ")
}

// grant returns the command that gives a role to the user who asked. What install prints binds the roles to the service
// account of syncer; any other user needs a binding of their own.
func (in Installation) grant(r Right, user string) string {
	install := "syncer install --rights"
	if in.Config != "" {
		install += " --config " + quote(in.Config)
	}
	if in.Namespace != in.Account {
		install += " --namespace " + quote(in.Namespace)
	}
	install += " | kubectl apply --server-side -f -"
	account := "system:serviceaccount:" + in.Namespace + ":" + in.Account
	if user == "" || user == account {
		return install
	}
	subject := "--user=" + quote(user)
	if ns, name, ok := serviceAccount(user); ok {
		subject = "--serviceaccount=" + quote(ns+":"+name)
	}
	if r.Namespace == "" {
		return fmt.Sprintf("%s && kubectl create clusterrolebinding %s-check --clusterrole=%s %s", install, r.Role, r.Role,
			subject)
	}
	return fmt.Sprintf("%s && kubectl -n %s create rolebinding %s-check --clusterrole=%s %s", install, r.Namespace, r.Role,
		r.Role, subject)
}

func serviceAccount(user string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(user, "system:serviceaccount:")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":")
}

// quote returns a word as a shell reads it.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// The roles in Azure, as docs/operating.md defines them.
const (
	rolePools = "syncer agent pools"
	roleSizes = "syncer sizes and quota"
)

func (in Installation) azure(c Cloud) []Line {
	subscription := "/subscriptions/" + in.Subscription
	managed := subscription + "/resourceGroups/" + in.Group + "/providers/Microsoft.ContainerService/managedClusters/" +
		in.Cluster
	assign := func(role, scope string) string {
		return fmt.Sprintf("az role assignment create --role %s --assignee %s --scope %s", quote(role),
			quote(cmp.Or(in.ClientID, "CLIENT")), quote(scope))
	}
	if c.Pools.State == OK {
		c.Pools.Detail += "; whether it may change them shows only when it does"
	}
	return []Line{
		line(Azure, "read agent pools", c.Pools, assign(rolePools, managed)),
		line(Azure, "read quota", c.Quota, assign(roleSizes, subscription)),
		line(Azure, "read sizes", c.Sizes, assign(roleSizes, subscription)),
	}
}
