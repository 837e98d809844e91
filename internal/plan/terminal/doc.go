// SPDX-License-Identifier: Apache-2.0

// Package terminal writes a plan for people at a terminal, in the manner of "terraform plan".
//
//	1 model replaced, serving interrupted, +2,679 USD/month: changes     the whole answer
//	~ default/chat                                                       each Workspace that changes
//	      size  Standard_NC24ads_A100_v4 -> Standard_NC40ads_H100_v5     old and new values
//	    + Pool/wchatmpedxu3                                              and its pools and objects
//	4 Workspaces do not change.
//	Cost: 3.67 -> 6.98 USD/h, 2,681 -> 5,095 USD/month
//	Blocked, Warnings                                                    last, where one looks first
package terminal
