// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"math"
	"time"
)

// Result is the sum of a Verdict.
type Result string

// The results.
const (
	Taken    Result = "taken"    // the Workspace gets the size
	Possible Result = "possible" // it could run there; another size is cheaper, or is there already
	Refused  Result = "refused"
)

// Result returns the sum of the Verdict.
func (v Verdict) Result() Result {
	switch {
	case !v.Feasible():
		return Refused
	case v.Taken:
		return Taken
	}
	return Possible
}

// VerdictDocument is a Verdict as JSON has it.
type VerdictDocument struct {
	InstanceType string   `json:"instanceType"`
	Result       Result   `json:"result"`
	Nodes        int      `json:"nodes"` // 0 if the model fits on no number of nodes
	GPUs         int      `json:"gpus"`
	Shared       bool     `json:"shared,omitempty"`   // it takes part of a node, and others may have the rest
	HourlyCost   *float64 `json:"hourlyCost"`         // US dollars; null when unknown
	DearerBy     *float64 `json:"dearerBy,omitempty"` // US dollars per hour more than on the cheapest size
	Cheapest     string   `json:"cheapest,omitempty"`

	Obstacles []ObstacleDocument `json:"obstacles"`
	Unknown   []Check            `json:"unknown,omitempty"` // checks for which facts are missing
}

// ObstacleDocument is an Obstacle as JSON has it.
type ObstacleDocument struct {
	Check   Check    `json:"check"`
	Message string   `json:"message"`
	Name    string   `json:"name,omitempty"`    // of the quota or the limit
	Need    *float64 `json:"need,omitempty"`    // in Unit
	Have    *float64 `json:"have,omitempty"`    //
	Missing *float64 `json:"missing,omitempty"` //
	Unit    string   `json:"unit,omitempty"`
	Until   string   `json:"until,omitempty"` // RFC 3339; when it ends by itself
	Code    string   `json:"code,omitempty"`  // of Azure
}

// Document returns the Verdict as JSON has it.
func (v Verdict) Document() VerdictDocument {
	d := VerdictDocument{
		InstanceType: v.SKU.Name,
		Result:       v.Result(),
		Nodes:        v.Option.Nodes,
		GPUs:         v.Option.GPUs,
		Shared:       v.Option.Nodes > 0 && v.Option.GPUsPerNode < v.SKU.GPUs,
		Obstacles:    []ObstacleDocument{},
		Unknown:      v.Unknown,
		Cheapest:     v.Than,
	}
	if c := v.Option.HourlyCost; c.Known {
		d.HourlyCost = figureOf(c.USD, 4)
	}
	if v.Dearer.Known {
		d.DearerBy = figureOf(v.Dearer.USD, 4)
	}
	for _, o := range v.Obstacles {
		out := ObstacleDocument{Check: o.Check, Message: o.Message, Name: o.Name, Unit: o.Unit, Code: o.Code}
		if o.Need > 0 {
			out.Need, out.Have, out.Missing = figureOf(o.Need, 2), figureOf(o.Have, 2), figureOf(o.Missing(), 2)
		}
		if !o.Until.IsZero() {
			out.Until = o.Until.UTC().Format(time.RFC3339)
		}
		d.Obstacles = append(d.Obstacles, out)
	}
	return d
}

// figureOf rounds to a number of decimals.
func figureOf(x float64, decimals int) *float64 {
	unit := math.Pow10(decimals)
	x = math.Round(x*unit) / unit
	return &x
}
