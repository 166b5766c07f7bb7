"use strict";
// What differs between the publisher and the recogniser: [first word, how many, what the other has] in data-d.

const differ = one("#differ");

function showDifferences() {
  for (const other of all("article ins")) other.remove();
  for (const word of all(".differs")) word.classList.remove("differs");
  if (!differ.checked) return;
  for (const paragraph of paragraphs) {
    if (!paragraph.dataset.d) continue;
    const words = wordsOf(paragraph);
    for (const [first, count, text] of JSON.parse(paragraph.dataset.d)) {
      for (const word of words.slice(first, first + count)) word.classList.add("differs");
      if (!text) continue;
      const other = document.createElement("ins");
      other.textContent = text;
      if (count) words[first + count - 1].after(other); else (words[first] ?? words[words.length - 1]).before(other);
    }
  }
}
differ?.addEventListener("change", () => {
  showDifferences();
  knownWidth = 0;
  layOut();
});
