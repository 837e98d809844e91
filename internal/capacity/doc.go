// Package capacity answers what a model costs: how many GPUs of which Azure size, in which agent pools, for how much money.
//
// It is arithmetic and bookkeeping only, in three steps: Size turns a model and a wish into a Demand, PlanFleet finds nodes for the
// Demands of all Workspaces together, and PlanPools turns these and what is live into the changes to make. Files that begin with
// "fleet" belong to the second step; each term of the estimate has a file of its own; what Azure's troubles mean is in trouble.go,
// class.go, lesson.go and unavailable.go. Where pools live is behind the Cloud interface, whose adapter is capacity/aks.
package capacity
