// SPDX-License-Identifier: Apache-2.0
// The search. The index is a script beside this one, loaded when the field gets the focus, so that it works without a
// server too. A passage is found if it has every word of the question, as a whole or as the beginning of a word.
"use strict";
(() => {
  const root = document.currentScript.dataset.root;
  const form = document.getElementById("search");
  const field = form.elements.q;
  const list = document.getElementById("hits");
  const most = 12;
  let loading = null;
  let chosen = -1;

  const fold = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");
  // A name such as QuotaExceeded is found as it is, and by its words.
  const apart = (text) => text.replace(/(\p{Ll})(?=\p{Lu}\p{Ll})/gu, "$1 ");
  const both = (text) => " " + fold(text) + (apart(text) === text ? "" : " " + fold(apart(text)));
  const load = () => loading ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = root + "search-index.js";
    script.onload = () => resolve(window.searchIndex.map((h) => ({
      ...h, title: both(h.t), heading: both(h.h || h.t), text: both(h.x),
    })));
    script.onerror = reject;
    document.head.append(script);
  });

  // score returns how well a passage answers, and 0 if a word is missing.
  const score = (h, words, phrase) => {
    let sum = h.heading.includes(" " + phrase) ? 40 : h.text.includes(" " + phrase) ? 10 : 0;
    for (const w of words) {
      const at = " " + w;
      let s = 0;
      if (h.heading.includes(at)) s += h.heading.includes(at + " ") || h.heading.endsWith(at) ? 12 : 8;
      if (h.title.includes(at)) s += 5;
      if (h.text.includes(at)) s += 1 + Math.min(4, h.text.split(at).length - 1);
      if (!s) return 0;
      sum += s;
    }
    return h.u.startsWith("repository/") ? sum / 2 : sum; // for people who change syncer
  };

  const mark = (text, words) => {
    const out = document.createDocumentFragment();
    const found = new RegExp("(?<![\\p{L}\\p{N}])(" + words.join("|") + ")", "giu"); // words have letters and digits alone
    let from = 0;
    for (const m of text.matchAll(found)) {
      out.append(text.slice(from, m.index));
      const b = document.createElement("mark");
      b.textContent = m[0];
      out.append(b);
      from = m.index + m[0].length;
    }
    out.append(text.slice(from));
    return out;
  };

  const excerpt = (h, words) => {
    const small = h.x.toLowerCase();
    const at = Math.max(0, Math.min(...words.map((w) => { const i = small.indexOf(w); return i < 0 ? Infinity : i; })));
    const from = Number.isFinite(at) && at > 50 ? h.x.indexOf(" ", at - 50) + 1 : 0;
    return (from ? "… " : "") + h.x.slice(from, from + 150) + (h.x.length > from + 150 ? " …" : "");
  };

  const open = (yes) => {
    list.hidden = !yes;
    field.setAttribute("aria-expanded", String(yes));
  };
  const choose = (n) => {
    const items = list.querySelectorAll("a");
    if (!items.length) return;
    chosen = (n + items.length) % items.length;
    items.forEach((a, i) => a.setAttribute("aria-selected", String(i === chosen)));
    field.setAttribute("aria-activedescendant", items[chosen].id);
    items[chosen].scrollIntoView({ block: "nearest" });
  };

  const show = async () => {
    const phrase = fold(field.value).trim();
    const words = phrase.split(" ").filter(Boolean);
    chosen = -1;
    field.removeAttribute("aria-activedescendant");
    if (!words.length) return open(false);
    let index;
    try { index = await load(); } catch { list.textContent = "The index cannot be loaded."; return open(true); }
    if (phrase !== fold(field.value).trim()) return; // more was typed meanwhile
    const found = index.map((h) => ({ h, s: score(h, words, phrase) })).filter((f) => f.s)
      .sort((a, b) => b.s - a.s).slice(0, most);
    list.replaceChildren(...found.map(({ h }, i) => {
      const a = document.createElement("a");
      a.href = root + h.u;
      a.id = "hit-" + i;
      a.setAttribute("role", "option");
      a.setAttribute("aria-selected", "false");
      a.tabIndex = -1;
      const title = document.createElement("strong");
      title.append(mark(h.h ? h.t + ": " + h.h : h.t, words));
      const text = document.createElement("span");
      text.append(mark(excerpt(h, words), words));
      a.append(title, text);
      return a;
    }));
    if (!found.length) list.textContent = "Nothing has all of these words.";
    open(true);
  };

  form.hidden = false;
  field.addEventListener("focus", () => { load().catch(() => {}); if (list.childNodes.length && field.value) open(true); });
  field.addEventListener("input", show);
  field.addEventListener("keydown", (e) => {
    if (e.key === "ArrowDown") { e.preventDefault(); choose(chosen + 1); }
    if (e.key === "ArrowUp") { e.preventDefault(); choose(chosen - 1); }
    if (e.key === "Escape") open(false);
  });
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    const items = list.querySelectorAll("a");
    if (items.length) items[Math.max(chosen, 0)].click();
  });
  list.addEventListener("click", () => open(false));
  document.addEventListener("click", (e) => { if (!form.contains(e.target)) open(false); });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(input|textarea)$/i.test(document.activeElement.tagName)) { e.preventDefault(); field.focus(); }
  });
})();
