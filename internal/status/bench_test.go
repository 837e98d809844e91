// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"testing"
)

// fleet returns Reports as a fleet at rest has them, each of its own memory.
func fleet(n int) []*Report {
	out := make([]*Report, n)
	for i := range out {
		in := served()
		in.Key.Name = fmt.Sprintf("phi-%05d", i)
		in.Commit, in.Inputs = fmt.Sprintf("%040x", 0xabcdef), fmt.Sprintf("%064x", i*0x9e3779b9)
		in.Source = "workspaces/" + in.Key.Name + ".yaml"
		in.Workload.Inputs, in.PricesDate = in.Inputs, "2026-06-18"
		in.Objects = []string{"Service/" + in.Key.Name, "StatefulSet/" + in.Key.Name}
		in.Why = "the cheapest size that fits"
		in.Runtime = "vllm"
		out[i] = new(Observe(nil, in, t0))
	}
	return out
}

// BenchmarkRead reads the status files of a fleet, as a process that starts.
func BenchmarkRead(b *testing.B) {
	files := Files(Summary{Cluster: "demo", Reports: fleet(1000)})
	b.ReportAllocs()
	for b.Loop() {
		if got := FromFiles(files, t1); len(got) != 1000 {
			b.Fatal(len(got))
		}
	}
}

// BenchmarkHolds takes over what the folder of a fleet holds.
func BenchmarkHolds(b *testing.B) {
	files := Files(Summary{Cluster: "demo", Reports: fleet(1000)})
	b.ReportAllocs()
	for b.Loop() {
		new(Folder).Holds(files)
	}
}

// BenchmarkShow shows the Reports of a fleet for the first time: the files are those that the folder holds.
func BenchmarkShow(b *testing.B) {
	s := Summary{Cluster: "demo", Reports: fleet(1000)}
	var known Folder
	known.Holds(Files(s))
	b.ReportAllocs()
	for b.Loop() {
		f := Folder{Holding: known.Holding}
		f.Update(s)
		if len(f.Differ()) != 0 {
			b.Fatal(f.Changed())
		}
	}
}
