"use strict";
// A quote and a link to its seconds: `#t=START,END` finds it, marks it, and stops at its end.

const clockOf = (seconds) => {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return h ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
};

// What is selected of the transcript, else a turn: its words by article.
function chosen(article) {
  const selection = getSelection();
  const range = selection.isCollapsed ? null : selection.getRangeAt(0);
  const picked = paragraphs.filter((p) => (range ? range.intersectsNode(p) : p.parentElement === article));
  const said = new Map();
  for (const paragraph of picked) {
    // no paragraph that is selected is built anew: that would end the selection
    if (range && !built.has(paragraph)) {
      const inside = selection.toString().includes(paragraph.textContent) ? paragraph.textContent : selection.toString();
      add(said, paragraph, inside, []);
      continue;
    }
    const words = wordsOf(paragraph).filter((word) => !range || range.intersectsNode(word));
    const text = words.map((word, n) => (n ? word.previousSibling?.data ?? "" : "") + word.textContent).join("");
    if (words.length) add(said, paragraph, text, words.filter((word) => word.dataset.s));
  }
  return said;
}

function add(said, paragraph, text, words) {
  const article = paragraph.parentElement;
  const known = said.get(article) ?? { texts: [], words: [] };
  said.set(article, { texts: [...known.texts, text.trim()], words: [...known.words, ...words] });
}

function spanOf(said) {
  const words = [...said.values()].flatMap(({ words }) => words);
  if (words.length) return [words[0].dataset.s, words[words.length - 1].dataset.e].map(Number);
  const link = one("header a", [...said.keys()][0]);
  return link.hash.startsWith("#t=") ? link.hash.slice(3).split(",").map(Number) : null;
}

function quoteOf(article) {
  const said = chosen(article);
  if (!said.size) return null;
  const { title, show, link } = document.body.dataset;
  const span = spanOf(said);
  const from = [title + (show ? ` (${show})` : ""), ...(span ? [clockOf(span[0])] : [])].join(", ");
  const lines = [...said].map(([turn, { texts }]) => [one("h3", turn).textContent, texts.join(" ")]);
  const text = lines.length === 1 ? `“${lines[0][1]}” — ${lines[0][0]}, ${from}`
    : [...lines.map(([name, words]) => `${name}: ${words}`), `— ${from}`].join("\n");
  const here = link || location.href.replace(/#.*/, "");
  const hash = span ? `#t=${span.map((second) => Number(second.toFixed(2))).join(",")}` : one("header a", [...said.keys()][0]).hash;
  return `${text}\n${here}${hash}`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // a page that is served without TLS
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

const button = document.createElement("button");
button.type = "button";
button.className = "copy";
button.tabIndex = -1; // C does the same: a turn has one stop of Tab
button.textContent = "Copy quote";
button.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays
button.addEventListener("click", () => copyQuote(button.closest("article") ?? articleOf(getSelection().focusNode)));

async function copyQuote(article) {
  const text = quoteOf(article);
  if (!text) return;
  await copy(text);
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy quote"; }, 1500);
}

const articleOf = (node) => (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("article") ?? null;

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const article = articleOf(event.target);
    if (article && getSelection().isCollapsed && button.parentElement !== article) {
      button.removeAttribute("style");
      article.append(button);
    }
  });
}

document.addEventListener("selectionchange", () => {
  const selection = getSelection();
  if (selection.isCollapsed || !articleOf(selection.focusNode)) {
    if (button.parentElement === document.body) button.remove();
    return;
  }
  const { right, bottom } = selection.getRangeAt(0).getBoundingClientRect();
  document.body.append(button);
  button.style.top = `${bottom + scrollY + 6}px`;
  button.style.left = `${Math.max(8, Math.min(right, innerWidth - 120))}px`;
  button.style.right = "auto";
});

function openQuote() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const asked = hash.get("t");
  const [start, end] = (asked ?? "").split(",").map(Number);
  for (const word of all(".quoted")) word.classList.remove("quoted");
  const turn = hash.has("turn") ? document.getElementById(`turn-${hash.get("turn")}`) : null;
  if (turn) landOnFound(turn);
  if (!asked) landAtHash();
  if (!asked || !Number.isFinite(start)) return;
  const inside = spokenWords().filter((word) => word.start >= start - 0.01 && word.end <= (end || start + 0.01) + 0.01);
  const words = inside.map((word) => wordsOf(word.paragraph)[word.n]);
  for (const word of words) word.classList.add("quoted");
  const article = words[0]?.closest("article") ?? lastBegun(turns, start + 0.01)?.article;
  if (words.length && words[0] !== wordsOf(one("p", article))[0]) land(article, words[0]);
  else if (article) landOnFound(article);
  if (!audio) return;
  audio.currentTime = start;
  stopAt = end > start ? end : null;
  show(start);
}
addEventListener("hashchange", openQuote);
openQuote();
