"use strict";
// The audio, and what of the page follows it: the word, the turn and the line through the lanes.

const audio = one("audio");
const follow = one("#follow");
const isStill = matchMedia("(prefers-reduced-motion: reduce)");
const voices = one(".voices[data-length]");
const SCROLL = 700; // milliseconds that a smooth one takes; another word may come meanwhile
const PAUSE = 0.6; // seconds for which a word stays marked behind its end
let stopAt = null; // where a quote ends
let now = null, current = null;

function play(second) {
  if (!audio) return;
  stopAt = null;
  audio.currentTime = second;
  if (follow) follow.checked = true;
  audio.play().catch(() => {});
}

// All words that may be marked, by when they begin, without making elements of them.
let spoken = null;
function spokenWords() {
  if (spoken) return spoken;
  spoken = [];
  for (const paragraph of paragraphs) {
    if (!paragraph.dataset.w) continue;
    timesOf(paragraph).forEach((time, n) => { if (time) spoken.push({ ...time, paragraph, n }); });
  }
  spoken.sort((a, b) => a.start - b.start);
  return spoken;
}

const turns = all("article header a[data-e]").map((link) => ({
  start: Number(link.dataset.s), end: Number(link.dataset.e), article: link.closest("article"),
})).sort((a, b) => a.start - b.start);

function lastBegun(list, second) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].start <= second) low = middle + 1; else high = middle;
  }
  return list[low - 1];
}

function spokenAt(second) {
  const word = lastBegun(spokenWords(), second + 0.02);
  return word && word.isFollowed && second <= word.end + PAUSE ? word : null;
}

function show(second) {
  if (head) {
    head.hidden = !second;
    head.style.left = `${(100 * second) / voices.dataset.length}%`;
  }
  const word = spokenAt(second);
  const element = word ? wordsOf(word.paragraph)[word.n] : null;
  if (element !== now) {
    now?.classList.remove("now");
    element?.classList.add("now");
    now = element;
  }
  const turn = word ? word.paragraph.closest("article")
    : turns.find(({ start, end }) => start <= second && second <= end)?.article ?? null;
  if (turn !== current) {
    current?.removeAttribute("aria-current");
    turn?.setAttribute("aria-current", "true");
    current = turn;
    if (!element) keepInView(turn);
  }
  keepInView(element);
}

let scrolledAt = -SCROLL;
function keepInView(element) {
  if (!element || !follow?.checked || audio.paused || performance.now() < scrolledAt + SCROLL || isBefore(element)) return;
  const { top, bottom } = element.getBoundingClientRect();
  if (top >= 60 && bottom <= innerHeight - 130) return;
  const isFar = top < -innerHeight || bottom > 2 * innerHeight;
  scrolledAt = performance.now();
  held = null;
  layOut();
  element.scrollIntoView({ block: "center", behavior: isFar || isStill.matches ? "instant" : "smooth" });
}

function letGo() {
  if (!follow || audio.paused) return;
  follow.checked = false;
  scrollTo({ top: scrollY, behavior: "instant" }); // a smooth one on its way would go on
}

function tick() {
  const second = audio.currentTime;
  if (stopAt !== null && second >= stopAt) {
    if (second < stopAt + 1) audio.pause(); // else somebody has gone on from there
    stopAt = null;
  }
  show(second);
}

function run() {
  tick();
  if (!audio.paused) requestAnimationFrame(run);
}

// Where the file is not there any more: one beside the page, and then the publisher's, which is asked when played.
const others = (audio?.dataset.others ?? "").split(" ").filter(Boolean);
function tryOther() {
  const other = others.shift();
  if (!other) { one(".broken").hidden = false; return; }
  const { currentTime, paused } = audio;
  audio.preload = /^https?:/.test(other) ? "none" : "metadata";
  audio.src = other;
  audio.currentTime = currentTime;
  if (!paused) audio.play().catch(() => {});
}

// The line through the lanes, and a field over them to click on; who has no mouse has chapters, words and keys.
let field = null, head = null;
if (voices && audio) {
  field = document.createElement("div");
  head = document.createElement("div");
  field.className = "field";
  head.className = "head";
  head.hidden = true;
  field.append(head);
  one(".lanes", voices).append(field);
  field.addEventListener("click", (event) => {
    const { left, width } = field.getBoundingClientRect();
    play(((event.clientX - left) / width) * voices.dataset.length);
  });
}

if (audio) {
  audio.addEventListener("play", run);
  audio.addEventListener("timeupdate", tick); // a page in the background draws no frames
  audio.addEventListener("seeking", () => show(audio.currentTime));
  audio.addEventListener("error", tryOther);
  if (audio.error) tryOther();
  for (const kind of ["wheel", "touchmove"]) {
    addEventListener(kind, letGo, { passive: true });
  }
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-s]");
  if (!target || !audio || !getSelection().isCollapsed || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.matches("a")) {
    event.preventDefault();
    history.replaceState(null, "", target.hash);
    landAtHash();
    target.focus({ preventScroll: true });
  }
  play(Number(target.dataset.s));
});
