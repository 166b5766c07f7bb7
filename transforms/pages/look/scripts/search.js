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

// As `turntable search` reads it: "a phrase" stands in a row, as does what is several words, 機械; begin* is all that
// begins so, as is what somebody still types.
function partsOf(asked, forms) {
  const parts = asked.replace(/[“”„‟«»]/g, '"').match(/"[^"]*"|[^\s"]+/g) ?? [];
  return parts.map((part) => {
    const words = wordsIn(part).map(plain), isQuoted = part.startsWith('"');
    const isOpen = /\*"?$/.test(part) || (!isQuoted && words.length === 1 && words[0].length > 2);
    const isPhrase = isQuoted || words.length > 1;
    return { words, isOpen, isPhrase, forms: (!isPhrase && forms.get(words[0])) || [] };
  }).filter(({ words }) => words.length);
}

const meets = (word, part, n) => word === part.words[n] || part.forms.includes(word) || (part.isOpen && n === part.words.length - 1 && word.startsWith(part.words[n]));

// Where a phrase begins, among the words of a turn.
function startsOf(part, words) {
  const starts = [];
  for (let at = 0; at + part.words.length <= words.length; at++) {
    if (part.words.every((_, n) => meets(words[at + n], part, n))) starts.push(at);
  }
  return starts;
}

function hasPhrases(block, parts) {
  const phrases = parts.filter(({ isPhrase }) => isPhrase);
  if (!phrases.length) return true;
  const turns = block.map((turn) => wordsIn(turn[4]).map(plain));
  return phrases.every((part) => turns.some((words) => startsOf(part, words).length));
}

async function unpacked() {
  const packed = document.querySelector("#said").textContent;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// The forms of each word that are said: of several languages, those of all.
function formsOf(groups) {
  const forms = new Map();
  for (const words of groups.map((group) => group.split(" "))) {
    for (const word of words) forms.set(word, [...(forms.get(word) ?? []), ...words]);
  }
  return forms;
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
  ready = unpacked().then((said) => ({ ...said, forms: formsOf(said.forms), blocks: [...blocksOf(said.turns)], index: null }));
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
function scan({ blocks }, parts) {
  if (!parts.length) return [];
  const found = [];
  for (let id = 0; id < blocks.length && found.length <= MOST; id++) {
    const words = new Set(wordsIn(blocks[id].map((turn) => turn[4]).join("\n")).map(plain));
    const terms = parts.flatMap((part) => part.words.map((term, n) => (words.has(term) ? term : [...words].find((word) => meets(word, part, n)))));
    if (!terms.includes(undefined) && hasPhrases(blocks[id], parts)) found.push({ id, terms });
  }
  return found;
}

// All parts in one place, as written, in another form or begun so; only where there is none, and no phrase in quotes, words like them.
function search({ index, blocks }, parts) {
  if (!index) return null;
  if (!parts.length) return [];
  const asked = (more) => ({
    combineWith: "AND",
    queries: parts.map((part) => ({
      combineWith: "OR",
      queries: [
        {
          queries: [part.words.join(" ")],
          combineWith: "AND",
          prefix: (_, n, terms) => part.isOpen && n === terms.length - 1,
          ...(part.isPhrase ? {} : more),
        },
        ...part.forms.map((form) => ({ queries: [form], prefix: false, fuzzy: false })),
      ],
    })),
  });
  const exact = index.search(asked({})).filter(({ id }) => hasPhrases(blocks[id], parts));
  if (exact.length) return exact;
  const like = index.search(asked({ prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : 0) }));
  return like.filter(({ id }) => hasPhrases(blocks[id], parts));
}

// What was found in a text, from where to where: words of a phrase only where it stands in a row.
function foundIn(text, terms, parts) {
  const words = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word: plain(word), from: index, to: index + word.length }));
  const plainWords = words.map(({ word }) => word);
  const phrases = parts.filter(({ isPhrase }) => isPhrase);
  const places = phrases.flatMap((part) => startsOf(part, plainWords).map((at) => ({
    name: part.words.join(" "), from: words[at].from, to: words[at + part.words.length - 1].to,
  })));
  const single = parts.filter(({ isPhrase }) => !isPhrase);
  const inPhrases = new Set(phrases.flatMap((part) => part.words));
  const isSingle = (word) => terms.has(word) && (single.some((part) => meets(word, part, 0)) || (single.length && !inPhrases.has(word)));
  for (const { word, from, to } of words) {
    if (isSingle(word) && !places.some((place) => from < place.to && place.from < to)) places.push({ name: word, from, to });
  }
  return places.sort((a, b) => a.from - b.from);
}

function bestTurn(block, terms, parts) {
  const namesIn = (turn) => [...new Set(foundIn(turn[4], terms, parts).map(({ name }) => name))];
  const sizes = block.map((turn) => namesIn(turn).join(" ").length);
  return block[sizes.indexOf(Math.max(...sizes))];
}

function snippet(text, found) {
  const within = (at) => new Set(found.filter((place) => place.from >= at && place.from < at + 240).map(({ name }) => name)).size;
  const at = found.reduce((best, place) => (within(place.from) > within(best) ? place.from : best), found[0]?.from ?? 0);
  const from = at < 90 ? 0 : text.lastIndexOf(" ", at - 60) + 1;
  const to = text.length < from + 280 ? text.length : text.indexOf(" ", from + 240) < 0 ? text.length : text.indexOf(" ", from + 240);
  const line = document.createElement("p");
  let last = from;
  if (from) line.append("… ");
  for (const place of found) {
    if (place.from < last || place.to > to) continue;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(place.from, place.to);
    line.append(text.slice(last, place.from), mark);
    last = place.to;
  }
  line.append(text.slice(last, to));
  if (to < text.length) line.append(" …");
  return line;
}

// What the page of the episode is to find: what was found here, as it is said; what is several words, in quotes.
function foundAs(text, found) {
  const said = new Map(found.map(({ name, from, to }) => [name, text.slice(from, to)]));
  return [...said.values()].map((words) => (wordsIn(words).length > 1 ? `"${words.replaceAll('"', " ")}"` : words)).join(" ");
}

function place({ episodes, speakers }, [episode, number, speaker, start, text], terms, parts) {
  const found = foundIn(text, terms, parts);
  const [href, title] = episodes[episode];
  const item = document.createElement("li");
  const link = document.createElement("a");
  const name = document.createElement("bdi");
  name.textContent = title;
  const where = start === null ? { turn: number } : { t: start / 100 };
  link.href = `${href}#${new URLSearchParams({ ...where, q: foundAs(text, found) })}`;
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
  item.append(link, who, snippet(text, found));
  return item;
}

let latest = 0;
async function show() {
  const mine = ++latest;
  const asked = field.value.trim();
  const known = await prepare();
  if (mine !== latest) return;
  const parts = partsOf(asked, known.forms);
  const found = search(known, parts) ?? scan(known, parts);
  list.replaceChildren(...found.slice(0, MOST).map(({ id, terms }) => {
    const set = new Set(terms);
    return place(known, bestTurn(known.blocks[id], set, parts), set, parts);
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
