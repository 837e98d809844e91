// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"
	"testing"
)

// TestParallelFlags: one node may run several pipeline stages; only several nodes need Ray.
func TestParallelFlags(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   Placement
		want []string
	}{
		{
			"one GPU",
			Placement{Nodes: 1, TensorParallel: 1, PipelineParallel: 1, DataParallel: 1},
			[]string{"--tensor-parallel-size=1"},
		},
		{
			"copies",
			Placement{Nodes: 1, TensorParallel: 1, PipelineParallel: 1, DataParallel: 4},
			[]string{"--data-parallel-size=4", "--tensor-parallel-size=1"},
		},
		{
			"stages in a node",
			Placement{Nodes: 1, TensorParallel: 2, PipelineParallel: 4, DataParallel: 1},
			[]string{"--pipeline-parallel-size=4", "--tensor-parallel-size=2"},
		},
		{
			"nodes",
			Placement{Nodes: 2, TensorParallel: 8, PipelineParallel: 2, DataParallel: 1},
			[]string{"--distributed-executor-backend=ray", "--pipeline-parallel-size=2", "--tensor-parallel-size=8"},
		},
	} {
		f := flags{}
		parallel(f, tt.at)
		if got := f.args(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
