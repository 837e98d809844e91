package main

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
)

// karpenterOf returns how nodes are had from Karpenter, or nil in other modes.
func karpenterOf(c config.Config) *capacity.Karpenter {
	if c.Capacity.Mode != config.ModeKarpenter {
		return nil
	}
	k := c.Capacity.Karpenter
	out := &capacity.Karpenter{
		Class: capacity.NodeClass{Group: k.NodeClass.Group, Kind: k.NodeClass.Kind, Name: k.NodeClass.Name}, Classes: k.NodeClasses, Static: k.Static,
	}
	for _, text := range k.Sizes {
		if s, err := capacity.ParseSize(text); err == nil { // config has checked the form
			out.Sizes = append(out.Sizes, s)
		}
	}
	for _, text := range k.Requirements {
		if r, err := capacity.ParseRequirement(text); err == nil {
			out.Requirements = append(out.Requirements, r)
		}
	}
	return out
}
