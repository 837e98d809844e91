// Package capacity answers what a model costs: how many GPUs of which Azure size, in which agent pools, for how much money.
//
// It is arithmetic and bookkeeping only. Size turns a model and a wish into a Demand; Pools turns Demands and what is live
// into the changes to make. Where pools live is behind the Cloud interface, whose adapter is capacity/aks.
package capacity
