// SPDX-License-Identifier: Apache-2.0

// Package render turns a Workspace, its preset and its placement into Kubernetes objects.
//
//	preset folder + overlay of the Workspace ─ render/kustomize ─> objects ─ user patch, annotations, digest ─> Bundle
//
// For a Workspace "chat" that serves phi-4 on one node of pool w1, the data flow is:
//
//	overlayOf   base/inference, components/benchmark, models/phi-4, and patches of the StatefulSet and the Services:
//	            name chat, replicas 1, --tensor-parallel-size=1, node affinity to agentpool=w1
//	build       StatefulSet and Services with the labels and the namespace of chat, by Kustomize or from a template
//	patch       the file chat.patch.yaml of the repository, if there is one
//	bundle      annotations with the source file, apply order, and the SHA-256 of all objects
//
// Each Workspace is built alone and in memory. The base and the preset's folder come from the catalogue. Package memo
// builds one template for Workspaces with equal overlays; the option WithoutMemo turns that off.
package render
