// SPDX-License-Identifier: Apache-2.0
// Keeps the page up to date: the server says that something has changed, and the parts that differ are replaced. The
// page is complete without it.
"use strict";
(() => {
  const unit = (n, word) => `${Math.floor(n)} ${word}`;

  // ago is what the server writes too.
  function ago(seconds) {
    if (seconds < 60) return "just now";
    if (seconds < 3600) return unit(seconds / 60, "min");
    if (seconds < 172800) return unit(seconds / 3600, "h");
    return unit(seconds / 86400, "d");
  }

  function tick() {
    for (const t of document.querySelectorAll("time[data-ago]")) {
      let text = ago((Date.now() - skew - Date.parse(t.dateTime)) / 1000);
      if (t.dataset.ago && text !== "just now") text += " ago";
      if (t.textContent !== text) t.textContent = text;
    }
  }

  const body = document.body;
  const skew = Date.now() - Date.parse(body.dataset.now || new Date().toISOString()); // of the clock here
  setInterval(tick, 15000);

  for (const control of document.querySelectorAll("form.filter select")) {
    control.addEventListener("change", () => control.form.requestSubmit());
  }

  const source = body.dataset.changes;
  if (!source || !("EventSource" in window)) return;
  const light = document.getElementById("live");
  const says = document.getElementById("says");
  let version = body.dataset.version;
  let busy = false;
  let stale = false;

  // mark finds the element again that has the focus, after its part has been replaced.
  function mark(element, part) {
    if (!part.contains(element)) return null;
    const path = [];
    for (let e = element; e !== part; e = e.parentElement) {
      path.unshift([...e.parentElement.children].indexOf(e));
    }
    const href = element.getAttribute("href");
    return () => {
      if (href) {
        for (const a of part.querySelectorAll("a[href]")) {
          if (a.getAttribute("href") === href) return a;
        }
      }
      return path.reduce((e, i) => e && e.children[i], part);
    };
  }

  function replace(part, next) {
    const find = mark(document.activeElement, part);
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
    part.replaceChildren(...next.childNodes);
    for (const id of open) {
      const d = id && document.getElementById(id);
      if (d) d.open = true;
    }
    const element = find && find();
    if (element) element.focus({ preventScroll: true });
  }

  // selecting says that the user is about to copy something.
  function selecting() {
    const selection = getSelection();
    return selection.type === "Range" && selection.toString() !== "";
  }

  async function refresh() {
    if (busy || document.hidden || selecting()) {
      stale = true;
      return;
    }
    busy = true;
    stale = false;
    try {
      const response = await fetch(location.href, { cache: "no-store", redirect: "manual" });
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
        location.reload();
        return;
      }
      if (!response.ok) return;
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const part of document.querySelectorAll("[data-part]")) {
        const now = next.getElementById(part.id);
        if (now && now.innerHTML !== part.innerHTML) replace(part, now);
      }
      const head = document.querySelector("h1");
      if (head && document.title !== next.title) {
        document.title = next.title;
        says.textContent = head.textContent;
      }
      version = next.body.dataset.version;
    } finally {
      busy = false;
    }
    tick();
    if (stale) setTimeout(refresh, 1000);
  }

  document.addEventListener("visibilitychange", () => stale && refresh());
  document.addEventListener("selectionchange", () => stale && !selecting() && refresh());

  light.hidden = false;
  function connect() {
    const events = new EventSource(`${source}?version=${encodeURIComponent(version)}`);
    events.addEventListener("open", () => {
      light.textContent = "Live";
      light.classList.remove("off");
    });
    events.addEventListener("changed", (e) => e.data !== version && refresh());
    events.addEventListener("error", () => {
      light.textContent = "Not connected";
      light.classList.add("off");
      events.close();
      setTimeout(connect, 3000);
    });
  }
  connect();
})();
