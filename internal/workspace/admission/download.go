// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// download checks what pods need to fetch the model in a field from its publisher: a token, and a commit to fetch.
// Neither matters where nothing is downloaded.
func (c *check) download(p preset.Preset, field string, spec *workspace.PresetSpec) {
	if !c.w.Downloads() || p.Repo == "" {
		return
	}
	if p.Gated && spec.Options.ModelAccessSecret == "" {
		c.token(p, field)
	}
	if !p.Pinned() {
		c.unpinned(p, field+".name")
	}
}

// token reports that the download needs a token: an error, unless that is not certain.
func (c *check) token(p preset.Preset, field string) {
	say, needs := c.fail, "needs"
	if !p.Certain("source.gated") {
		say, needs = c.warn, "may need"
	}
	if c.w.APIVersion == workspace.V1alpha1 {
		say(
			diag.TokenRequired,
			field,
			fmt.Sprintf("downloading %s %s a token, for which %s has no field", p.Repo, needs, workspace.V1alpha1),
			"use apiVersion "+workspace.V1beta1+
				", and name in presetOptions.modelAccessSecret a Secret that has the key HF_TOKEN",
		)
		return
	}
	message := fmt.Sprintf("is required, because downloading %s needs a token", p.Repo)
	if needs != "needs" {
		message = fmt.Sprintf("is missing, and downloading %s may need a token", p.Repo)
	}
	say(
		diag.TokenRequired,
		field+".presetOptions.modelAccessSecret",
		message,
		"name a Secret of the namespace that has the key HF_TOKEN",
	)
}

// unpinned reports that pods fetch the head of the branch main when they start, as the policy says.
func (c *check) unpinned(p preset.Preset, field string) {
	say := c.warn
	switch c.env.UnpinnedRevision {
	case diag.Off:
		return
	case diag.Fail:
		say = c.fail
	}
	what := "what is downloaded may change with the branch main of " + p.Repo
	if p.RemoteCode(c.runtime()) {
		what = "the code and weights that run may change with the branch main of " + p.Repo
	}
	say(
		diag.UnpinnedRevision,
		field,
		fmt.Sprintf("preset %s pins no commit: %s", p.Name, what),
		fmt.Sprintf(
			"add source.revision to a preset of the repository: syncer presets add %s presets --name %s",
			p.Repo,
			p.Name,
		),
	)
}

// runtime is the program that serves the model.
func (c *check) runtime() preset.Runtime {
	if c.w.Transformers() {
		return preset.Transformers
	}
	return preset.VLLM
}

// cpuCache says what the Workspace's own value for moving the cache to the CPU does to a model whose layers have caches
// of different kinds: it makes the cache grow, or nothing.
func (c *check) cpuCache(p preset.Preset, known bool) {
	file := workspace.SettingsOf(c.set, c.w).CPUCache
	if !known || file == "" || p.Pooling() {
		return
	}
	const field = "inference.config"
	switch cache := p.CPUCache(file); {
	case cache.Whole && cache.Flag == "":
		m := p.Model
		c.warn(
			diag.HybridCacheOff,
			field,
			fmt.Sprintf(
				"%s %s switches the hybrid cache of %s off: %d layers cache whole sequences in place of windows of %d tokens",
				workspace.CPUCacheKey,
				file,
				p.Name,
				m.WindowLayers,
				m.SlidingWindow,
			),
			"set it to 0 or remove it; the estimate counts the larger cache",
		)
	case cache.Ignored:
		c.warn(
			diag.HybridCacheOff,
			field,
			fmt.Sprintf("%s has no effect: preset %s starts the server with --%s=%s", workspace.CPUCacheKey, p.Name,
				preset.FlagCPUCache, cache.Flag),
			"remove it",
		)
	}
}
