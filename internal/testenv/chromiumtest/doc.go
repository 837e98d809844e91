// SPDX-License-Identifier: Apache-2.0

// Package chromiumtest looks at pages in a real browser: Chromium without a window, steered by chromedp. It takes
// screenshots, and has axe-core look for what keeps people with disabilities out.
//
//	b := chromiumtest.Start(t)
//	b.Open(server.URL)
//	b.Screenshot("fleet")
//	if findings := b.Axe(); len(findings) > 0 { ... }
//
// Where no Chromium is installed, a test that calls Start is left out, and "make test" names it: the name of such a
// test begins with TestChromium. With the environment variable SYNCER_CHROMIUM=required it fails instead. CHROMIUM
// names another program. Screenshots go to the folder that SYNCER_SCREENSHOTS names, or else to the artifacts of the
// test.
package chromiumtest
