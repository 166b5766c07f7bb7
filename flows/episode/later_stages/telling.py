"""Transcripts with what is told of them: the names of voices, seconds of published words, how wrong ours was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.artifacts import Artifact, Store
from flows.episode.given_names import Names
from flows.episode.later_stages.force_stage import ALIGNMENT
from flows.episode.later_stages.introduce_stage import INTRODUCTIONS
from flows.episode.later_stages.merge_stage import Parents, merged_id_of, stage_merged
from flows.episode.later_stages.told import Document, Told, stage_told
from flows.payloads import read_json
from transforms.alignment import rows
from transforms.alignment.merging import merge
from transforms.alignment.moving import moved_chapters
from transforms.alignment.rows import Name, Reference
from transforms.introductions import Introductions
from transforms.voices.person import Identity
from warehouse.loading.staging import Row

METHOD = "told-5"


@dataclass(frozen=True, slots=True)
class User:
    """What a user says of transcripts: the names of their voices, and which are to be read."""

    names: Names
    pins: frozenset[str]

    def called(self, *documents: Document) -> dict[str, str]:
        """Return the names of the labels of some transcripts; the last wins."""
        return {label: name for one in documents for label, name in self.names.get(one.transcript_id, {}).items()}

    def is_pinned(self, document: Document) -> bool:
        """Check whether a transcript is to be read, whatever else there is."""
        return document.transcript_id in self.pins


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a transcript of our own, and what tells who they are.

    That are the texts that it was aligned with, its own words (`None`: they name nobody), the user, and voices of
    other episodes (`persons`, by label). `apart` is what was heard of another audio file of the episode, aligned
    with it, `first` that of the first file where that is another one: with it came the chapters of the feed.
    """

    heard: Document
    texts: Mapping[Document, Artifact]
    apart: Mapping[Document, Artifact]
    first: Mapping[Document, Artifact]
    introduced: Artifact | None
    user: User
    persons: Mapping[str, Identity]

    @property
    def labels(self) -> list[str | None]:
        """The voice of each word."""
        return [word["speaker_label"] for word in self.heard.row["words"]]

    def reference(self, text: Document) -> Reference:
        """Read what a text says of them."""
        return rows.reference(text.row, read_json(ALIGNMENT, self.texts[text]), self.labels)

    def references(self) -> list[Reference]:
        """Read what each text says of them."""
        return [self.reference(text) for text in self.texts]

    def introductions(self) -> Introductions:
        """Read who they are by the words of the episode."""
        return read_json(INTRODUCTIONS, self.introduced) if self.introduced else Introductions((), ())

    def names(self, references: list[Reference]) -> dict[str, Name]:
        """Return what they are called: by the user, the text that fits best, their own words, or their sound."""
        said = [(rows.names_by(t.row, one), one) for t, one in zip(self.texts, references, strict=True)]
        by_texts = rows.agreed([(names, one.alignment.share) for names, one in said])
        found = by_texts or rows.names_said(self.introductions())
        return rows.names_of(self.persons) | found | _by_user(self.user.called(self.heard))

    def with_chapters(self, row: Row) -> Row:
        """Put the chapters that the feed gave with another audio file on the clock of this one."""
        for other, found in self.first.items():
            given = row["given_chapters"], self.heard.row, other.row, read_json(ALIGNMENT, found)
            row = {**row, "given_chapters": moved_chapters(*given)}
        return row

    def told(self, *documents: Document) -> Told:
        """Name what tells of them, and of other transcripts of the episode beside theirs."""
        names = self.user.called(self.heard, *documents)
        is_pinned = any(self.user.is_pinned(one) for one in documents or (self.heard,))
        others = (*(() if documents else self.apart.values()), *self.first.values())
        alignments = tuple({one.manifest.key: one for one in (*self.texts.values(), *others)}.values())
        return Told(METHOD, alignments, self.introduced, names, is_pinned, self.persons)


def tell_heard(store: Store, voices: Voices) -> Artifact | None:
    """Stage a transcript of our own with the names that its voices have, and how wrong it was."""
    return stage_told(store, voices.heard, voices.told(), lambda: _heard_row(voices))


def _heard_row(voices: Voices) -> Row:
    references = voices.references()
    names = voices.names(references)
    by_texts = [(one, rows.names_by(text.row, one)) for text, one in zip(voices.texts, references, strict=True)]
    known = rows.with_voices(voices.heard.row, voices.persons)
    row = rows.evidenced(rows.named(known, names), names, voices.introductions(), by_texts)
    for other, found in voices.apart.items():
        row = rows.compared(row, other.transcript_id, read_json(ALIGNMENT, found))
    return voices.with_chapters(rows.judged(row, references))


def tell_text(store: Store, text: Document, voices: Voices | None, user: User) -> Artifact | None:
    """Stage a published text on the clock of what was heard, and with the voices if it names nobody."""
    told = voices.told(text) if voices else Told(METHOD, (), None, user.called(text), user.is_pinned(text), {})
    return stage_told(store, text, told, lambda: _text_row(text, voices, user))


def tell_foreign(store: Store, text: Document, alignment: Artifact, user: User) -> Artifact | None:
    """Stage a published text that is in another language than what was heard, as it is and with a flag."""
    told = Told(METHOD, (alignment,), None, user.called(text), user.is_pinned(text), {})
    return stage_told(store, text, told, lambda: rows.translated(_text_row(text, None, user)))


def _text_row(text: Document, voices: Voices | None, user: User) -> Row:
    row = text.row
    if voices is not None:
        found = read_json(ALIGNMENT, voices.texts[text])
        row = voices.with_chapters(rows.aligned(row, voices.heard.transcript_id, found, voices.labels))
        persons = voices.persons
        if not any(turn["speaker_label"] for turn in text.row["turns"]):
            row = rows.named(row, voices.names(voices.references()))
        elif persons:
            named = voices.reference(text).named
            persons = {named[label].speaker: who for label, who in persons.items() if label in named}
        row = rows.identified(row, persons)
    return rows.named(row, _by_user(user.called(text)))


def tell_merged(store: Store, voices: Voices, newest: Mapping[str, str]) -> Artifact | None:
    """Stage the best of what was heard and of the text that fits it best; nothing where that text is the best."""
    heard, merged_id = voices.heard, merged_id_of(voices.heard.transcript_id)
    text = max((one for one in voices.texts if _is_to_merge(one, voices)), key=_fitness(voices), default=None)
    before = store.find("stage", newest[merged_id]) if merged_id in newest else None

    def compute() -> Row | None:
        if text is None:
            return None
        reference = voices.reference(text)
        return merge(
            _text_row(text, voices, voices.user), reference.alignment, _heard_row(voices), reference.named
        )

    told = voices.told(text) if text else voices.told()
    return stage_merged(
        store, Parents(merged_id, text, heard), told, before, compute, merged_id in voices.user.pins
    )


def _is_to_merge(text: Document, voices: Voices) -> bool:
    """Check whether a text has words of the publisher's that were heard; captions are no better than ours."""
    is_match = voices.texts[text].manifest.facts["is_match"]
    return bool(is_match and text.row["turns"] and text.row["transcript"]["source"] == "publisher")


def _fitness(voices: Voices) -> Callable[[Document], Any]:
    """Return how a text is compared with others: one with speakers wins, then what was heard of it."""

    def key(text: Document) -> tuple[bool, float, str]:
        found = read_json(ALIGNMENT, voices.texts[text])
        return any(t["speaker_label"] for t in text.row["turns"]), found.heard_share, text.transcript_id

    return key


def _by_user(called: Mapping[str, str]) -> dict[str, Name]:
    return {label: Name(name, "user", 1.0) for label, name in called.items()}
