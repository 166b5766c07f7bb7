"use strict";
// Search over all that is said in the episodes of a page. The texts are written, and explained, by
// transforms/pages/searchable.py; they are unpacked and indexed when somebody is about to search.

const BLOCK = 150; // words that are one thing to find: a thought
const MOST = 50; // places that are shown
const field = document.querySelector("#asked");
const list = document.querySelector("#places");
const state = document.querySelector("#state");

// A word of a script without spaces is a letter.
const LETTERS = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}";
const WORD = new RegExp(`[${LETTERS}]|(?:(?![${LETTERS}])[\\p{L}\\p{N}\\p{M}'’])+`, "gu");
const folded = new Map(); // of two million words most are the same few thousand
function plain(word) {
  let known = folded.get(word);
  if (known === undefined) {
    known = word.normalize("NFD").replace(/\p{M}/gu, "").replace(/’/g, "'").toLowerCase();
    folded.set(word, known);
  }
  return known;
}
const wordsIn = (text) => text.match(WORD) ?? [];

async function unpacked() {
  const packed = document.querySelector("#said").textContent;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Turns that follow each other, until there are enough words.
function* blocksOf(turns) {
  let block = [], words = 0;
  for (const turn of turns) {
    if (block.length && (block[0][0] !== turn[0] || words >= BLOCK)) { yield block; block = []; words = 0; }
    block.push(turn);
    words += turn[4].length / 6;
  }
  if (block.length) yield block;
}

let ready = null;
function prepare() {
  if (ready) return ready;
  state.textContent = "Reading …";
  ready = unpacked().then((said) => ({ ...said, blocks: [...blocksOf(said.turns)], index: null }));
  ready.then(fillIndex);
  return ready;
}

// Two hundred hours take seconds; meanwhile all texts are looked through.
async function fillIndex(known) {
  const { blocks } = known;
  const index = new MiniSearch({ fields: ["text"], tokenize: wordsIn, processTerm: (word) => plain(word) || null });
  const size = Math.max(1, Math.ceil(blocks.length / 60));
  for (let n = 0; n < blocks.length; n += size) {
    index.addAll(blocks.slice(n, n + size).map((block, id) => ({ id: n + id, text: block.map((turn) => turn[4]).join("\n") })));
    if (!field.value) state.textContent = `Reading … ${Math.min(100, Math.round((100 * (n + size)) / blocks.length))}%`;
    await new Promise((next) => setTimeout(next));
  }
  known.index = index;
  show();
}

// Without an index: the places that have words which begin so, in the order of the episodes.
function scan({ blocks }, asked) {
  const wanted = wordsIn(asked).map(plain);
  if (!wanted.length) return [];
  const found = [];
  for (let id = 0; id < blocks.length && found.length <= MOST; id++) {
    const words = new Set(wordsIn(blocks[id].map((turn) => turn[4]).join("\n")).map(plain));
    const terms = wanted.map((term) => (words.has(term) ? term : [...words].find((word) => word.startsWith(term))));
    if (!terms.includes(undefined)) found.push({ id, terms });
  }
  return found;
}

// All words in one place, as written or begun so; only where there is none, like them.
function search({ index }, asked) {
  if (!index) return null;
  const exact = index.search(asked, { combineWith: "AND", prefix: (term) => term.length > 2 });
  if (exact.length) return exact;
  return index.search(asked, { combineWith: "AND", prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : 0) });
}

function bestTurn(block, terms) {
  const score = (turn) => new Set(wordsIn(turn[4]).map(plain).filter((word) => terms.has(word))).size;
  return block.reduce((best, turn) => (score(turn) > score(best) ? turn : best));
}

function snippet(text, terms) {
  const found = [...text.matchAll(WORD)].filter(([word]) => terms.has(plain(word)));
  const within = (at) => new Set(found.filter(({ index }) => index >= at && index < at + 240).map(([word]) => plain(word))).size;
  const at = found.reduce((best, { index }) => (within(index) > within(best) ? index : best), found[0]?.index ?? 0);
  const from = at < 90 ? 0 : text.lastIndexOf(" ", at - 60) + 1;
  const to = text.length < from + 280 ? text.length : text.indexOf(" ", from + 240) < 0 ? text.length : text.indexOf(" ", from + 240);
  const line = document.createElement("p");
  let last = from;
  if (from) line.append("… ");
  for (const { 0: word, index } of found) {
    if (index < last || index + word.length > to) continue;
    const mark = document.createElement("mark");
    mark.textContent = word;
    line.append(text.slice(last, index), mark);
    last = index + word.length;
  }
  line.append(text.slice(last, to));
  if (to < text.length) line.append(" …");
  return line;
}

function place({ episodes, speakers }, [episode, number, speaker, start, text], terms, asked) {
  const [href, title] = episodes[episode];
  const item = document.createElement("li");
  const link = document.createElement("a");
  const name = document.createElement("bdi");
  name.textContent = title;
  const where = start === null ? { turn: number } : { t: start / 100 };
  link.href = `${href}#${new URLSearchParams({ ...where, q: wordsIn(asked).length === 1 ? asked : "" })}`;
  link.append(name);
  const who = document.createElement("p");
  const seconds = Math.floor((start ?? 0) / 100);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = (clock[0] ? clock : clock.slice(1)).map((part, n) => (n ? String(part).padStart(2, "0") : part)).join(":");
  for (const fact of [speaker === null ? "Unknown speaker" : speakers[speaker], start === null ? null : shown]) {
    if (fact === null) continue;
    const span = document.createElement("span");
    span.textContent = fact;
    who.append(span);
  }
  item.append(link, who, snippet(text, terms));
  return item;
}

let latest = 0;
async function show() {
  const mine = ++latest;
  const asked = field.value.trim();
  const known = await prepare();
  if (mine !== latest) return;
  const found = asked ? (search(known, asked) ?? scan(known, asked)) : [];
  list.replaceChildren(...found.slice(0, MOST).map(({ id, terms }) => {
    const set = new Set(terms);
    return place(known, bestTurn(known.blocks[id], set), set, asked);
  }));
  const best = known.index ? `${MOST} best of ${found.length} places` : `${MOST} places; looking for the best …`;
  state.textContent = !asked ? "" : found.length > MOST ? best : `${found.length || "No"} place${found.length === 1 ? "" : "s"}`;
}

if (field) {
  let waits = 0;
  field.form.hidden = false;
  field.addEventListener("focus", prepare, { once: true });
  field.addEventListener("input", () => { clearTimeout(waits); waits = setTimeout(show, 150); });
  field.form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
}
