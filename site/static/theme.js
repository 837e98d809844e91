// SPDX-License-Identifier: Apache-2.0
// The button for light and dark. Without a choice the site follows the system.
"use strict";
(() => {
  const root = document.documentElement;
  const get = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const set = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* for this page only */ } };
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const chosen = get();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const show = () => { button.textContent = dark() ? "Light" : "Dark"; };
    button.hidden = false;
    show();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      set(root.dataset.theme);
      show();
    });
    const here = document.querySelector("#navigation [aria-current]");
    if (here) here.scrollIntoView({ block: "nearest" });
  });
})();
