// SPDX-License-Identifier: Apache-2.0

// Package podtemplate reads what a pod template asks of its node and of its namespace: resources, labels of the node,
// and objects that it names.
//
//	template: {spec: {containers: [{resources: {limits: {nvidia.com/gpu: 4}}}]}}
//	Requests(template)["nvidia.com/gpu"]  // {Amount: 4, Field: "spec.containers[0].resources.limits.nvidia.com/gpu"}
//
// A template is a PodTemplateSpec as it is written; fields of a wrong shape count as absent. Pure.
package podtemplate
