"use strict";
// Jumps within the page. Turns far from the screen are laid out by a guess, so that a long page is shown at once. Before
// a jump all are laid out, and the browser remembers their heights: what is jumped to stays where it was put.

const root = document.documentElement;
const TOP = 80; // pixels from the top for a turn or a chapter, as scroll-margin has it: below the bar of Find
let knownWidth = 0; // of the window for which all heights are known

function layOut() {
  if (knownWidth === innerWidth) return;
  knownWidth = innerWidth;
  root.classList.add("whole");
  // a height is remembered at the end of a frame
  requestAnimationFrame(() => requestAnimationFrame(() => root.classList.remove("whole")));
}

let held = null; // what was jumped to, an element or a range, until somebody does something else

function align() {
  if (!held) return;
  const at = held.isWithin ? innerHeight / 3 : TOP;
  scrollBy({ top: held.target.getBoundingClientRect().top - at, behavior: "instant" });
}

// To a turn or chapter, or to a place within one: `place` is a word or a range.
function land(element, place = null) {
  leave();
  layOut();
  element.classList.add("landed");
  held = { target: place ?? element, isWithin: place !== null };
  align();
}

function leave() {
  held = null;
  for (const element of all(".landed")) element.classList.remove("landed");
}

// Before what is jumped to nothing is followed: the turn before a chapter may go on into it.
const isBefore = (element) => Boolean(held) && held.target instanceof Node
  && Boolean(element.compareDocumentPosition(held.target) & Node.DOCUMENT_POSITION_FOLLOWING);

function landAtHash() {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.matches("article, h2.chapter")) land(target);
}

addEventListener("resize", layOut);
document.addEventListener("scrollend", align); // the browser's own way to a hash is a smooth one, begun before
new ResizeObserver(align).observe(one("#transcript"));
for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => { held = null; }, { passive: true });
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, leave, { capture: true });
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) landAtHash(); // no other hash, no event
}, { capture: true });
// behind the first paint: End, the scrollbar and the browser's own search then know how long the page is
addEventListener("load", () => setTimeout(layOut, 200));
