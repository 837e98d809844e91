// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// PresetList is the answer of "presets list -o json".
type PresetList struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Items      []PresetItem `json:"items"`
}

// PresetItem is one line of "presets list -o json".
type PresetItem struct {
	Name          string   `json:"name"`
	Aliases       []string `json:"aliases,omitempty"`
	Repo          string   `json:"repo,omitempty"`
	Revision      string   `json:"revision,omitempty"`
	License       string   `json:"license,omitempty"`
	LicenseURL    string   `json:"licenseURL,omitempty"`
	RemoteCode    bool     `json:"remoteCode"` // vLLM runs code of the repository
	Task          string   `json:"task,omitempty"`
	WeightsGiB    float64  `json:"weightsGiB"`
	ContextLength int      `json:"contextLength"`
	Runtimes      []string `json:"runtimes,omitempty"`
	Tuning        bool     `json:"tuning"`
	Gated         bool     `json:"gated"`
	Deprecated    string   `json:"deprecated,omitempty"`
	From          string   `json:"from,omitempty"` // folder of the repository; none for a built-in one
}

// PresetsOf returns all presets of a catalogue.
func PresetsOf(catalog *preset.Catalog) PresetList {
	items := []PresetItem{}
	for _, p := range catalog.All() {
		items = append(items, itemOf(catalog, p))
	}
	return PresetList{APIVersion, "PresetList", items}
}

func itemOf(c *preset.Catalog, p preset.Preset) PresetItem {
	item := PresetItem{
		Name:          p.Name,
		Aliases:       p.Aliases,
		Repo:          p.Repo,
		Revision:      p.Revision,
		License:       p.License,
		LicenseURL:    p.LicenseURL,
		RemoteCode:    p.RemoteCode(preset.VLLM),
		Task:          p.Task,
		WeightsGiB:    GiB(p.Model.WeightBytes),
		ContextLength: p.Model.ContextLength,
		Tuning:        p.Tuning != nil,
		Gated:         p.Gated,
		Deprecated:    p.Deprecated,
		From:          c.From(p.Name),
	}
	for _, r := range p.Runtimes {
		item.Runtimes = append(item.Runtimes, string(r))
	}
	return item
}

// PrintPresets prints the presets that can be used as a table, and returns how many others there are: the deprecated
// ones, which all adds to the table.
func PrintPresets(w io.Writer, catalog *preset.Catalog, all bool) (deprecated int, err error) {
	t := newTable(w, 3, 0)
	fmt.Fprintln(t, "NAME\tWEIGHTS\tCONTEXT\tTUNING\tGATED\tREVISION\tLICENSE\tREPOSITORY")
	for _, p := range catalog.All() {
		if p.Deprecated != "" {
			deprecated++
			if !all {
				continue
			}
		}
		fmt.Fprintf(t, "%s\t%.1f GiB\t%d\t%t\t%s\t%s\t%s\t%s\n",
			diag.EscapeText(p.Name), GiB(p.Model.WeightBytes), p.Model.ContextLength, p.Tuning != nil,
			gated(p), revision(p), diag.EscapeText(p.License), diag.EscapeText(p.Repo))
	}
	return deprecated, t.Flush()
}

// gated says whether the download needs a token.
func gated(p preset.Preset) string {
	switch {
	case p.Gated && !p.Certain("source.gated"):
		return "maybe"
	case p.Gated:
		return "yes"
	}
	return "no"
}

// revision is the start of the commit that is pinned.
func revision(p preset.Preset) string {
	switch {
	case p.Deprecated != "":
		return "deprecated"
	case !p.Pinned():
		return "unpinned"
	}
	return p.Revision[:min(len(p.Revision), 12)]
}

// Preset is the answer of "presets show -o json" and "-o yaml".
type Preset struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	From       string `json:"from,omitempty"` // folder of the repository; none for a built-in one
	Spec       any    `json:"spec"`
}

// PresetOf returns a preset with its whole content.
func PresetOf(catalog *preset.Catalog, p preset.Preset) (Preset, error) {
	content, err := catalog.Content(p)
	return Preset{
		APIVersion: APIVersion,
		Kind:       "Preset",
		Name:       p.Name,
		From:       catalog.From(p.Name),
		Spec:       content,
	}, err
}

// PrintFacts prints the facts as a table, one on a line.
func PrintFacts(w io.Writer, catalog *preset.Catalog, p preset.Preset) error {
	facts, err := catalog.Facts(p)
	if err != nil {
		return err
	}
	from := cmp.Or(prefixed("from ", catalog.From(p.Name)), "built in")
	fmt.Fprintf(w, "%s, %s\n\n", diag.EscapeText(p.Name), diag.EscapeText(from))
	t := newTable(w, 3, 0)
	fmt.Fprintln(t, "FACT\tVALUE\tSOURCE")
	for _, f := range facts {
		fmt.Fprintf(t, "%s\t%s\t%s\n",
			diag.EscapeText(f.Field), diag.EscapeText(cmp.Or(f.Value, "(set)")), diag.EscapeText(sourceOf(p, f)))
	}
	return t.Flush()
}

// sourceOf is the source of a fact, which says when the fact is not certain.
func sourceOf(p preset.Preset, f preset.Fact) string {
	if p.Certain(f.Field) {
		return f.Source
	}
	return "not certain: " + f.Source
}

// prefixed puts a prefix before a text, if there is one.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + strings.TrimSuffix(text, "/")
}

// ImageList is the answer of "presets images -o json".
type ImageList struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Items      []ImageItem `json:"items"`
}

// ImageItem is one line of "presets images".
type ImageItem struct {
	Image string `json:"image"` // with its registry and its tag
}

// PrintImages prints a list of images.
func PrintImages(w io.Writer, format string, names []string) error {
	items := []ImageItem{}
	for _, name := range names {
		items = append(items, ImageItem{name})
	}
	return PrintAs(w, format, ImageList{APIVersion, "ImageList", items}, names, func() error {
		_, err := fmt.Fprintln(w, "IMAGE")
		for _, name := range names {
			if err == nil {
				_, err = diag.Fprintf(w, "%s\n", name)
			}
		}
		return err
	})
}
