// SPDX-License-Identifier: Apache-2.0

package capacity

// series is a family of sizes that share a GPU.
type series struct {
	family     string // key of the vCPU quota, as the SKU API spells it; empty if unknown
	gpu        gpu
	infiniBand bool
	nvme       bool   // KAITO keeps weights on the local NVMe disks of these
	arch       string // "" for amd64
	// unverified is why sizing does not select the sizes by itself; see SKU.Unverified.
	unverified string
	retired    string // day from which Azure no longer offers the sizes
	sizes      []size
}

// size is one row of the catalogue. share is its part of a physical GPU if that is less than one. successor is the
// closest size to a retired one: with as much GPU memory, and able to run the presets.
type size struct {
	name           string
	vcpus, ram     int // ram in GiB; 0 where the sources do not say
	gpus           int
	share          float64
	diskGiB        int // local disk: NVMe where there is any, else the temporary disk
	successor      string
	uncertain      string // as series.unverified, for one size
	withoutNetwork bool   // lacks the InfiniBand of its series
}

// Reasons why sizing does not select a size by itself.
const (
	shareOfA10   = "a share of a GPU under a vGPU driver, on which the base image has not been run"
	preview      = "the price list and Azure's pages do not agree on the names of these sizes"
	undocumented = "Azure's pages do not describe it"
)

// catalogue holds all sizes of Azure's N series that its price list of 2026-06-18 names, and those that it has dropped
// since but that users' files may still name. vCPUs, memory, GPUs and disks are from Azure's size pages and from the
// answers of its SKU API; retirement dates are from Azure's list of retired sizes. Azure's API reports neither the
// model nor the memory of GPUs, which is why this table exists.
var catalogue = []series{
	{family: "StandardNVADSA10v5Family", gpu: a10, sizes: []size{
		{name: "Standard_NV6ads_A10_v5", vcpus: 6, ram: 55, gpus: 1, share: 1.0 / 6, diskGiB: 180, uncertain: shareOfA10},
		{name: "Standard_NV12ads_A10_v5", vcpus: 12, ram: 110, gpus: 1, share: 1.0 / 3, diskGiB: 360, uncertain: shareOfA10},
		{name: "Standard_NV18ads_A10_v5", vcpus: 18, ram: 220, gpus: 1, share: 1.0 / 2, diskGiB: 720, uncertain: shareOfA10},
		{name: "Standard_NV36ads_A10_v5", vcpus: 36, ram: 440, gpus: 1, diskGiB: 1440},
		{name: "Standard_NV36adms_A10_v5", vcpus: 36, ram: 880, gpus: 1, diskGiB: 2880},
		{name: "Standard_NV72ads_A10_v5", vcpus: 72, ram: 880, gpus: 2, diskGiB: 2880},
	}},
	// The SKU API gives 1, 1 and 2 GPUs; other sources a third, two thirds and a whole one.
	{family: "StandardNCADSA10v4Family", gpu: a10, unverified: "sources differ on how much of a GPU it has", sizes: []size{
		{name: "Standard_NC8ads_A10_v4", vcpus: 8, ram: 100, gpus: 1, share: 1.0 / 3},
		{name: "Standard_NC16ads_A10_v4", vcpus: 16, ram: 200, gpus: 1, share: 2.0 / 3},
		{name: "Standard_NC32ads_A10_v4", vcpus: 32, ram: 400, gpus: 1},
	}},
	{family: "StandardNCADSA100v4Family", gpu: a100x80, nvme: true, sizes: []size{
		{name: "Standard_NC24ads_A100_v4", vcpus: 24, ram: 220, gpus: 1, diskGiB: 894},
		{name: "Standard_NC48ads_A100_v4", vcpus: 48, ram: 440, gpus: 2, diskGiB: 1788},
		{name: "Standard_NC96ads_A100_v4", vcpus: 96, ram: 880, gpus: 4, diskGiB: 3576},
	}},
	{family: "StandardNDASv4_A100Family", gpu: a100x40, infiniBand: true, sizes: []size{
		{name: "Standard_ND96asr_v4", vcpus: 96, ram: 900, gpus: 8, diskGiB: 6000},
	}},
	{family: "standardNDAMSv4_A100Family", gpu: a100x80, infiniBand: true, nvme: true, sizes: []size{
		{name: "Standard_ND96amsr_A100_v4", vcpus: 96, ram: 1900, gpus: 8, diskGiB: 6400},
		{
			name:           "Standard_ND96ams_A100_v4",
			vcpus:          96,
			ram:            1900,
			gpus:           8,
			diskGiB:        6400,
			uncertain:      undocumented,
			withoutNetwork: true,
		},
	}},
	{family: "StandardNCadsH100v5Family", gpu: h100nvl, nvme: true, sizes: []size{
		{name: "Standard_NC40ads_H100_v5", vcpus: 40, ram: 320, gpus: 1, diskGiB: 3576},
		{name: "Standard_NC80adis_H100_v5", vcpus: 80, ram: 640, gpus: 2, diskGiB: 7152},
	}},
	{family: "standardNCCadsH100v5Family", gpu: h100nvl, sizes: []size{
		{name: "Standard_NCC40ads_H100_v5", vcpus: 40, ram: 320, gpus: 1},
	}},
	{family: "standardNDSH100v5Family", gpu: h100sxm, infiniBand: true, nvme: true, sizes: []size{
		{name: "Standard_ND96isr_H100_v5", vcpus: 96, ram: 1900, gpus: 8, diskGiB: 28672},
		{name: "Standard_ND96is_H100_v5", vcpus: 96, ram: 1900, gpus: 8, uncertain: undocumented, withoutNetwork: true},
		{name: "Standard_ND96is_flex_H100_v5", vcpus: 96, ram: 1900, gpus: 8, uncertain: undocumented, withoutNetwork: true},
		{name: "Standard_ND96is_noIB_H100_v5", vcpus: 96, ram: 1900, gpus: 8, uncertain: undocumented, withoutNetwork: true},
		{name: "Standard_ND96isf_H100_v5", vcpus: 96, ram: 1900, gpus: 8, uncertain: undocumented, withoutNetwork: true},
		{name: "Standard_ND96isrf_H100_v5", vcpus: 96, ram: 1900, gpus: 8, uncertain: undocumented},
	}},
	{family: "standardNDISRH200V5Family", gpu: h200, infiniBand: true, nvme: true, sizes: []size{
		{name: "Standard_ND96isr_H200_v5", vcpus: 96, ram: 1850, gpus: 8, diskGiB: 28672},
	}},
	{gpu: gb200, infiniBand: true, nvme: true, arch: "arm64", sizes: []size{
		{name: "Standard_ND128isr_NDR_GB200_v6", vcpus: 128, ram: 900, gpus: 4, diskGiB: 16384},
		{name: "Standard_ND128isrf_NDR_GB200_v6", vcpus: 128, ram: 900, gpus: 4, uncertain: undocumented},
	}},
	// The names of the preview (16 to 320 vCPUs) and of the general release (8 to 324) stand side by side in the price
	// list. What is in the pages: 32 and 36 a quarter, 64 and 72 a half, 128 and 144 one, 256, 288 and 320 two GPUs;
	// others by their vCPUs.
	{gpu: rtx6000, unverified: preview, sizes: []size{
		{name: "Standard_NC8lds_xl_RTXPRO6000BSE_v6", vcpus: 8, gpus: 1, share: 1.0 / 8},
		{name: "Standard_NC16lds_xl_RTXPRO6000BSE_v6", vcpus: 16, ram: 64, gpus: 1, share: 1.0 / 4, diskGiB: 256},
		{name: "Standard_NC24lds_xl_RTXPRO6000BSE_v6", vcpus: 24, gpus: 1, share: 1.0 / 4},
		{name: "Standard_NC32ds_xl_RTXPRO6000BSE_v6", vcpus: 32, ram: 128, gpus: 1, share: 1.0 / 4, diskGiB: 256},
		{name: "Standard_NC32lds_xl_RTXPRO6000BSE_v6", vcpus: 32, ram: 128, gpus: 1, share: 1.0 / 4, diskGiB: 256},
		{name: "Standard_NC36ds_xl_RTXPRO6000BSE_v6", vcpus: 36, gpus: 1, share: 1.0 / 4},
		{name: "Standard_NC36lds_xl_RTXPRO6000BSE_v6", vcpus: 36, ram: 72, gpus: 1, share: 1.0 / 4},
		{name: "Standard_NC64ds_xl_RTXPRO6000BSE_v6", vcpus: 64, ram: 256, gpus: 1, share: 1.0 / 2, diskGiB: 512},
		{name: "Standard_NC64lds_xl_RTXPRO6000BSE_v6", vcpus: 64, ram: 256, gpus: 1, share: 1.0 / 2, diskGiB: 512},
		{name: "Standard_NC72ds_xl_RTXPRO6000BSE_v6", vcpus: 72, gpus: 1, share: 1.0 / 2},
		{name: "Standard_NC72lds_xl_RTXPRO6000BSE_v6", vcpus: 72, gpus: 1, share: 1.0 / 2},
		{name: "Standard_NC128ds_xl_RTXPRO6000BSE_v6", vcpus: 128, ram: 512, gpus: 1, diskGiB: 1024},
		{name: "Standard_NC128lds_xl_RTXPRO6000BSE_v6", vcpus: 128, ram: 512, gpus: 1, diskGiB: 1024},
		{name: "Standard_NC132ds_xl_RTXPRO6000BSE_v6", vcpus: 132, gpus: 1},
		{name: "Standard_NC132lds_xl_RTXPRO6000BSE_v6", vcpus: 132, gpus: 1},
		{name: "Standard_NC144ds_xl_RTXPRO6000BSE_v6", vcpus: 144, gpus: 1},
		{name: "Standard_NC144lds_xl_RTXPRO6000BSE_v6", vcpus: 144, gpus: 1},
		{name: "Standard_NC256ds_xl_RTXPRO6000BSE_v6", vcpus: 256, ram: 1024, gpus: 2, diskGiB: 2048},
		{name: "Standard_NC256lds_xl_RTXPRO6000BSE_v6", vcpus: 256, ram: 1024, gpus: 2, diskGiB: 2048},
		{name: "Standard_NC264ds_xl_RTXPRO6000BSE_v6", vcpus: 264, gpus: 2},
		{name: "Standard_NC264lds_xl_RTXPRO6000BSE_v6", vcpus: 264, gpus: 2},
		{name: "Standard_NC288ds_xl_RTXPRO6000BSE_v6", vcpus: 288, gpus: 2},
		{name: "Standard_NC288lds_xl_RTXPRO6000BSE_v6", vcpus: 288, gpus: 2},
		{name: "Standard_NC320ds_xl_RTXPRO6000BSE_v6", vcpus: 320, ram: 1280, gpus: 2, diskGiB: 2048},
		{name: "Standard_NC320lds_xl_RTXPRO6000BSE_v6", vcpus: 320, ram: 1280, gpus: 2, diskGiB: 2048},
		{name: "Standard_NC324ds_xl_RTXPRO6000BSE_v6", vcpus: 324, gpus: 2},
		{name: "Standard_NC324lds_xl_RTXPRO6000BSE_v6", vcpus: 324, gpus: 2},
	}},

	// Too old for bfloat16.
	{family: "Standard NCASv3_T4 Family", gpu: t4, sizes: []size{
		{name: "Standard_NC4as_T4_v3", vcpus: 4, ram: 28, gpus: 1, diskGiB: 176},
		{name: "Standard_NC8as_T4_v3", vcpus: 8, ram: 56, gpus: 1, diskGiB: 352},
		{name: "Standard_NC16as_T4_v3", vcpus: 16, ram: 110, gpus: 1, diskGiB: 352},
		{name: "Standard_NC64as_T4_v3", vcpus: 64, ram: 440, gpus: 4, diskGiB: 2816},
	}},
	{family: "standardNDv2Family", gpu: v100x32, infiniBand: true, sizes: []size{
		{name: "Standard_ND40rs_v2", vcpus: 40, ram: 672, gpus: 8, diskGiB: 2948},
		{
			name:           "Standard_ND40s_v2",
			vcpus:          40,
			ram:            672,
			gpus:           8,
			diskGiB:        2948,
			uncertain:      undocumented,
			withoutNetwork: true,
		},
	}},

	// Not CUDA.
	{family: "standardNDISv5MI300XFamily", gpu: mi300x, infiniBand: true, nvme: true, sizes: []size{
		{name: "Standard_ND96isr_MI300X_v5", vcpus: 96, ram: 1850, gpus: 8, diskGiB: 28672},
		{name: "Standard_ND96is_MI300X_v5", vcpus: 96, ram: 1850, gpus: 8, diskGiB: 28672, withoutNetwork: true},
	}},
	{family: "StandardNGADSV620v1Family", gpu: v620, sizes: []size{
		{name: "Standard_NG8ads_V620_v1", vcpus: 8, ram: 16, gpus: 1, share: 1.0 / 4},
		{name: "Standard_NG16ads_V620_v1", vcpus: 16, ram: 32, gpus: 1, share: 1.0 / 2},
		{name: "Standard_NG32ads_V620_v1", vcpus: 32, ram: 64, gpus: 1},
		{name: "Standard_NG32adms_V620_v1", vcpus: 32, ram: 176, gpus: 1},
	}},
	{family: "StandardNVadsV710v5Family", gpu: v710, sizes: []size{
		{name: "Standard_NV4ads_V710_v5", vcpus: 4, ram: 16, gpus: 1, share: 1.0 / 6},
		{name: "Standard_NV8ads_V710_v5", vcpus: 8, ram: 32, gpus: 1, share: 1.0 / 3},
		{name: "Standard_NV12ads_V710_v5", vcpus: 12, ram: 64, gpus: 1, share: 1.0 / 2},
		{name: "Standard_NV24ads_V710_v5", vcpus: 24, ram: 128, gpus: 1},
		{name: "Standard_NV28adms_V710_v5", vcpus: 28, ram: 160, gpus: 1},
	}},
	{gpu: notAGPU, sizes: []size{
		{name: "Standard_NP10s", vcpus: 10, ram: 168},
		{name: "Standard_NP20s", vcpus: 20, ram: 336},
		{name: "Standard_NP40s", vcpus: 40, ram: 672},
		{name: "Standard_NM16ads_MA35D", vcpus: 16},
	}},
}
