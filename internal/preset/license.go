// SPDX-License-Identifier: Apache-2.0

package preset

import "strings"

// License is how a licence is called, and where to read it.
type License struct {
	Name  string // SPDX identifier, or else the name that the publisher gives it
	URL   string // of the text; empty for an SPDX identifier
	Terms string // what is unusual in it, as one line
}

// metaTerms are those of each Llama licence, and nvidiaLicenses is the folder of NVIDIA's.
const (
	metaTerms = "acceptable use policy; a company with over 700 million monthly users needs a licence of Meta"

	nvidiaLicenses = "https://www.nvidia.com/en-us/agreements/enterprise-software/"
)

// licenses holds the licences that models have often, by their tag on Hugging Face (hub-docs, repositories-licenses) or
// by the license_name of a model card.
var licenses = map[string]License{
	"apache-2.0":      {Name: "Apache-2.0"},
	"mit":             {Name: "MIT"},
	"bsd-2-clause":    {Name: "BSD-2-Clause"},
	"bsd-3-clause":    {Name: "BSD-3-Clause"},
	"cc0-1.0":         {Name: "CC0-1.0"},
	"cc-by-4.0":       {Name: "CC-BY-4.0"},
	"cc-by-sa-4.0":    {Name: "CC-BY-SA-4.0"},
	"cc-by-nc-4.0":    {Name: "CC-BY-NC-4.0", Terms: nonCommercial},
	"cc-by-nc-sa-4.0": {Name: "CC-BY-NC-SA-4.0", Terms: nonCommercial},
	"cc-by-nc-nd-4.0": {Name: "CC-BY-NC-ND-4.0", Terms: nonCommercial},
	"gpl-3.0":         {Name: "GPL-3.0-only"},
	"agpl-3.0":        {Name: "AGPL-3.0-only"},
	"unlicense":       {Name: "Unlicense"},
	"llama2": {
		Name:  "Llama 2 Community License Agreement",
		URL:   "https://ai.meta.com/llama/license/",
		Terms: metaTerms,
	},
	"llama3": {
		Name:  "Llama 3 Community License Agreement",
		URL:   "https://www.llama.com/llama3/license/",
		Terms: metaTerms,
	},
	"llama3.1": {
		Name:  "Llama 3.1 Community License Agreement",
		URL:   "https://www.llama.com/llama3_1/license/",
		Terms: metaTerms,
	},
	"llama3.2": {
		Name:  "Llama 3.2 Community License Agreement",
		URL:   "https://www.llama.com/llama3_2/license/",
		Terms: metaTerms,
	},
	"llama3.3": {
		Name:  "Llama 3.3 Community License Agreement",
		URL:   "https://www.llama.com/llama3_3/license/",
		Terms: metaTerms,
	},
	"llama4": {
		Name:  "Llama 4 Community License Agreement",
		URL:   "https://www.llama.com/llama4/license/",
		Terms: metaTerms,
	},
	"gemma": {
		Name:  "Gemma Terms of Use",
		URL:   "https://ai.google.dev/gemma/terms",
		Terms: "prohibited use policy, which users have to pass on",
	},
	"nvidia-open-model-license": {
		Name:  "NVIDIA Open Model License Agreement",
		URL:   nvidiaLicenses + "nvidia-open-model-license/",
		Terms: "commercial use allowed; ends for who bypasses safety guardrails",
	},
	"nvidia-nemotron-open-model-license": {
		Name:  "NVIDIA Nemotron Open Model License",
		URL:   nvidiaLicenses + "nvidia-nemotron-open-model-license/",
		Terms: "commercial use allowed",
	},
	"openmdw-1.1": {
		Name:  "OpenMDW-1.1",
		URL:   "https://openmdw.ai/license/1-1/",
		Terms: "permissive, for all materials of the model",
	},
	"modified-mit": {Name: "Modified MIT License"}, // of several publishers, each with a text of its own
}

const nonCommercial = "no commercial use"

// LicenseOf returns the licence with a tag of Hugging Face, or with a name of a model card. An unknown one keeps its
// name.
func LicenseOf(tag string) License {
	if l, ok := licenses[strings.ToLower(tag)]; ok {
		return l
	}
	return License{Name: tag}
}

// SPDX reports whether the licence has an SPDX identifier, so that its name says which text holds.
func (l License) SPDX() bool {
	for _, known := range licenses {
		if known.Name == l.Name {
			return known.URL == "" && known.Name != "Modified MIT License"
		}
	}
	return false
}
