package capacity

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// TestKAITOEstimate compares with answers of KAITO v0.12.0's own estimator: the cases of its tests, and a grid of its
// catalogue over its sizes and several context lengths.
func TestKAITOEstimate(t *testing.T) {
	data, err := os.ReadFile("testdata/kaito.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID              string
		WeightBytes     int64
		KVBytesPerToken int64
		Context, Count  int
		Distributed     bool
		NoPreset        bool
		InstanceType    string
		Brought         *KAITONode
		Nodes, GPUs     int
		MinGPUs         int
		Error           string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 300 {
		t.Fatalf("only %d cases", len(cases))
	}
	refusals := map[string]error{"gpu-too-small": ErrGPUTooSmall, "sku-unknown": ErrSKUUnknown, "mig-too-small": ErrMIGTooSmall}
	for _, c := range cases {
		got, err := KAITOEstimate(KAITORequest{
			WeightBytes: c.WeightBytes, KVBytesPerToken: c.KVBytesPerToken, Context: c.Context, Distributed: c.Distributed,
			InstanceType: c.InstanceType, Count: c.Count, Brought: c.Brought, NoPreset: c.NoPreset,
		})
		switch {
		case c.Error != "":
			if !errors.Is(err, refusals[c.Error]) {
				t.Errorf("%s: %v, %v; want %s", c.ID, got, err, c.Error)
			}
		case err != nil || got.Nodes != c.Nodes || !c.NoPreset && got.GPUs != c.GPUs || c.MinGPUs != 0 && got.MinGPUs != c.MinGPUs:
			t.Errorf("%s: %+v, %v; want %d nodes, %d GPUs", c.ID, got, err, c.Nodes, c.GPUs)
		}
	}
}
