// SPDX-License-Identifier: Apache-2.0

package capacity

// Successors of retired sizes.
const (
	oneA10  = "Standard_NV36ads_A10_v5"
	twoA10  = "Standard_NV72ads_A10_v5"
	oneA100 = "Standard_NC24ads_A100_v4"
	twoA100 = "Standard_NC48ads_A100_v4"
)

// retirements holds the series that Azure no longer offers, so that a file that names one gets a useful error. A price
// does not prove that Azure offers a size: half of these are still in the price list. The NV and NVv2 series have the
// dates of their announcement.
var retirements = []series{
	{family: "standardNCSv3Family", gpu: v100x16, retired: "2025-09-30", sizes: []size{
		{name: "Standard_NC6s_v3", vcpus: 6, ram: 112, gpus: 1, diskGiB: 736, successor: oneA10},
		{name: "Standard_NC12s_v3", vcpus: 12, ram: 224, gpus: 2, diskGiB: 1474, successor: twoA10},
		{name: "Standard_NC24s_v3", vcpus: 24, ram: 448, gpus: 4, diskGiB: 2948, successor: oneA100},
	}},
	{family: "standardNCSv3Family", gpu: v100x16, infiniBand: true, retired: "2025-09-30", sizes: []size{
		{name: "Standard_NC24rs_v3", vcpus: 24, ram: 448, gpus: 4, diskGiB: 2948, successor: oneA100},
	}},
	{family: "standardNVSv3Family", gpu: m60, retired: "2026-09-30", sizes: []size{
		{name: "Standard_NV12s_v3", vcpus: 12, ram: 112, gpus: 1, diskGiB: 320, successor: oneA10},
		{name: "Standard_NV24s_v3", vcpus: 24, ram: 224, gpus: 2, diskGiB: 640, successor: oneA10},
		{name: "Standard_NV48s_v3", vcpus: 48, ram: 448, gpus: 4, diskGiB: 1280, successor: twoA10},
	}},
	{family: "standardNVSv4Family", gpu: mi25, retired: "2026-09-30", sizes: []size{
		{name: "Standard_NV4as_v4", vcpus: 4, ram: 14, gpus: 1, share: 1.0 / 8, diskGiB: 88, successor: oneA10},
		{name: "Standard_NV8as_v4", vcpus: 8, ram: 28, gpus: 1, share: 1.0 / 4, diskGiB: 176, successor: oneA10},
		{name: "Standard_NV16as_v4", vcpus: 16, ram: 56, gpus: 1, share: 1.0 / 2, diskGiB: 352, successor: oneA10},
		{name: "Standard_NV32as_v4", vcpus: 32, ram: 112, gpus: 1, diskGiB: 704, successor: oneA10},
	}},
	{family: "standardNCFamily", gpu: k80, retired: "2023-08-31", sizes: []size{
		{name: "Standard_NC6", vcpus: 6, ram: 56, gpus: 1, successor: oneA10},
		{name: "Standard_NC12", vcpus: 12, ram: 112, gpus: 2, successor: oneA10},
		{name: "Standard_NC24", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
		{name: "Standard_NC24r", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
		{name: "Standard_NC6_Promo", vcpus: 6, ram: 56, gpus: 1, successor: oneA10},
		{name: "Standard_NC12_Promo", vcpus: 12, ram: 112, gpus: 2, successor: oneA10},
		{name: "Standard_NC24_Promo", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
		{name: "Standard_NC24r_Promo", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
	}},
	{family: "standardNCSv2Family", gpu: p100, retired: "2023-08-31", sizes: []size{
		{name: "Standard_NC6s_v2", vcpus: 6, ram: 112, gpus: 1, successor: oneA10},
		{name: "Standard_NC12s_v2", vcpus: 12, ram: 224, gpus: 2, successor: twoA10},
		{name: "Standard_NC24s_v2", vcpus: 24, ram: 448, gpus: 4, successor: oneA100},
		{name: "Standard_NC24rs_v2", vcpus: 24, ram: 448, gpus: 4, successor: oneA100},
	}},
	{family: "standardNDSFamily", gpu: p40, retired: "2023-08-31", sizes: []size{
		{name: "Standard_ND6s", vcpus: 6, ram: 112, gpus: 1, successor: oneA100},
		{name: "Standard_ND12s", vcpus: 12, ram: 224, gpus: 2, successor: oneA100},
		{name: "Standard_ND24s", vcpus: 24, ram: 448, gpus: 4, successor: twoA100},
		{name: "Standard_ND24rs", vcpus: 24, ram: 448, gpus: 4, successor: twoA100},
	}},
	{family: "standardNVFamily", gpu: m60, retired: "2023-09-06", sizes: []size{
		{name: "Standard_NV6", vcpus: 6, ram: 56, gpus: 1, successor: oneA10},
		{name: "Standard_NV12", vcpus: 12, ram: 112, gpus: 2, successor: oneA10},
		{name: "Standard_NV24", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
		{name: "Standard_NV6_Promo", vcpus: 6, ram: 56, gpus: 1, successor: oneA10},
		{name: "Standard_NV12_Promo", vcpus: 12, ram: 112, gpus: 2, successor: oneA10},
		{name: "Standard_NV24_Promo", vcpus: 24, ram: 224, gpus: 4, successor: twoA10},
		{name: "Standard_NV6s_v2", vcpus: 6, ram: 112, gpus: 1, successor: oneA10},
		{name: "Standard_NV12s_v2", vcpus: 12, ram: 224, gpus: 2, successor: oneA10},
		{name: "Standard_NV24s_v2", vcpus: 24, ram: 448, gpus: 4, successor: twoA10},
	}},
}
