"use strict";
// The words of the transcript as elements, made when they come near the screen: a three-hour episode has thirty
// thousand. data-w and data-l are written, and explained, by transforms/pages/encoding.py.

const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const one = (selector, from = document) => from.querySelector(selector);
const paragraphs = all("article > p");
const whenBuilt = []; // called with each paragraph whose text has become other nodes

function timesOf(paragraph) {
  let at = 0;
  return (paragraph.dataset.w || "").split(" ").map((code) => {
    if (!code.includes(",")) return null;
    const [gap, length] = code.replace(/[!?]/g, "").split(",");
    const start = at + parseInt(gap || "0", 36);
    at = start + parseInt(length, 36);
    return { start: start / 100, end: at / 100, isFollowed: !code.includes("!"), isLow: code.includes("?") };
  });
}

function piecesOf(paragraph) {
  const text = paragraph.textContent;
  if (!paragraph.dataset.l) return text.split(" ").map((word, n) => [n ? " " : "", word]);
  const lengths = paragraph.dataset.l.split(" ").map((length) => parseInt(length, 36));
  const pieces = [];
  for (let n = 0, at = 0; n < lengths.length; n += 2) {
    const from = at, middle = at + lengths[n];
    at = middle + lengths[n + 1];
    pieces.push([text.slice(from, middle), text.slice(middle, at)]);
  }
  return pieces;
}

const built = new Map();

function wordsOf(paragraph) {
  if (built.has(paragraph)) return built.get(paragraph);
  const times = timesOf(paragraph);
  const words = [], content = [];
  piecesOf(paragraph).forEach(([gap, text], n) => {
    const word = document.createElement("span");
    word.textContent = text;
    if (times[n]) {
      word.dataset.s = times[n].start;
      word.dataset.e = times[n].end;
      word.tabIndex = -1;
      if (times[n].isLow) word.className = "low";
    }
    words.push(word);
    content.push(gap, word);
  });
  paragraph.replaceChildren(...content);
  built.set(paragraph, words);
  near.unobserve(paragraph);
  for (const tell of whenBuilt) tell(paragraph);
  return words;
}

const near = new IntersectionObserver(
  (seen) => { for (const { target, isIntersecting } of seen) if (isIntersecting) wordsOf(target); },
  { rootMargin: "600px" },
);
for (const paragraph of paragraphs) if (paragraph.dataset.w) near.observe(paragraph);
for (const tool of all(".needs-script")) tool.hidden = false;
