// SPDX-License-Identifier: Apache-2.0

package simulate

import "slices"

// Often lists what 20,000 steps have to meet.
func Often() []string {
	out := []string{
		"a watch that lags", "a list that is older than what was seen", "a list of pools that is old",
		"two processes at once", "clocks that differ", "the clock jumps ahead",
		"an object is pruned", "a prune that comes too late", "a status says Ready", "a status says Succeeded",
		"create pool", "update pool", "delete pool",
		"the status branch is full", "a webhook refuses", "a foreign object is in the way",
		"a copy of our labels", "another client changes an object", "another client deletes an object",
		"another client deletes a pool", "machines are taken", "a file is broken", "a file goes and comes back",
		"all files go", "the branch is rewritten", "Git is down", "the API server is down", "Azure is down",
		"another client changes the status",
		"a Suspend is pushed", "a Suspend is removed", "a file is only observed",
		"a plain object is pushed", "a plain object goes", "a Workspace depends on another one",
		"one commit restarts all servers", "a server restarts in its turn",
		"many files go", "many deletions wait to be allowed", "many deletions are allowed",
		"the same end state", "something happens at rest", "a pass that ends at once",
	}
	for _, reason := range waiting {
		out = append(out, "a Workspace waits: "+reason)
	}
	for _, kind := range slices.Concat(reads, writes) {
		out = append(out, kind+" fails")
	}
	for _, kind := range writes {
		out = append(out, kind+" is done and its answer is lost")
	}
	return out
}

// Faults lists what a run of 500,000 steps has to meet: a process that ends at every call, before it and after it,
// and each write that fails, and whose answer is lost.
func Faults() []string {
	out := append(Often(), "an ETag that is old", "a pool that was ours and is of another owner", "abort",
		"something changed between a look and a write", "an operation that does not end",
		"the status branch has moved before a push", "an operation that fails late",
		"a Workspace follows the one that it depends on", "trailers fails", "trailers "+string(before),
		"a volume claim stays although its file goes", "a volume claim goes as its annotation says")
	for _, kind := range slices.Concat(reads, writes, pools) {
		out = append(out, kind+" "+string(before), kind+" "+string(after))
	}
	for _, kind := range pools {
		out = append(out, kind+" fails", kind+" is done and its answer is lost")
	}
	return out
}

// Shared lists what a few seeds of a divided world meet, beside what every world does.
func Shared() []string {
	return []string{"shards change hands", "the same end state", "two processes at once", "an object is pruned"}
}
