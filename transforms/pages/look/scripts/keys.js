"use strict";
// Keys: one stop of Tab a turn, arrows between its words, and what players have. Single letters can be turned off.

const letters = one("#keys");
const STEP = 10; // seconds
const SCROLLS = ["PageUp", "PageDown", "ArrowUp", "ArrowDown"];

const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());
const SINGLE = {
  k: () => audio && toggle(),
  j: () => audio && (audio.currentTime = Math.max(0, audio.currentTime - STEP)),
  l: () => audio && (audio.currentTime += STEP),
  c: () => copyQuote(articleOf(document.activeElement) ?? current),
  "/": () => openFind(),
};

function wordTo(key) {
  const article = articleOf(document.activeElement);
  if (!article) return null;
  const words = all("p", article).flatMap(wordsOf).filter((word) => word.dataset.s);
  const at = words.indexOf(document.activeElement);
  const isTurned = words[0] && getComputedStyle(words[0].parentElement).direction === "rtl";
  const step = (key === "ArrowRight") === !isTurned ? 1 : -1;
  if (key === "Home") return at < 0 ? null : words[0];
  if (key === "End") return at < 0 ? null : words[words.length - 1];
  return words[at + step] ?? (at === 0 ? one("header a", article) : null);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input[type=search], textarea")) return;
  const focused = document.activeElement;
  if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
    const word = event.target.matches("audio") ? null : wordTo(event.key);
    if (!word) return;
    word.focus();
  } else if ((event.key === "Enter" || event.key === " ") && focused.matches("p > [data-s]")) {
    play(Number(focused.dataset.s));
  } else if (event.key === "Escape" && focused.matches("p > [data-s]")) {
    one("header a", articleOf(focused)).focus();
  } else if (letters?.checked && !event.shiftKey && SINGLE[event.key.toLowerCase()]) {
    SINGLE[event.key.toLowerCase()]();
  } else {
    if (audio && SCROLLS.includes(event.key)) letGo();
    return;
  }
  event.preventDefault();
});
