"""What the transcripts of an episode tell of each other: times for what was published, names for who was heard.

Each published text is aligned with each transcript of our own (stage `align`), whose own words tell who is heard
where no text does (`introduce`). What follows from that, what a user calls a voice, and whose voice it is
(`flows.voices`), becomes newer documents of the same transcripts, made of those that were staged first: their
`base`. Whatever came first, the result is the same; nothing is recognised anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.artifacts import Artifact, Damaged, Made, Manifest, Store, read_manifest
from flows.episode.given_names import Names, check_name, give_name, given_names
from flows.episode.later_stages.force_stage import ALIGNMENT, N_CLIPS, force, sides_of
from flows.episode.later_stages.introduce_stage import INTRODUCTIONS, introduce
from flows.episode.later_stages.merge_stage import Parents, merged_name, stage_merged
from flows.episode.later_stages.told import Document, Told, documents, stage_told
from flows.episode.pins import keep_pin, pins
from flows.episode.stages import decode_keys
from flows.home import clock
from flows.loader import load_and_publish
from flows.payloads import read_json, read_samples
from flows.runs import StageFailed, record, say
from flows.settings import Settings
from transforms import alignment
from transforms.alignment import Alignment, rows
from transforms.alignment.ends import until_quiet
from transforms.alignment.forcing import clips_of
from transforms.alignment.merging import merge
from transforms.alignment.moving import moved_chapters
from transforms.alignment.rows import Name, Reference
from transforms.errors import Interrupted, SourceError, one_line
from transforms.introductions import Introductions
from transforms.languages import primary_language
from transforms.records import Word
from transforms.voices.person import Identity, known_as
from warehouse import query
from warehouse.loading.staging import Row

METHOD = "told-4"

_LEAST_WORDS = 20  # of a text and of speech, before they prove anything: a summary has no turns, music no words


class Decoded:
    """The decoded audio of a home, by the hash of its samples.

    What was fetched tells the keys of what is decoded of it today; the home is looked through, once, for audio
    that was decoded by other code.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, str] = {}

    def ended(self, words: list[Word], heard: Manifest) -> list[Word]:
        """Let words end where their sound does; as they are where the channels were heard apart, or are gone."""
        found = self.of(heard)
        return until_quiet(words, read_samples(found[0])) if len(found) == 1 else words

    def of(self, heard: Manifest) -> tuple[Artifact, ...]:
        """Find the audio that was heard, as one or as its channels; none where it is gone."""
        wanted = [sha256 for name, sha256 in sorted(heard.inputs.items()) if name.startswith("decode")]
        near = self._of_fetched(heard.inputs.get("fetch"))
        if not near.keys() >= set(wanted):
            self._keys = self._keys or {one.sha256: one.key for one in self._store.manifests("decode")}
        keys = [near.get(sha256) or self._keys.get(sha256) for sha256 in wanted]
        found = [self._store.find("decode", key) if key else None for key in keys]
        return tuple(one for one in found if one) if all(found) else ()

    def _of_fetched(self, sha256: str | None) -> dict[str, str]:
        """Return the keys of what was decoded of some audio by the code of today, by the hash of the samples."""
        found: dict[str, str] = {}
        for key in decode_keys(sha256) if sha256 else ():
            with suppress(Damaged):
                found[read_manifest(self._store.folder("decode", key)).sha256] = key
        return found


def align_known(settings: Settings, episode_ids: set[str]) -> tuple[Artifact, ...]:
    """Align what the warehouse has of some episodes, and of those that a text has left since."""
    return align_episodes(settings, query.episodes_to_align(settings.snapshot, episode_ids))


def align_episodes(settings: Settings, wanted: set[str]) -> tuple[Artifact, ...]:
    """Align the transcripts of each episode with each other."""
    decoded = Decoded(Store(settings.home))
    return tuple(one for name in sorted(wanted) for one in align_episode(settings, name, {}, decoded))


def name_voice(settings: Settings, episode_id: str, label: str, name: str | None) -> int:
    """Call a voice of an episode by a name, in all its transcripts, and load that; in how many turns it is heard.

    `None` takes back what a user called it.

    Raises:
        SourceError: the episode has no such voice.
        ContentError: the name has no letter, or is longer than a name.
    """
    if name is not None:
        check_name(name)
    voices = query.voices(settings.snapshot, episode_id)
    found = next((one for one in voices if one.label == label), None)
    if found is None:
        known = ", ".join(dict.fromkeys(one.label for one in voices)) or "none"
        msg = f"no voice of this episode is called {label!r}: its labels are {known}"
        raise SourceError(msg)
    store = Store(settings.home)
    give_name(store, found.transcript_id, label, name)

    def persons(document: Document) -> Mapping[str, Identity]:
        """Leave out whose voice it was until now."""
        is_meant = document.transcript_id == found.transcript_id
        return {one: who for one, who in document.persons.items() if one != label or not is_meant}

    if _align_episode(store, settings, episode_id, {}, Decoded(store), persons):
        load_and_publish(settings)
    return found.turns


def tell_persons(
    settings: Settings,
    episode_id: str,
    persons: Mapping[str, Mapping[str, Identity]],
    forgotten: Collection[str],
    decoded: Decoded,
) -> tuple[Artifact, ...]:
    """Stage anew the transcripts of an episode with whose their voices are, by transcript and label.

    A transcript of which nothing is known now keeps what was said of it, but for persons who are forgotten. That a
    match is more or less sure by now is no news by itself.
    """

    def known(document: Document) -> Mapping[str, Identity]:
        told = persons.get(document.transcript_id, document.persons)
        told = {label: who for label, who in told.items() if who.speaker_id not in forgotten}
        return document.persons if known_as(told) == known_as(document.persons) else told

    return _align_episode(Store(settings.home), settings, episode_id, {}, decoded, known)


def pin_transcript(settings: Settings, episode_id: str, name: str | None) -> str | None:
    """Let a transcript of an episode be the one to read, whatever else there is, and load that; its source.

    It is named by its source or the beginning of its id. `None` takes back what was pinned.

    Raises:
        SourceError: the episode has no such transcript, or several.
    """
    store = Store(settings.home)
    known = {row[0]: row[1] for row in query.transcripts(settings.snapshot, episode_id).rows}
    chosen = None if name is None else _chosen(known, name)
    for transcript_id in known.keys() & (pins(store) | {chosen}):
        if (transcript_id == chosen) != (transcript_id in pins(store)):
            keep_pin(store, transcript_id, is_pinned=transcript_id == chosen)
    if _align_episode(store, settings, episode_id, {}, Decoded(store)):
        load_and_publish(settings)
    return known[chosen] if chosen else None


def _chosen(known: Mapping[str, str], name: str) -> str:
    """Return the id of the transcript of this source, or whose id begins so; `known` are ids and sources."""
    found = [one for one, source in known.items() if source == name]
    found = found or [one for one in known if name and one.startswith(name)]
    if len(found) != 1:
        has = ", ".join(f"{source} {one[:8]}" for one, source in known.items()) or "none"
        what = "several transcripts of this episode are" if found else "no transcript of this episode is"
        msg = f"{what} {name!r}: it has {has}"
        raise SourceError(msg)
    return found[0]


def align_episode(
    settings: Settings, episode_id: str, at_hand: Mapping[str, Artifact], decoded: Decoded | None = None
) -> tuple[Artifact, ...]:
    """Stage anew the transcripts of an episode that others of it tell something of; those that came out.

    `at_hand` are documents by transcript that were staged and are not loaded yet. What goes wrong here is written
    down, and keeps nobody from the transcripts as they were.
    """
    started_at, store = clock.now(settings.home), Store(settings.home)
    try:
        return _align_episode(store, settings, episode_id, at_hand, decoded or Decoded(store))
    except Interrupted:
        raise
    except Exception as error:
        record(StageFailed("align", started_at, error), episode_id, episode_id, settings, load=False)
        say(f"text and audio of {episode_id} are left apart: {one_line(error)}")
        return ()


def _align_episode(
    store: Store,
    settings: Settings,
    episode_id: str,
    at_hand: Mapping[str, Artifact],
    decoded: Decoded,
    persons: Callable[[Document], Mapping[str, Identity]] = lambda document: document.persons,
) -> tuple[Artifact, ...]:
    newest = query.newest_documents(settings.snapshot, episode_id)
    every = documents(store, newest, at_hand)
    texts, heard = [one for one in every if one.is_text], [one for one in every if not one.is_text]
    user, known = User(given_names(store), pins(store)), query.known_as(settings.snapshot, episode_id)
    made: list[Artifact | None] = []
    of_texts: dict[Document, Voices] = {}  # the last that was heard wins
    foreign: dict[Document, Artifact] = {}
    for one in heard:
        pairs = {text: _align_words(store, settings, decoded, text, one) for text in texts}
        proofs = _with_fact(pairs, "is_proof")
        apart = _align_audio(store, decoded, _other_audio(one, heard), one)
        first = _align_audio(store, decoded, _first_audio(one, heard), one)
        voices = Voices(one, proofs, apart, first, introduce(store, one.base, one.row, known), user, persons(one))
        of_texts |= dict.fromkeys(proofs, voices)
        foreign |= _with_fact(pairs, "is_other_language")
        made += _tell_heard(store, voices), _tell_merged(store, voices, newest)
    for text in texts:
        if text in of_texts or text not in foreign:
            made.append(_tell_text(store, text, of_texts.get(text), user))
        else:
            made.append(_tell_foreign(store, text, foreign[text], user))
    return tuple(one for one in made if one is not None)


def _with_fact(pairs: Mapping[Document, Artifact], fact: str) -> dict[Document, Artifact]:
    """Return the alignments of which something is so."""
    return {text: found for text, found in pairs.items() if found.manifest.facts[fact]}


def _first_audio(one: Document, heard: Sequence[Document]) -> Document | None:
    """Return what was heard first of the first audio file of the episode; `None` where this is of that file."""
    file, first = (document.row["transcript"]["rendition_id"] for document in (one, heard[0]))
    return None if file == first else heard[0]


def _other_audio(one: Document, heard: Sequence[Document]) -> Document | None:
    """Return what was heard last of another audio file of the episode; `None` where there is none."""
    file = one.row["transcript"]["rendition_id"]
    return next((other for other in reversed(heard) if other.row["transcript"]["rendition_id"] != file), None)


def _align_audio(
    store: Store, decoded: Decoded, other: Document | None, heard: Document
) -> dict[Document, Artifact]:
    """Align what was heard of another audio file, if there is one, with what was heard of this one."""
    return {} if other is None else {other: _align(store, decoded, other, heard)}


def _align_words(store: Store, settings: Settings, decoded: Decoded, text: Document, heard: Document) -> Artifact:
    """Align a published text with what was heard, and look for what was heard otherwise in the audio."""
    found = _align(store, decoded, text, heard)
    return force(store, settings, found, text, heard, lambda: decoded.of(heard.base.manifest))


def _align(store: Store, decoded: Decoded, text: Document, heard: Document) -> Artifact:
    """Align a published text, or other audio, with what was heard; payload: an `Alignment` as JSON."""

    def compute(_: Path) -> Made:
        written, spoken = text.row, heard.row
        words, said = rows.words_of(written), decoded.ended(rows.heard_words(spoken), heard.base.manifest)
        language = spoken["transcript"]["language"] or written["transcript"]["language"]
        found = alignment.align(words, said, language, spoken["rendition"]["decoded_seconds"])
        is_enough = min(len(words), len(said)) >= _LEAST_WORDS
        is_other = (
            is_enough and not found.is_match and (found.is_same_language is False or _differ(written, spoken))
        )
        facts = {"share": found.share, "is_match": found.is_match, "is_proof": is_enough and not is_other}
        facts[N_CLIPS] = len(clips_of(sides_of(text, heard, found)))
        warnings = tuple(_doubts(found, is_enough=is_enough, is_other_language=is_other))
        for warning in warnings:
            say(f"{written['transcript']['origin']} {warning}")
        return Made(ALIGNMENT.dump_json(found), facts=facts | {"is_other_language": is_other}, warnings=warnings)

    return store.make(
        "align",
        compute,
        method=alignment.METHOD,
        suffix=".json",
        inputs={"text": text.base.sha256, "heard": heard.base.sha256},
        parameters={},
    )


def _doubts(found: Alignment, *, is_enough: bool, is_other_language: bool) -> Iterator[str]:
    """Say what speaks against a text, if anything does."""
    if is_other_language:
        yield "is in another language than what was heard of its episode"
    elif is_enough and not found.is_match:
        what = "does not match" if found.share < rows.LEAST_COMMON else "may be of other audio"
        yield f"{what}: {found.share * 100:.0f} % of the words align with what was heard of its episode"


def _differ(written: Row, spoken: Row) -> bool:
    """Check whether a text says that it is in another language than was heard: a translation proves nothing."""
    one, other = (primary_language(row["transcript"]["language"]) for row in (written, spoken))
    return bool(one and other and one != other)


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


def _tell_heard(store: Store, voices: Voices) -> Artifact | None:
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


def _tell_text(store: Store, text: Document, voices: Voices | None, user: User) -> Artifact | None:
    """Stage a published text on the clock of what was heard, and with the voices if it names nobody."""
    told = voices.told(text) if voices else Told(METHOD, (), None, user.called(text), user.is_pinned(text), {})
    return stage_told(store, text, told, lambda: _text_row(text, voices, user))


def _tell_foreign(store: Store, text: Document, alignment: Artifact, user: User) -> Artifact | None:
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


def _tell_merged(store: Store, voices: Voices, newest: Mapping[str, str]) -> Artifact | None:
    """Stage the best of what was heard and of the text that fits it best; nothing where that text is the best."""
    heard, merged_id = voices.heard, merged_name(voices.heard.transcript_id)
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
