// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status"
)

const week = 7 * 24 * time.Hour

// review returns the settings of a verdict.
func review(v reviewed.Verdict) reconcile.ReviewSettings {
	return reconcile.ReviewSettings{Policy: reviewed.Policy{Verdict: v, CostTolerance: 10, MaxAge: week}}
}

// withPrice is a price list in which the size of Phi costs this much.
func withPrice(usd float64) capacity.Prices {
	return capacity.NewPrices("2026-08-01", "test", map[string]map[string]float64{
		"eastus": {"Standard_NC24ads_A100_v4": usd, "Standard_NC48ads_A100_v4": 2 * usd, "Standard_NV36ads_A10_v5": usd / 2},
	}, nil)
}

func conditionOf(t *testing.T, out reconcile.Outcome, name, kind string) status.Condition {
	t.Helper()
	for _, r := range out.Reports {
		for _, c := range r.Conditions {
			if r.Name == name && c.Type == kind {
				return c
			}
		}
	}
	return status.Condition{}
}

// held fails the test unless the last change of a Workspace is held for a reason, with a text.
func held(t *testing.T, out reconcile.Outcome, name, reason, text string) {
	t.Helper()
	c := conditionOf(t, out, name, status.Applied)
	if c.Status != "False" || c.Reason != reason || !strings.Contains(c.Message, text) {
		t.Errorf("%s: condition Applied is %+v, want %s: %s", name, c, reason, text)
	}
	if out.PoolWrites != 0 {
		t.Errorf("%d operations on pools while %s is held", out.PoolWrites, name)
	}
	if out.Changes.Writes() != 0 {
		t.Errorf("%v while %s is held", out.Changes, name)
	}
}

var acceptLine = regexp.MustCompile(reviewed.TrailerAccept + `: ([0-9a-f]{64})`)

// accept returns the digest that a message asks for.
func accept(t *testing.T, message string) string {
	t.Helper()
	m := acceptLine.FindStringSubmatch(message)
	if m == nil {
		t.Fatalf("no digest to copy in %q", message)
	}
	return m[1]
}

func sized(size string) string {
	return strings.Replace(reconciletest.Phi, "Standard_NC24ads_A100_v4", size, 1)
}

// TestReviewedIsCarriedOut: what a pull request showed is carried out by require, however it is merged: the commits of
// a squash or a rebase are others, and their content is the same. A second loop, after a restart, changes nothing.
func TestReviewedIsCarriedOut(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		change := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(change)
		s.Git.Push("README.md", "another commit on the branch") // a rebase
		s.Merge(change)
		l := s.Loop()
		out := s.Settle(l)
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(out.Reports))
		c := conditionOf(t, out, "phi", status.Reviewed)
		if c.Status != "True" || c.Reason != "AsReviewed" || !strings.Contains(c.Message, "https://git.example.com/1") {
			t.Errorf("condition Reviewed is %+v", c)
		}
		s.Git.Push("phi.yaml", "# moved and reformatted\n"+reconciletest.Phi)
		s.Git.Remove("phi.yaml")
		s.Git.Push("team/phi.yaml", "# moved\n"+reconciletest.Phi)
		out = s.Settle(l)
		if c := conditionOf(t, out, "phi", status.Applied); c.Status != "" {
			t.Errorf("a file that was only moved is held: %+v", c)
		}
		before := writes(s)
		s.Settle(s.Loop())
		diff(t, "writes after a restart", before, writes(s))
	})
}

// TestManyAreIdentifiedInTurn: after a restart with many Workspaces, the first pass identifies the inputs of some, and
// the next one goes on. Nothing is written for it, and the loop is not settled before.
func TestManyAreIdentifiedInTurn(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review, s.Cache = review(reviewed.Warn), render.NewCache()
		var all strings.Builder
		for i := range 510 {
			if i == 300 {
				s.Git.Push("more.yaml", all.String())
				all.Reset()
			}
			name := fmt.Sprint("m-", i)
			all.WriteString(strings.Replace(reconciletest.Named(reconciletest.Phi, name), name+"}",
				name+`, annotations: {syncer.dev/suspend: "true"}}`, 1) + "---\n")
		}
		s.Git.Push("some.yaml", all.String())
		s.Settle(s.Loop())
		before, files := writes(s), s.Git.Status()
		l := s.Loop()
		first := s.Pass(l, time.Second)
		second := s.Pass(l, time.Second)
		if !first.More || first.Settled || second.More || !second.Settled {
			t.Errorf("more %t and %t, settled %t and %t", first.More, second.More, first.Settled, second.Settled)
		}
		diff(t, "writes after a restart", before, writes(s))
		diff(t, "status after a restart", files, s.Git.Status())
	})
}

// TestNeverReviewed: require starts nothing, not even after a restart; a review lets it go, and so does the trailer
// with the digest that status shows, and no other.
func TestNeverReviewed(t *testing.T) {
	for name, release := range map[string]func(t *testing.T, s *reconciletest.Simulator, message string){
		"review": func(_ *testing.T, s *reconciletest.Simulator, _ string) {
			tip := s.Git.File("phi.yaml")
			s.Git.Remove("phi.yaml")
			s.Propose(map[string]string{"phi.yaml": tip})
			s.Git.Push("phi.yaml", tip)
		},
		"trailer": func(t *testing.T, s *reconciletest.Simulator, message string) {
			s.Reviews.Accept = map[string]bool{accept(t, message): true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review = review(reviewed.Require)
				s.Git.Push("phi.yaml", reconciletest.Phi)
				l := s.Loop()
				for range 3 {
					held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "it was never reviewed; review it in a pull request")
				}
				l = s.Loop()
				out := s.Pass(l, time.Minute)
				held(t, out, "phi", "NotReviewed", "nothing runs")
				message := conditionOf(t, out, "phi", status.Applied).Message
				file := string(s.Git.Status()["default/phi.yaml"])
				if !strings.Contains(strings.ReplaceAll(file, "\n", ""), accept(t, message)) {
					t.Errorf("the status file does not show the digest:\n%s", file)
				}
				s.Reviews.Accept = map[string]bool{strings.Repeat("0", 64): true, message: true}
				held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "never reviewed")
				release(t, s, message)
				diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
			})
		})
	}
}

// TestAcceptedPlanOnly: a trailer accepts the plan that the message described, and not the one that it became.
func TestAcceptedPlanOnly(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review, s.Prices = review(reviewed.Require), withPrice(4)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		out := s.Pass(s.Loop(), time.Minute)
		s.Reviews.Accept = map[string]bool{accept(t, conditionOf(t, out, "phi", status.Applied).Message): true}
		s.Prices = withPrice(5)
		held(t, s.Pass(s.Loop(), time.Minute), "phi", "NotReviewed", "never reviewed")
		s.Prices = withPrice(4)
		out = s.Settle(s.Loop())
		if c := conditionOf(t, out, "phi", status.Reviewed); c.Reason != "PlanAccepted" || c.Status != "True" {
			t.Errorf("condition Reviewed is %+v", c)
		}
	})
}

// TestPriceUp: what became dearer after the review is held by require, carried out with its price in status by warn,
// and not looked at by off.
func TestPriceUp(t *testing.T) {
	for verdict, check := range map[reviewed.Verdict]func(t *testing.T, s *reconciletest.Simulator, l *reconcile.Loop){
		reviewed.Require: func(t *testing.T, s *reconciletest.Simulator, l *reconcile.Loop) {
			held(t, s.Passes(l, 3), "phi", "WorseThanReviewed", "it costs 5.00 USD/h, and was 4.00: 25% more")
			diff(t, "pools", map[string]int{}, poolSizes(s))
		},
		reviewed.Warn: func(t *testing.T, s *reconciletest.Simulator, l *reconcile.Loop) {
			first := s.Pass(l, time.Minute)
			var kinds []plan.FindingKind
			for _, f := range first.Plan.Findings {
				if f.Workspace.Name == "phi" && f.Kind == plan.WorseThanReviewed {
					kinds = append(kinds, f.Kind)
				}
			}
			if len(kinds) != 1 {
				t.Errorf("findings %+v", first.Plan.Findings)
			}
			c := conditionOf(t, s.Settle(l), "phi", status.Reviewed)
			if c.Status != "False" || c.Reason != "WorseThanReviewed" || !strings.Contains(c.Message, "25% more") ||
				!strings.Contains(c.Message, "policy.review.verdict is warn") {
				t.Errorf("condition Reviewed is %+v", c)
			}
			restarted := s.Settle(s.Loop())
			diff(t, "condition after a restart", c, conditionOf(t, restarted, "phi", status.Reviewed))
		},
		reviewed.Off: func(t *testing.T, s *reconciletest.Simulator, l *reconcile.Loop) {
			if c := conditionOf(t, s.Settle(l), "phi", status.Reviewed); c.Type != "" {
				t.Errorf("condition Reviewed is %+v", c)
			}
		},
	} {
		t.Run(string(verdict), func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review, s.Prices = review(verdict), withPrice(4)
				change := map[string]string{"phi.yaml": reconciletest.Phi}
				s.Propose(change)
				s.Merge(change)
				s.Prices = withPrice(5)
				check(t, s, s.Loop())
			})
		})
	}
}

// TestToleratedPrice: a price within the tolerance is as reviewed.
func TestToleratedPrice(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review, s.Prices = review(reviewed.Require), withPrice(4)
		change := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(change)
		s.Merge(change)
		s.Prices = withPrice(4.4)
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(s.Loop()).Reports))
	})
}

// TestQuotaGone: the size that was shown has no quota any more. The Workspace waits for it if it names the size; one
// without a size would get another, dearer one, and is held.
func TestQuotaGone(t *testing.T) {
	for name, text := range map[string]string{"named": reconciletest.Phi, "automatic": reconciletest.Automatic} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review = review(reviewed.Require)
				change := map[string]string{"phi.yaml": text}
				shown := s.Propose(change).Workspaces[0].Place
				s.Merge(change)
				sku, ok := capacity.LookupSKU(shown.InstanceType)
				if !ok {
					t.Fatalf("shown on %q", shown.InstanceType)
				}
				s.Azure.Set(func(f *capacitytest.Fake) {
					f.Limits.Families = map[string]capacity.Limit{strings.ToLower(sku.Family): {Known: true}}
				})
				out := s.Passes(s.Loop(), 3)
				diff(t, "pools", map[string]int{}, poolSizes(s))
				if name == "automatic" {
					held(t, out, "phi", "WorseThanReviewed", "and was "+shown.InstanceType)
				}
			})
		})
	}
}

// TestExpired: a review of eight days ago does not count where reviews count for seven; what it let go stays.
func TestExpired(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		change := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(change)
		s.Advance(8 * 24 * time.Hour)
		s.Merge(change)
		held(t, s.Passes(s.Loop(), 2), "phi", "NotReviewed", "it was reviewed 8 days ago in https://git.example.com/1; "+
			"reviews count for 7 days")
	})
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		change := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(change)
		s.Merge(change)
		l := s.Loop()
		s.Settle(l)
		s.Advance(60 * 24 * time.Hour)
		if out := s.Settle(l); out.Changes.Writes() != 0 || conditionOf(t, out, "phi", status.Applied).Status != "" {
			t.Errorf("what runs is held after its review expired: %+v", out.Reports)
		}
		s.Reviews.Files = nil
		s.Kubernetes.Lose("StatefulSet/phi")
		out := s.Pass(l, time.Minute)
		if out.Changes.Writes() == 0 {
			t.Error("what was deleted by hand is not repaired")
		}
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
	})
}

// TestEitherOrder: two pull requests that were shown on the same base are carried out in either order of merging.
func TestEitherOrder(t *testing.T) {
	a := map[string]string{"phi.yaml": sized("Standard_NC48ads_A100_v4")}
	b := map[string]string{"other.yaml": reconciletest.Named(reconciletest.Automatic, "other")}
	for name, order := range map[string][]map[string]string{"a, b": {a, b}, "b, a": {b, a}} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review = review(reviewed.Require)
				first := map[string]string{"phi.yaml": reconciletest.Phi}
				s.Propose(first)
				s.Merge(first)
				l := s.Loop()
				s.Settle(l)
				s.Propose(a)
				s.Propose(b)
				for _, change := range order {
					s.Merge(change)
					s.Settle(l)
				}
				sizes := poolSizes(s)
				if sizes["Standard_NC48ads_A100_v4"] != 1 || sizes["Standard_NC24ads_A100_v4"] > 1 || len(sizes) < 1 {
					t.Errorf("pools %v", sizes)
				}
				for _, r := range s.Passes(l, 1).Reports {
					if r.State != status.Ready {
						t.Errorf("%s is %s", r.Key, r.State)
					}
				}
			})
		})
	}
}

// TestOthersGoOn: what is held takes no quota from what was reviewed, and its pool stays.
func TestOthersGoOn(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		s.Azure.VCPUs = 48 // one more node than what runs
		first := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(first)
		s.Merge(first)
		l := s.Loop()
		s.Settle(l)
		second := map[string]string{"other.yaml": reconciletest.Named(reconciletest.Phi, "other")}
		s.Propose(second)
		s.Merge(second)
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		if c := conditionOf(t, s.Pass(l, time.Minute), "a", status.Applied); c.Reason != "NotReviewed" {
			t.Errorf("what was not reviewed is not held: %+v", c)
		}
		out := s.Passes(l, 8)
		want := map[string]status.State{"a": status.Pending, "other": status.Ready, "phi": status.Ready}
		diff(t, "states", want, states(out.Reports))
		diff(t, "pools", map[string]int{"Standard_NC24ads_A100_v4": 2}, poolSizes(s))
	})
}

// TestDeletionNotShown: a Workspace whose deletion no reviewer was shown stays with all that runs; once it was, it
// goes.
func TestDeletionNotShown(t *testing.T) {
	for name, shown := range map[string]bool{"shown": true, "not shown": false} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review = review(reviewed.Require)
				first := map[string]string{"phi.yaml": reconciletest.Phi}
				s.Propose(first)
				s.Merge(first)
				l := s.Loop()
				s.Settle(l)
				gone := map[string]string{"phi.yaml": ""}
				if shown {
					s.Propose(gone)
				}
				s.Merge(gone)
				if !shown {
					var out reconcile.Outcome
					for range 3 {
						out = s.Pass(l, time.Minute)
						held(t, out, "phi", "NotReviewed", "its deletion was never reviewed")
					}
					diff(t, "states", map[string]status.State{"phi": status.Ready}, states(out.Reports))
					out = s.Pass(s.Loop(), time.Minute)
					held(t, out, "phi", "NotReviewed", "its deletion was never reviewed")
					s.Reviews.Accept = map[string]bool{accept(t, conditionOf(t, out, "phi", status.Applied).Message): true}
				}
				s.Passes(l, 6)
				if s.Kubernetes.Workload("phi").Name != "" || len(s.Owned()) != 0 {
					t.Errorf("it is still there: %s", s)
				}
			})
		})
	}
}

// TestRevert: a change that is held, and taken back, leaves no trace.
func TestRevert(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		first := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(first)
		s.Merge(first)
		l := s.Loop()
		before := conditionOf(t, s.Settle(l), "phi", status.Reviewed)
		s.Git.Push("phi.yaml", sized("Standard_NC48ads_A100_v4"))
		held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "it was never reviewed as it is now")
		s.Git.Push("phi.yaml", reconciletest.Phi)
		out := s.Settle(l)
		diff(t, "condition Reviewed", before, conditionOf(t, out, "phi", status.Reviewed))
		if c := conditionOf(t, out, "phi", status.Applied); c.Type != "" {
			t.Errorf("condition Applied is still %+v", c)
		}
	})
}

// upgraded are the presets of another version, which renders other objects.
func upgraded(t *testing.T, old fs.FS) fs.FS {
	t.Helper()
	out, changed := fstest.MapFS{}, false
	if err := fs.WalkDir(old, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(old, name)
		if name == "components/images/kustomization.yaml" {
			next := regexp.MustCompile(`newTag: .*`).ReplaceAll(data, []byte(`newTag: "99.0.0"`))
			data, changed = next, string(next) != string(data)
		}
		out[name] = &fstest.MapFile{Data: data}
		return err
	}); err != nil || !changed {
		t.Fatal("the presets have no image to raise:", err)
	}
	return out
}

// TestUpgrade: another version of syncer that renders other objects is a change that no reviewer was shown. One that
// renders the same is not.
func TestUpgrade(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		first := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(first)
		s.Merge(first)
		s.Settle(s.Loop())
		before := writes(s)
		s.Settle(s.Loop())
		s.Presets = upgraded(t, reconciletest.Presets())
		held(t, s.Passes(s.Loop(), 2), "phi", "NotReviewed", "it was never reviewed as it is now")
		diff(t, "writes to Azure", before.Azure, len(s.Azure.Written))
		out := s.Pass(s.Loop(), time.Minute)
		s.Reviews.Accept = map[string]bool{accept(t, conditionOf(t, out, "phi", status.Applied).Message): true}
		diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(s.Loop()).Reports))
	})
}

// TestReviewsAway: while the reviews cannot be read, those that were read last count; without any, require holds.
func TestReviewsAway(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		change := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(change)
		l := s.Loop()
		s.Pass(l, time.Minute)
		s.Merge(change)
		s.Reviews.Down = errors.New("connection refused")
		fresh := s.Pass(s.Loop(), time.Minute)
		held(t, fresh, "phi", "NotReviewed", "the reviews cannot be read: connection refused")
		if fresh.Err == nil || !fresh.Retry {
			t.Error("the failure is not reported")
		}
		if out := s.Pass(l, time.Minute); out.PoolWrites != 1 {
			t.Errorf("%d pools are started by a review that was read before", out.PoolWrites)
		}
	})
}

// TestSignedReviews: with signers, a record that another client wrote holds, and so does a status branch that claims
// that a change is carried out. What runs in the cluster is believed.
func TestSignedReviews(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		s.Review.Signed = true
		s.Reviews.Sign = func([]byte) (string, error) { return "ci", nil }
		s.Reviews.Verify = func(_ []byte, signature string, _ time.Time) (string, error) {
			if signature != "ci" {
				return "", errors.New("not by an allowed signer")
			}
			return "ci", nil
		}
		first := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(first)
		s.Merge(first)
		l := s.Loop()
		s.Settle(l)
		if out := s.Settle(s.Loop()); conditionOf(t, out, "phi", status.Applied).Type != "" {
			t.Errorf("what runs is held after a restart: %+v", out.Reports)
		}
		s.Reviews.Sign = nil
		next := map[string]string{"phi.yaml": sized("Standard_NC48ads_A100_v4")}
		forged := s.Propose(next).Workspaces[0]
		s.Merge(next)
		out := s.Pass(l, time.Minute)
		held(t, out, "phi", "NotReviewed", "it was never reviewed as it is now")
		if !strings.Contains(strings.Join(out.Plan.Warnings, "\n"), "a review does not count: reviews/demo/default/phi/") {
			t.Errorf("the warnings do not say that a file is ignored: %q", out.Plan.Warnings)
		}
		s.Git.Forge("default/phi.yaml", func(text string) string {
			text = regexp.MustCompile(`(?m)^    digest: .*`).ReplaceAllString(text, "    digest: "+forged.Digest)
			return strings.ReplaceAll(text, "instanceType: Standard_NC24ads_A100_v4", "instanceType: Standard_NC48ads_A100_v4")
		})
		held(t, s.Pass(s.Loop(), time.Minute), "phi", "NotReviewed", "it was never reviewed as it is now")
		diff(t, "pools", map[string]int{"Standard_NC24ads_A100_v4": 1}, poolSizes(s))
	})
}

// TestSuspendNotReviewed: to suspend a model that serves is a change like another.
func TestSuspendNotReviewed(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Review = review(reviewed.Require)
		first := map[string]string{"phi.yaml": reconciletest.Phi}
		s.Propose(first)
		s.Merge(first)
		l := s.Loop()
		s.Settle(l)
		paused := maps.Clone(first)
		paused["phi.yaml"] = strings.Replace(reconciletest.Phi, "name: phi}",
			`name: phi, annotations: {syncer.dev/suspend: "true"}}`, 1)
		s.Merge(paused)
		held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "it was never reviewed as it is now")
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Propose(paused)
		s.Merge(paused)
		s.Passes(l, 6)
		if n := poolSizes(s)["Standard_NC24ads_A100_v4"]; n != 0 {
			t.Errorf("%d nodes of a suspended Workspace", n)
		}
	})
}

// TestUsedObjectNotReviewed: what the pods of a Workspace use is reviewed like the Workspace itself, although none of
// its own objects changes: an object that is changed or removed without a review stays as it is, after a restart too.
func TestUsedObjectNotReviewed(t *testing.T) {
	gated := strings.Replace(reconciletest.Phi, "preset: {name: phi-4-mini-instruct}",
		"preset: {name: phi-4-mini-instruct, presetOptions: {modelAccessSecret: token}}", 1)
	secret := func(key string) string {
		return "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: token, namespace: default}\n" +
			"spec: {target: {name: token}, dataFrom: [{extract: {key: " + key + "}}]}\n"
	}
	for name, push := range map[string]func(s *reconciletest.Simulator){
		"changed": func(s *reconciletest.Simulator) { s.Git.Push("token.yaml", secret("stolen")) },
		"removed": func(s *reconciletest.Simulator) { s.Git.Remove("token.yaml") },
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Review = review(reviewed.Require)
				first := map[string]string{"phi.yaml": gated, "token.yaml": secret("team")}
				s.Propose(first)
				s.Merge(first)
				l := s.Loop()
				diff(t, "states", map[string]status.State{"phi": status.Ready}, states(s.Settle(l).Reports))
				push(s)
				for range 3 {
					held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "it was never reviewed as it is now")
				}
				l = s.Loop()
				held(t, s.Pass(l, time.Minute), "phi", "NotReviewed", "it was never reviewed as it is now")
				if name == "removed" {
					return
				}
				s.Git.Push("token.yaml", secret("team"))
				if c := conditionOf(t, s.Settle(l), "phi", status.Applied); c.Status != "" {
					t.Errorf("the way back is held: %+v", c)
				}
				second := map[string]string{"token.yaml": secret("other")}
				s.Propose(second)
				s.Merge(second)
				before := writes(s)
				out := s.Settle(l)
				if c := conditionOf(t, out, "phi", status.Applied); c.Status != "" || writes(s) == before {
					t.Errorf("what was reviewed is not carried out: %+v", c)
				}
			})
		})
	}
}
