// SPDX-License-Identifier: Apache-2.0

// Package aks implements capacity.Cloud with the agent pools of Azure Kubernetes Service. It is the only package that
// imports the Azure SDK.
//
// A request passes these policies of the SDK's pipeline: throttle (once per call), then meter and counter (once per
// try). For example, while the executor creates a pool:
//
//	Pools   LIST agentPools ─> LivePools with state, ETag and the error of the last operation
//	Ensure  PUT agentPools/w1, If-None-Match: * ─> 201: the operation runs, and Ensure returns
//	        429, Retry-After: 60 ─> throttle answers all calls of that kind for 60 s without a request
//	Pools   LIST agentPools ─> w1 is Creating, then Succeeded or Failed
//
// The package holds no state about pools: one LIST returns every pool with the ETag for the next write and the error of
// the last operation, so a restart has nothing to resume. A write starts an operation and returns.
package aks
