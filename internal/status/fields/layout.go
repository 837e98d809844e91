// SPDX-License-Identifier: Apache-2.0

package fields

import "syncer.dev/syncer/internal/status/verbatim"

// The layouts say again what the tags of the structs say, in the same order. A test compares the two.

func (d *Document) layout(c *verbatim.Codec) {
	c.Text("apiVersion", &d.APIVersion)
	c.Text("kind", &d.Kind)
	verbatim.Flow(c, "metadata", &d.Metadata, (*Metadata).layout)
	verbatim.Block(c, "status", &d.Status, (*Status).layout)
}

func (m *Metadata) layout(c *verbatim.Codec) {
	c.Text("namespace", &m.Namespace)
	c.Text("name", &m.Name)
}

func (s *Status) layout(c *verbatim.Codec) {
	c.Text("state", &s.State)
	c.OptionalText("observedCommit", &s.ObservedCommit)
	c.OptionalText("inputs", &s.Inputs)
	c.OptionalText("desiredCommit", &s.DesiredCommit)
	c.OptionalText("desiredInputs", &s.DesiredInputs)
	verbatim.OptionalBlock(c, "carriedOut", &s.CarriedOut, (*CarriedOut).layout)
	c.OptionalText("source", &s.Source)
	c.OptionalText("model", &s.Model)
	c.OptionalText("revision", &s.Revision)
	c.OptionalText("runtime", &s.Runtime)
	c.OptionalText("firstSeen", &s.FirstSeen)
	c.OptionalText("instanceType", &s.InstanceType)
	c.OptionalText("why", &s.Why)
	c.OptionalNumber("targetNodeCount", &s.TargetNodeCount)
	c.OptionalTexts("workerNodes", &s.WorkerNodes)
	verbatim.OptionalList(c, "conditions", &s.Conditions, (*Condition).layout)
	verbatim.OptionalList(c, "pools", &s.Pools, (*Pool).layout)
	c.OptionalText("endpoint", &s.Endpoint)
	c.OptionalText("hourlyCost", &s.HourlyCost)
	c.OptionalText("monthlyCost", &s.MonthlyCost)
	c.OptionalText("pricesDate", &s.PricesDate)
	c.OptionalTexts("objects", &s.Objects)
	verbatim.OptionalBlock(c, "output", &s.Output, (*Output).layout)
}

func (o *CarriedOut) layout(c *verbatim.Codec) {
	c.Text("digest", &o.Digest)
	c.OptionalText("instanceType", &o.InstanceType)
	c.OptionalText("region", &o.Region)
	c.OptionalTrue("spot", &o.Spot)
	c.OptionalNumber("nodes", &o.Nodes)
}

func (f *Condition) layout(c *verbatim.Codec) {
	c.Text("type", &f.Type)
	c.Text("status", &f.Status)
	c.Text("reason", &f.Reason)
	c.Text("message", &f.Message)
	c.Text("lastTransitionTime", &f.LastTransitionTime)
}

func (p *Pool) layout(c *verbatim.Codec) {
	c.Text("name", &p.Name)
	c.Text("state", &p.State)
	c.Number("nodes", &p.Nodes)
	c.OptionalTrue("shared", &p.Shared)
	c.OptionalText("instanceType", &p.InstanceType)
	c.OptionalText("workspace", &p.Workspace)
	c.OptionalText("error", &p.Error)
	c.OptionalText("notReleased", &p.NotReleased)
	c.OptionalText("since", &p.Since)
	c.OptionalText("hourlyCost", &p.HourlyCost)
	c.OptionalText("monthlyCost", &p.MonthlyCost)
}

func (o *Output) layout(c *verbatim.Codec) {
	c.Text("image", &o.Image)
	c.Text("digest", &o.Digest)
	c.Text("inputs", &o.Inputs)
}
