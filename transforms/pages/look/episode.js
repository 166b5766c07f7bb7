(() => {
  "use strict";
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (selector, from = document) => from.querySelector(selector);
  const audio = one("audio");
  const paragraphs = all("article > p");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  for (const node of all(".find, .switches, .keys")) node.hidden = false;

  // Words: data-w and data-l are written by transforms/pages/encoding.py.
  const timesOf = (p) => {
    let at = 0;
    return (p.dataset.w || "").split(" ").map((code) => {
      if (!code.includes(",")) return null;
      const [gap, length] = code.replace(/[!?]/g, "").split(",");
      const start = at + parseInt(gap || "0", 36);
      at = start + parseInt(length, 36);
      return { start: start / 100, end: at / 100, measured: !code.includes("!"), low: code.includes("?") };
    });
  };
  const piecesOf = (p) => {
    if (!p.dataset.l) return p.textContent.split(" ").map((text, n) => [n ? " " : "", text]);
    const text = p.textContent, pieces = [];
    const lengths = p.dataset.l.split(" ").map((length) => parseInt(length, 36));
    for (let n = 0, at = 0; n < lengths.length; n += 2) {
      pieces.push([text.slice(at, at + lengths[n]), text.slice(at + lengths[n], at + lengths[n] + lengths[n + 1])]);
      at += lengths[n] + lengths[n + 1];
    }
    return pieces;
  };
  const built = new Map(); // paragraph -> its words as elements
  const wordsOf = (p) => {
    if (built.has(p)) return built.get(p);
    const times = p.dataset.w ? timesOf(p) : [];
    const words = [], content = [];
    piecesOf(p).forEach(([gap, text], n) => {
      const span = document.createElement("span");
      span.textContent = text;
      if (times[n]) {
        span.tabIndex = -1;
        span.dataset.s = times[n].start;
        span.dataset.e = times[n].end;
        if (times[n].low) span.className = "low";
      }
      words.push(span);
      content.push(gap, span);
    });
    p.replaceChildren(...content);
    built.set(p, words);
    return words;
  };
  const near = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) { near.unobserve(target); wordsOf(target); }
  }, { rootMargin: "600px" });
  for (const p of paragraphs) if (p.dataset.w) near.observe(p);

  const play = (second) => {
    if (!audio) return;
    stopAt = null;
    audio.currentTime = second;
    audio.play().catch(() => {});
  };
  let stopAt = null;
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-s]");
    if (!target || !audio || !getSelection().isCollapsed) return;
    if (target.matches("a")) { event.preventDefault(); history.replaceState(null, "", target.hash); }
    if (target.closest(".chapters")) document.getElementById(target.hash.slice(1))?.scrollIntoView();
    play(Number(target.dataset.s));
  });
})();
