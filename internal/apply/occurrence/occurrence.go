// SPDX-License-Identifier: Apache-2.0

// Package occurrence makes the Event of Kubernetes that says what has happened to a Workspace. A Workspace is no object
// of the cluster, so its Event regards the object that runs it: the StatefulSet or the Job.
package occurrence

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Occurrence is what has happened to one Workspace.
type Occurrence struct {
	Workspace workspace.Key
	Warning   bool
	Reason    string // in CamelCase
	Message   string
	Time      time.Time
	Reporter  string // the name of this process, such as its host's
}

// Controller is the name that Events report as their source.
const Controller = "syncer.dev/syncer"

// The limits of the API server, in bytes: see ValidateEventCreate in k8s.io/kubernetes/pkg/apis/core/validation.
const (
	maxNote     = 1024
	maxReason   = 128
	maxReporter = 128
)

// Regarding returns the object that an Event about a Workspace regards, or false if nothing of it is live. Objects are
// those that are live, of all Workspaces.
func Regarding(k workspace.Key, objects []*cluster.Object) (cluster.Object, bool) {
	rank := func(o *cluster.Object) int { return slices.Index([]string{"Job", "StatefulSet"}, o.Kind) }
	var best *cluster.Object
	for _, o := range objects {
		if o.Workspace == k && o.Namespace == k.Namespace && (best == nil || rank(o) > rank(best)) {
			best = o
		}
	}
	if best == nil {
		return cluster.Object{}, false
	}
	return *best, true
}

// Event returns the Event. Files and servers have written parts of the message; no secret is in it.
func Event(o Occurrence, about cluster.Object) *unstructured.Unstructured {
	kind := "Normal"
	if o.Warning {
		kind = "Warning"
	}
	apiVersion := about.Version
	if about.Group != "" {
		apiVersion = about.Group + "/" + about.Version
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "events.k8s.io/v1",
		"kind":       "Event",
		"metadata": map[string]any{
			"generateName": about.Name[:min(len(about.Name), 200)] + "-",
			"namespace":    about.Namespace,
		},
		"eventTime":           o.Time.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		"reportingController": Controller,
		"reportingInstance":   cut(cmp.Or(o.Reporter, "syncer"), maxReporter),
		"action":              "Reconcile",
		"reason":              cut(cmp.Or(o.Reason, "Changed"), maxReason),
		"type":                kind,
		"note":                cut(diag.EscapeText(o.Message), maxNote),
		"regarding": map[string]any{
			"apiVersion": apiVersion,
			"kind":       about.Kind,
			"namespace":  about.Namespace,
			"name":       about.Name,
			"uid":        about.UID,
		},
	}}
}

// cut returns the beginning of a text, in at most so many bytes, without a part of a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const ellipsis = "…"
	end := most - len(ellipsis)
	for end > 0 && s[end]&0xC0 == 0x80 { // within a character
		end--
	}
	return s[:end] + ellipsis
}
