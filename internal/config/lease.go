// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
)

// Lease configures the election of the one process that writes.
type Lease struct {
	Enabled   string `yaml:"enabled" usage:"elect one of several replicas: auto (in the cluster only), always or never"`
	Name      string `yaml:"name" usage:"name of the Lease; syncer-CLUSTER if empty"`
	Namespace string `yaml:"namespace" usage:"namespace of the Lease; that of the pod or the kubeconfig if empty"`

	Duration      time.Duration `yaml:"duration" usage:"time without a renewal after which another replica takes over"`
	RenewDeadline time.Duration `yaml:"renewDeadline" usage:"time of failing renewals after which the leader stops"`
	Retry         time.Duration `yaml:"retry" usage:"time between two renewals"`
}

// The values of lease.enabled.
const (
	LeaseAuto   = "auto"
	LeaseAlways = "always"
	LeaseNever  = "never"
)

// defaultLease has the times of Kubernetes' own controllers.
func defaultLease() Lease {
	return Lease{
		Enabled:       LeaseAuto,
		Duration:      15 * time.Second,
		RenewDeadline: 10 * time.Second,
		Retry:         2 * time.Second,
	}
}

// NameFor returns the name of the Lease of a cluster.
func (l Lease) NameFor(cluster string) string { return cmp.Or(l.Name, "syncer-"+cluster) }

// second is the least time between the last moment at which a leader writes and the first at which another may lead:
// to client-go, two renewals within one second look the same.
const second = time.Second

// lease checks what the election relies on: the leader has given up, and no longer writes, before another may lead.
func (c *check) lease() {
	l := c.Lease
	switch {
	case l.Duration < time.Second || l.Duration > time.Hour || l.Duration%time.Second != 0:
		c.fail(diag.OutOfRange, "lease.duration", "write whole seconds, such as 15s",
			"must be a number of seconds between 1s and 1h, not %s", l.Duration)
	case l.Retry < 100*time.Millisecond:
		c.fail(diag.OutOfRange, "lease.retry", "", "must be at least 100ms, not %s", l.Retry)
	case l.RenewDeadline+l.Retry+second > l.Duration:
		c.fail(diag.OutOfRange, "lease.renewDeadline", "use a duration of 15s, a renewDeadline of 10s and a retry of 2s",
			"must end, with a retry of %s, a second before lease.duration, which is %s; not after %s",
			l.Retry, l.Duration, l.RenewDeadline)
	case l.RenewDeadline < 2*l.Retry:
		c.fail(diag.OutOfRange, "lease.renewDeadline", "", "must be at least twice lease.retry, which is %s", l.Retry)
	}
	if l.Name != "" && len(validation.IsDNS1123Subdomain(l.Name)) > 0 {
		c.fail(diag.InvalidName, "lease.name", "", "%q is not a valid name of a Lease", l.Name)
	}
	if l.Namespace != "" && !namespace.MatchString(l.Namespace) {
		c.fail(diag.InvalidName, "lease.namespace", "", "%q is not a valid namespace", l.Namespace)
	}
}
