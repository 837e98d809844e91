// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"hash/maphash"

	"syncer.dev/syncer/internal/canonical"
)

// alike are the fields of a pod template that are the same in most workloads of a preset. They are most of its text.
var alike = map[string]bool{
	"affinity": true, "args": true, "command": true, "env": true, "envFrom": true, "imagePullSecrets": true,
	"livenessProbe": true, "persistentVolumeClaimRetentionPolicy": true, "ports": true, "readinessProbe": true,
	"resources": true, "securityContext": true, "startupProbe": true, "tolerations": true, "volumeMounts": true,
	"volumes": true,
}

// parts has the values of recent fields that are alike, by their text. A place has one, and the next one for this place
// takes it over. Objects share the values, which never change: what is written of an object has their texts as they
// are.
type parts [1 << partsBits]part

type part struct {
	raw   string
	value any
}

// Limits on the parts that a parser knows. Those of a fleet with some presets fit, and as values they take a few
// megabytes at most. What is shorter is parsed as fast as it is found.
const (
	partsBits  = 8
	minPartLen = 32
	maxPartLen = 4 << 10
)

var partsSeed = maphash.MakeSeed()

// part takes the value of a field that is alike.
func (p *parser) part() (any, error) {
	raw, err := p.ahead()
	if err != nil {
		return nil, err
	}
	if len(raw) < minPartLen || len(raw) > maxPartLen {
		return p.within()
	}
	known := &p.parts[maphash.Bytes(partsSeed, raw)>>(64-partsBits)]
	if known.raw == string(raw) {
		p.at += len(raw)
		canonical.Freeze(known.value)
		return known.value, nil
	}
	value, err := p.within()
	if err == nil {
		*known = part{string(raw), value}
	}
	return value, err
}
