// SPDX-License-Identifier: Apache-2.0

// Package process runs the container of a pod as a process of this machine: with the arguments and the environment of
// the container, the files of its volumes, and a token of its service account. So a test sees what the program may do
// in a cluster, and that its probes pass.
//
// There is no file system of the container's own. A path below a mount in an argument, or in a file of a ConfigMap,
// becomes that of the files here, and ":PORT" becomes a free port of loopback.
package process
