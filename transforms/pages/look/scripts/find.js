"use strict";
// Find in the page: in all turns, without case and accents, each place marked without changing the text. What is typed
// is found as it is; a link from a search (`&q=`) brings words and "phrases in quotes".

const input = one("#find");
const found = one("#found");
const marks = "highlights" in CSS ? new Highlight() : null;
marks && CSS.highlights.set("found", marks);
let hits = [], place = -1;
let wanted = []; // texts, and whether each begins a word

// As long as the text, so that places are the same in both.
const fold = (text) => [...text].map((letter) => {
  const plain = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.length === letter.length ? plain : letter;
}).join("").replace(/[\s\u00a0]/g, " ").replace(/[‘’]/g, "'").replace(/[“”]/g, '"');

const WITHIN = /[\p{L}\p{N}\p{M}]$/u; // letters without spaces between them are words of their own
const ALONE = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const wantedOf = (text) => (text ? [{ words: text, isBegun: false }] : []);

// `&q=` → its words and phrases.
function wantedFrom(asked) {
  const parts = [...fold(asked).matchAll(/"([^"]+)"|[^\s"]+/g)].map(([part, phrase]) => (phrase ?? part).trim().replace(/\*$/, ""));
  return [...new Set(parts.filter(Boolean))].map((words) => ({ words, isBegun: !ALONE.test(words) }));
}

function placesIn(paragraph) {
  const text = fold(paragraph.textContent), places = [];
  for (const { words, isBegun } of wanted) {
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
      if (!isBegun || !WITHIN.test(text.slice(0, at))) places.push([at, at + words.length]);
    }
  }
  return places.sort(([a], [b]) => a - b);
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
  marked.set(paragraph, places.map(([from, to]) => rangeOf(paragraph, from, to)));
  for (const range of marked.get(paragraph)) marks?.add(range);
}
whenBuilt.push((paragraph) => { if (marked.has(paragraph)) mark(paragraph); });

function find(texts) {
  wanted = texts;
  marks?.clear();
  marked.clear();
  hits = [];
  place = -1;
  for (const article of all("article.hit")) article.classList.remove("hit");
  if (wanted.length) {
    for (const paragraph of paragraphs) {
      const places = placesIn(paragraph);
      if (!places.length) continue;
      mark(paragraph, places);
      places.forEach((_, n) => hits.push({ paragraph, n }));
    }
  }
  input.form.classList.toggle("used", wanted.length > 0);
  found.textContent = !wanted.length ? "" : hits.length === 1 ? "1 place" : `${hits.length || "no"} places`;
  showTicks();
}

function go(step) {
  if (!hits.length) return;
  letGo(); // what is heard would call back
  place = (place + step + hits.length + (place < 0 && step < 0 ? 1 : 0)) % hits.length;
  const { paragraph, n } = hits[place];
  for (const article of all("article.hit")) article.classList.remove("hit");
  paragraph.parentElement.classList.add("hit");
  wordsOf(paragraph);
  land(paragraph.parentElement, marked.get(paragraph)[n]);
  found.textContent = `${place + 1} of ${hits.length}`;
}

// On a turn; where what was found stands below the screen, there.
function landOnFound(article) {
  land(article);
  const first = hits.findIndex(({ paragraph }) => paragraph.parentElement === article);
  if (first < 0) return;
  place = first - 1;
  wordsOf(hits[first].paragraph);
  const { bottom } = marked.get(hits[first].paragraph)[hits[first].n].getBoundingClientRect();
  if (bottom > innerHeight - 130) { go(1); return; }
  place = first;
  article.classList.add("hit");
  found.textContent = `${place + 1} of ${hits.length}`;
}

// The field sticks to the top while it is used: the place where one reads is not left.
function openFind() {
  if (!input) return;
  input.focus({ preventScroll: true });
  const { top, bottom } = input.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) input.scrollIntoView({ block: "center", behavior: "instant" });
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

function findTyped() {
  find(wantedOf(fold(input.value.trim())));
  go(1);
}

function findLinked() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("q");
  if (!asked) return;
  input.value = asked;
  find(wantedFrom(asked));
  if (location.hash.startsWith("#q=")) go(1);
}

if (input) {
  let waits = null;
  input.addEventListener("input", () => { clearTimeout(waits); waits = setTimeout(() => { waits = null; findTyped(); }, 120); });
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (waits === null) { go(1); return; }
    clearTimeout(waits);
    waits = null;
    findTyped();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; find([]); }
    if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); go(-1); }
  });
  for (const step of all(".find [data-step]")) step.addEventListener("click", () => go(Number(step.dataset.step)));
  addEventListener("hashchange", findLinked); // before the jump to it, of quotes.js
  findLinked();
}
