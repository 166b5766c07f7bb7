"""What a reader made of a document, judged word by word against what its author meant."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from tests.corpus.third import Document
from transforms.transcripts.assemble import Published
from transforms.transcripts.labels.names import clean, fold

TENTH = 0.1
SAME_SECONDS = 0.06
MOST_WRONG_RUNS = 0.01
_UNSPACED = r"\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:[^\W_{_UNSPACED}]|[\u0300-\u036f\u0900-\u0963\u0966-\u097f])+")


@dataclass
class Verdict:
    """How one document was read. Shares are of the words that are said.

    right     words at their speaker; a word that is lost or at nobody is not
    elsewhere words at somebody else, or at somebody where the document names nobody
    extra     words read as speech that nobody says, by the words that are said
    """

    right: float = 0.0
    elsewhere: float = 0.0
    extra: float = 0.0
    invented: tuple[str, ...] = ()
    runs: tuple[int, int] = (0, 0)
    times: bool = False
    chapters: bool = False
    title: bool = False
    flags: tuple[str, ...] = ()
    confidence: float | None = None
    refused: str = ""
    labels: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def speakers_right(self) -> bool:
        """Check whether every word stands at its speaker, the runs are right and nobody is invented."""
        meant, found = self.runs
        runs = abs(meant - found) <= MOST_WRONG_RUNS * meant
        return not self.refused and self.right >= 0.995 and self.extra <= 0.01 and runs and not self.invented

    @property
    def wholly_right(self) -> bool:
        """Check whether times, chapters and title are right as well."""
        return self.speakers_right and self.times and self.chapters and self.title

    @property
    def is_silent(self) -> bool:
        """Check whether over a tenth of the words is not at its speaker, and nothing says so."""
        return not self.refused and 1 - self.right > TENTH and not self.flags


def words(text: str) -> list[str]:
    """Split a text into words without marks and case, and where a script has no spaces into characters."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def judge(document: Document, published: Published) -> Verdict:
    """Compare what was read with what is said."""
    person = {_plain(form): name for form, name in document.written}
    person |= {fold(form): name for form, name in document.written}
    meant = [(word, at) for at, said in enumerate(document.said) for word in words(said.text)]
    found = [(word, at) for at, turn in enumerate(published.turns) for word in words(turn.text)]
    read = [_person(turn.speaker, person) for turn in published.turns]
    pairs = _aligned([word for word, _ in meant], [word for word, _ in found])
    right = elsewhere = 0
    for one, other in pairs:
        truth, reading = document.said[meant[one][1]].speaker, read[found[other][1]]
        right += truth == reading
        elsewhere += truth != reading and reading is not None
    matched = {other for _, other in pairs}
    extra = Counter(word for at, (word, _) in enumerate(found) if at not in matched)
    extra -= Counter(word for text in document.optional for word in words(text))
    known = {said.speaker for said in document.said}
    verdict = Verdict(
        right=right / max(len(meant), 1),
        elsewhere=elsewhere / max(len(meant), 1),
        extra=extra.total() / max(len(meant), 1),
        invented=tuple(sorted({name for name in read if name and name not in known})),
        runs=(_runs(said.speaker for said in document.said), _runs(read)),
        flags=published.flags,
        confidence=getattr(published, "parse_confidence", None),
        labels=len({name for name in read if name}),
    )
    first = {meant[one][1]: found[other][1] for one, other in reversed(pairs)}
    verdict.times = _times(document, published, first, verdict.notes)
    verdict.chapters = "two documents" in document.odd or _chapters(document, published, verdict.notes)
    title = published.known("title")
    verdict.title = document.title is None or fold(document.title) == fold(title or "")
    verdict.notes += [] if verdict.title else [f"title {document.title!r} → {title!r}"]
    return verdict


def _plain(label: str) -> str:
    return fold(clean(label)[0])


def _person(label: str | None, person: dict[str, str]) -> str | None:
    """Return the person whom a document writes so; a label that it never uses stays as it is."""
    if label is None:
        return None
    return person.get(fold(label)) or person.get(_plain(label)) or label


def _runs(speakers) -> int:
    return sum(1 for _ in groupby(speakers))


def _aligned(meant: list[str], found: list[str]) -> list[tuple[int, int]]:
    """Return the places of the words that both have, by the fewest edits."""
    pairs: list[tuple[int, int]] = []
    for tag, start, end, other, other_end in Levenshtein.opcodes(meant, found).as_list():
        if tag == "equal":
            pairs += zip(range(start, end), range(other, other_end), strict=True)
    return pairs


def _times(document: Document, published: Published, first: dict[int, int], notes: list[str]) -> bool:
    """Check the time of each turn that opens a run: a time that the document does not give is invented."""
    before: str | None = ""
    for at, said in enumerate(document.said):
        opens = said.speaker is None or said.speaker != before
        before = said.speaker
        if not opens or at not in first:
            continue
        turn = published.turns[first[at]]
        time = None if said.start_time is None and turn.time_source == "chapter" else turn.start_time
        if time is None or said.start_time is None:
            same = time == said.start_time
        else:
            same = abs(time - said.start_time) < SAME_SECONDS
        if not same:
            notes.append(f"time of turn {at}: {said.start_time} → {turn.start_time}")
            return False
    return True


def _chapters(document: Document, published: Published, notes: list[str]) -> bool:
    found = [(chapter.title, chapter.start_time) for chapter in published.chapters]
    same = [fold(title) for title, _ in document.chapters] == [fold(title) for title, _ in found]
    times = same and all(
        meant is None or (time is not None and abs(meant - time) < 1.001)
        for (_, meant), (_, time) in zip(document.chapters, found, strict=True)
    )
    if not times:
        notes.append(f"chapters {list(document.chapters)[:4]} → {found[:4]}")
    return times
