// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
)

// Lease configures the election of the one process that writes, or of one for each shard of the namespaces.
type Lease struct {
	Enabled   string `yaml:"enabled" usage:"elect one of several replicas: auto (in the cluster only), always or never"`
	Name      string `yaml:"name" usage:"name of the Lease; syncer-CLUSTER if empty"`
	Namespace string `yaml:"namespace" usage:"namespace of the Lease; that of the pod or the kubeconfig if empty"`
	Shards    int    `yaml:"shards" usage:"divide the namespaces among replicas into this many shards, each with a Lease"`

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
		Shards:        1,
		Duration:      15 * time.Second,
		RenewDeadline: 10 * time.Second,
		Retry:         2 * time.Second,
	}
}

// NameFor returns the name of the Lease of a cluster, or of one of its shards. That of the first shard is that of a
// cluster without shards. The name of a cluster has no dot, so that no two clusters get one name.
func (l Lease) NameFor(cluster string, shard int) string {
	name := cmp.Or(l.Name, "syncer-"+cluster)
	if shard > 0 {
		name += fmt.Sprintf(".shard-%d", shard)
	}
	return name
}

// maxShards is that of package shard. More processes than this for one API server would be limited by it.
const maxShards = 64

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
	if l.Shards < 1 || l.Shards > maxShards {
		c.fail(diag.OutOfRange, "lease.shards", "use 1 for no shards", "must be between 1 and %d, not %d",
			maxShards, l.Shards)
	}
	if l.Shards > 1 && l.Enabled == LeaseNever {
		c.fail(diag.InvalidValue, "lease.shards", "set lease.enabled to auto or always",
			"needs an election for each shard, and lease.enabled is never")
	}
	if l.Name != "" && len(validation.IsDNS1123Subdomain(l.Name)) > 0 {
		c.fail(diag.InvalidName, "lease.name", "", "%q is not a valid name of a Lease", l.Name)
	}
	if l.Namespace != "" && !namespace.MatchString(l.Namespace) {
		c.fail(diag.InvalidName, "lease.namespace", "", "%q is not a valid namespace", l.Namespace)
	}
}
