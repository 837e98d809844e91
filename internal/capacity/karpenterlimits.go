package capacity

import "fmt"

// Refuse returns why so many more nodes may not be had in addition to those that are counted already, or "". An unknown
// price is too much where money is limited.
func (l Limits) Refuse(nodes int, cost Cost, more int, moreCost Cost) string {
	sum := cost.Add(moreCost)
	switch {
	case l.Nodes > 0 && nodes+more > l.Nodes:
		return fmt.Sprintf("%d more nodes would make %d; capacity.limits.nodes is %d", more, nodes+more, l.Nodes)
	case l.HourlyCost > 0 && !sum.Known:
		return "the price is unknown, and capacity.limits.hourlyCost is set"
	case l.HourlyCost > 0 && sum.USD > l.HourlyCost:
		return fmt.Sprintf("%.2f USD/h more would make %.2f; capacity.limits.hourlyCost is %.2f", moreCost.USD, sum.USD, l.HourlyCost)
	}
	return ""
}
