"use strict";
// Find in the page: in all turns, without case and accents, each place marked without changing the text.

const input = one("#find");
const found = one("#found");
const marks = "highlights" in CSS ? new Highlight() : null;
marks && CSS.highlights.set("found", marks);
let hits = [], place = -1, wanted = "";

// As long as the text, so that places are the same in both.
const fold = (text) => [...text].map((letter) => {
  const plain = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.length === letter.length ? plain : letter;
}).join("").replace(/[\s\u00a0]/g, " ").replace(/[‘’]/g, "'").replace(/[“”]/g, '"');

function placesIn(paragraph) {
  const text = fold(paragraph.textContent), places = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) places.push(at);
  return places;
}

function rangeOf(paragraph, from, to) {
  const range = document.createRange();
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  for (let at = 0, node = walker.nextNode(); node; at += node.data.length, node = walker.nextNode()) {
    if (from >= at && from < at + node.data.length) range.setStart(node, from - at);
    if (to > at && to <= at + node.data.length) { range.setEnd(node, to - at); return range; }
  }
  return range;
}

const marked = new Map(); // paragraph -> its ranges
function mark(paragraph, places = placesIn(paragraph)) {
  for (const range of marked.get(paragraph) ?? []) marks?.delete(range);
  marked.set(paragraph, places.map((at) => rangeOf(paragraph, at, at + wanted.length)));
  for (const range of marked.get(paragraph)) marks?.add(range);
}
whenBuilt.push((paragraph) => { if (marked.has(paragraph)) mark(paragraph); });

function find() {
  wanted = fold(input.value.trim());
  marks?.clear();
  marked.clear();
  hits = [];
  place = -1;
  if (wanted) {
    for (const paragraph of paragraphs) {
      const places = placesIn(paragraph);
      if (!places.length) continue;
      mark(paragraph, places);
      places.forEach((_, n) => hits.push({ paragraph, n }));
    }
  }
  found.textContent = !wanted ? "" : hits.length === 1 ? "1 place" : `${hits.length || "no"} places`;
  showTicks();
}

function go(step) {
  if (!hits.length) return;
  place = (place + step + hits.length + (place < 0 && step < 0 ? 1 : 0)) % hits.length;
  const { paragraph, n } = hits[place];
  for (const article of all("article.hit")) article.classList.remove("hit");
  paragraph.parentElement.classList.add("hit");
  paragraph.scrollIntoView({ block: "nearest", behavior: "instant" });
  wordsOf(paragraph);
  const { top } = (marked.get(paragraph)?.[n] ?? paragraph).getBoundingClientRect();
  scrollBy({ top: top - innerHeight / 3, behavior: isStill.matches ? "instant" : "auto" });
  found.textContent = `${place + 1} of ${hits.length}`;
}

function showTicks() {
  for (const tick of all(".tick")) tick.remove();
  if (!field) return;
  for (const article of new Set(hits.map(({ paragraph }) => paragraph.parentElement))) {
    const start = one("header a", article).dataset.s;
    if (start === undefined) continue;
    const tick = document.createElement("div");
    tick.className = "tick";
    tick.style.left = `${(100 * start) / voices.dataset.length}%`;
    field.append(tick);
  }
}

if (input) {
  let waits = 0;
  input.addEventListener("input", () => { clearTimeout(waits); waits = setTimeout(find, 120); });
  one(".find").addEventListener("submit", (event) => {
    event.preventDefault();
    if (wanted !== fold(input.value.trim())) find();
    go(1);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; find(); }
    if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); go(-1); }
  });
  for (const step of all(".find [data-step]")) step.addEventListener("click", () => go(Number(step.dataset.step)));
  const asked = new URLSearchParams(location.hash.slice(1)).get("q");
  if (asked) { input.value = asked; find(); if (location.hash.startsWith("#q=")) go(1); }
}
