// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

var (
	phi  = workspace.Key{Namespace: "default", Name: "phi"}
	noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
)

// hashOf is a digest for tests.
func hashOf(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

func usd(v float64) capacity.Cost { return capacity.Cost{USD: v, Known: true} }

func record(digest string) Record {
	return Record{
		Cluster: "demo", Workspace: phi, Digest: hashOf(digest),
		Shown: Shown{
			InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus", Nodes: 1, HourlyCost: usd(3.673), Interrupts: true,
		},
		PullRequest: "https://git.example.com/team/models/pulls/7",
		Commit:      strings.Repeat("a", 40),
		At:          noon,
	}
}

func text(t *testing.T, r Record) []byte {
	t.Helper()
	data, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFile: the file of a record is these bytes, and reads as the record.
func TestFile(t *testing.T) {
	r := record("a")
	want := `apiVersion: syncer.dev/v1
kind: Review
metadata: {cluster: demo, namespace: default, name: phi}
digest: ` + hashOf("a") + `
shown:
  instanceType: Standard_NC24ads_A100_v4
  region: eastus
  spot: false
  nodes: 1
  hourlyCost: "3.673"
  replaces: false
  interrupts: true
  deletes: false
pullRequest: https://git.example.com/team/models/pulls/7
commit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
at: "2026-08-01T12:00:00Z"
`
	got := text(t, r)
	if string(got) != want {
		t.Errorf("wrote\n%s", got)
	}
	back, signature, err := Parse("demo", FileName(phi, r.Digest), got)
	if err != nil || signature != "" || back != r {
		t.Errorf("read %+v, %q, %v", back, signature, err)
	}
	local := r
	local.At = noon.In(time.FixedZone("", 7200)).Add(time.Millisecond)
	if string(text(t, local)) != want {
		t.Error("the zone of a time, or a part of a second, changes the file")
	}
	signed, err := r.Signed("-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n")
	if err != nil || !strings.HasPrefix(string(signed), want+"signature: |\n") {
		t.Errorf("the signature is not after the text that it signs: %v\n%s", err, signed)
	}
	r.Shown.HourlyCost = capacity.Cost{}
	if back, _, err := Parse("demo", FileName(phi, r.Digest), text(t, r)); err != nil || back.Shown.HourlyCost.Known {
		t.Errorf("an unknown price became %v, %v", back.Shown.HourlyCost, err)
	}
}

// TestRandomRecords: what can be written reads as it was, and each value changes the file and the digest of the plan.
func TestRandomRecords(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	files, plans := map[string]Record{}, map[string]Shown{}
	for range 2000 {
		r := record(pick("a", "b"))
		r.Cluster = pick("demo", "prod-1")
		r.Workspace = workspace.Key{Namespace: pick("default", "team"), Name: pick("phi", "a.b", "1")}
		r.Shown = Shown{
			InstanceType: pick("", "Standard_A", "p5.48xlarge"), Region: pick("", "eastus", "West Europe"),
			Spot: rng.IntN(2) == 0, Nodes: rng.IntN(3), Replaces: rng.IntN(2) == 0, Interrupts: rng.IntN(2) == 0,
			Deletes: rng.IntN(2) == 0,
		}
		if rng.IntN(2) == 0 {
			r.Shown.HourlyCost = usd(float64(rng.IntN(4)) / 3)
		}
		r.PullRequest, r.Commit = pick("", "http://a.b/1"), pick("", strings.Repeat("0", 64))
		data := text(t, r)
		back, _, err := Parse(r.Cluster, FileName(r.Workspace, r.Digest), data)
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%+v\nis read as\n%+v, %v", r, back, err)
		}
		if other, known := files[string(data)]; known && other != r {
			t.Fatalf("%+v\nand\n%+v\nhave the same file", r, other)
		}
		files[string(data)] = r
		plan := PlanDigest("demo", phi, "d", r.Shown)
		if other, known := plans[plan]; known && other != r.Shown {
			t.Fatalf("%+v and %+v are one plan", r.Shown, other)
		}
		plans[plan] = r.Shown
	}
}

// TestPlanDigest: a plan for another cluster, Workspace or digest is another one, and so is a deletion.
func TestPlanDigest(t *testing.T) {
	now := record("a").Shown
	seen := map[string]bool{}
	for _, digest := range []string{
		PlanDigest("demo", phi, "d", now),
		PlanDigest("other", phi, "d", now),
		PlanDigest("demo", workspace.Key{Namespace: "default", Name: "llama"}, "d", now),
		PlanDigest("demo", workspace.Key{Namespace: "team", Name: "phi"}, "d", now),
		PlanDigest("demo", phi, "e", now),
		PlanDigest("demo", phi, "", now),
		Deletion("d"), Deletion("e"), "d",
	} {
		if seen[digest] || digest == "" {
			t.Errorf("%s stands for two plans", digest)
		}
		seen[digest] = true
	}
}

// TestHostileFiles: none of these files counts, and each error names what is wrong.
func TestHostileFiles(t *testing.T) {
	good := string(text(t, record("a")))
	name := FileName(phi, hashOf("a"))
	change := func(from, to string) string {
		t.Helper()
		if !strings.Contains(good, from) {
			t.Fatalf("no %q in the file", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for what, c := range map[string]struct{ name, text, want string }{
		"empty":           {text: "", want: "0 documents"},
		"not YAML":        {text: "x: [", want: "did not find expected"},
		"truncated":       {text: good[:len(good)/2], want: ""},
		"cut in a line":   {text: good[:len(good)-5], want: ""},
		"huge":            {text: good + strings.Repeat("# x\n", MaxFile), want: "more than 16384 bytes"},
		"two documents":   {text: good + "---\n" + good, want: "2 documents"},
		"unknown field":   {text: good + "approved: true\n", want: `unknown field "approved"`},
		"twice":           {text: good + "at: \"2026-08-02T12:00:00Z\"\n", want: "given twice"},
		"comment":         {text: good + "# signed\n", want: "not written as syncer"},
		"alias":           {text: change("instanceType: Standard", "instanceType: &a Standard"), want: "not written"},
		"other kind":      {text: change("kind: Review", "kind: Workspace"), want: "not Review"},
		"other version":   {text: change("syncer.dev/v1", "syncer.dev/v2"), want: "syncer.dev/v2"},
		"other cluster":   {text: change("cluster: demo", "cluster: prod"), want: "lies elsewhere"},
		"other Workspace": {name: FileName(workspace.Key{Namespace: "default", Name: "x"}, hashOf("a")), want: "elsewhere"},
		"other digest":    {name: FileName(phi, hashOf("b")), want: "lies elsewhere"},
		"upwards":         {text: change("name: phi", "name: ../phi"), want: "no name of a Workspace"},
		"digest":          {text: change(hashOf("a"), "../../x"), want: "not a SHA-256"},
		"cost":            {text: change(`"3.673"`, `"cheap"`), want: "neither a number"},
		"no cost":         {text: change(`"3.673"`, `"NaN"`), want: "no price"},
		"endless cost":    {text: change(`"3.673"`, `"+Inf"`), want: "no price"},
		"negative":        {text: change(`"3.673"`, `"-1"`), want: "no price"},
		"other digits":    {text: change(`"3.673"`, `"3.6730"`), want: "not written as syncer"},
		"nodes":           {text: change("nodes: 1", "nodes: 100000"), want: "shown.nodes"},
		"size":            {text: change("Standard_NC24ads_A100_v4", `"a\nb"`), want: "no name of a size"},
		"region":          {text: change("region: eastus", "region: '<b>'"), want: "no name of a region"},
		"script":          {text: change("https://git.example.com", "javascript://x"), want: "not the address of a web page"},
		"password":        {text: change("https://git", "https://a:b@git"), want: "not the address of a web page"},
		"commit":          {text: change("commit: aaaa", "commit: zzzz"), want: "not the hash of a commit"},
		"time":            {text: change("2026-08-01T12:00:00Z", "yesterday"), want: "is not a time"},
		"zone":            {text: change("2026-08-01T12:00:00Z", "2026-08-01T14:00:00+02:00"), want: "not written"},
		"year":            {text: change("2026-08-01", "0001-08-01"), want: "at:"},
	} {
		if c.name == "" {
			c.name = name
		} else {
			c.text = good
		}
		_, _, err := Parse("demo", c.name, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
	}
}

// TestUnwritable: a record that could not be read is not written.
func TestUnwritable(t *testing.T) {
	for _, change := range []func(*Record){
		func(r *Record) { r.Cluster = "../x" },
		func(r *Record) { r.Workspace.Namespace = "" },
		func(r *Record) { r.Digest = "" },
		func(r *Record) { r.Shown.Nodes = -1 },
		func(r *Record) { r.Shown.HourlyCost = capacity.Cost{USD: 1} },
		func(r *Record) { r.PullRequest = "x" },
		func(r *Record) { r.At = time.Time{} },
	} {
		r := record("a")
		change(&r)
		if data, err := r.Text(); err == nil {
			t.Errorf("%+v is written as\n%s", r, data)
		}
		if data, err := r.Signed("x"); err == nil {
			t.Errorf("%+v is written as\n%s", r, data)
		}
	}
}

// FuzzRecord: bytes at a path are refused, or are exactly the file of the record that they are read as.
func FuzzRecord(f *testing.F) {
	good, err := record("a").Signed("-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n")
	if err != nil {
		f.Fatal(err)
	}
	name := FileName(phi, hashOf("a"))
	f.Add(name, good)
	f.Add(name, []byte("kind: Review\nshown: &a {nodes: 1}\n"))
	f.Add("../../x.yaml", []byte("apiVersion: syncer.dev/v1\nkind: Review\nmetadata: {name: ../x}\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, signature, err := Parse("demo", name, data)
		if err != nil {
			if !reflect.DeepEqual(r, Record{}) {
				t.Fatalf("an error comes with %+v", r)
			}
			return
		}
		again, err := r.Signed(signature)
		if err != nil || string(again) != string(data) || r.Cluster != "demo" || name != FileName(r.Workspace, r.Digest) {
			t.Fatalf("%q, %v", again, err)
		}
		if got := Read("demo", map[string][]byte{name: data}, nil, r.At); got.Len() != 1 || len(got.Ignored) != 0 {
			t.Fatalf("%+v", got)
		}
		if !isFileName(name) {
			t.Fatalf("%q is no path of a record", name)
		}
	})
}
