// SPDX-License-Identifier: Apache-2.0

// Package wire reads what the API server sends of many objects: lists, and the events of watches. It reads each byte
// once, makes values only of the fields that are wanted, and has one object of a list in memory at a time.
//
//	c, err := wire.NewClient(config, httpClient)
//	pods := c.Resource(gvr, "default", wire.Fields{"metadata": nil, "spec": {"nodeName": nil}})
//	meta, err := pods.List(ctx, options, func(u *unstructured.Unstructured) error { ... })
//	events, err := pods.Watch(ctx, options)
//
// Values are as package k8s.io/apimachinery/pkg/util/json makes them: whole numbers are int64.
package wire
