"""What the transcripts of an episode tell of each other: times for what was published, names for who was heard.

Each published text is aligned with each transcript of our own (stage `align`), whose own words tell who is heard
where no text does (`introduce`). What follows from that, and what a user calls a voice, becomes newer documents of
the same transcripts, made of those that were staged first: their `base`. Whatever came first, the result is the
same; nothing is recognised anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from flows.artifacts import Artifact, Made, Manifest, Store
from flows.episode.given_names import give_name, given_names
from flows.episode.introducing import INTRODUCTIONS, introduce
from flows.home import clock
from flows.loader import load_and_publish
from flows.payloads import done_run, read_json, read_samples
from flows.runs import StageFailed, record, say
from flows.settings import Settings
from transforms import alignment
from transforms.alignment import Alignment, rows
from transforms.alignment.ends import until_quiet
from transforms.alignment.rows import Name, Reference
from transforms.errors import ContentError, Interrupted, SourceError, one_line
from transforms.introductions import Introductions
from transforms.languages import primary_language
from transforms.records import Word
from warehouse import query
from warehouse.staging import Row, read_transcript, write_again

METHOD = "told-2"

_ALIGNMENT = TypeAdapter(Alignment)
_LONGEST_NAME = 200
_LEAST_WORDS = 20  # of a text and of speech, before they prove anything: a summary has no turns, music no words


@dataclass(slots=True, eq=False)
class Document:
    """A transcript as it was staged first, and as it was staged last; `row` is read when it is needed."""

    transcript_id: str
    base: Artifact
    newest: Manifest
    _row: Row = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """The rows of the first."""
        self._row = self._row or read_transcript(self.base.path)
        return self._row

    @property
    def is_text(self) -> bool:
        """Whether it was published, and not heard here."""
        return self.base.manifest.method.startswith("published-")


@dataclass(frozen=True, slots=True)
class Told:
    """What else is told of a transcript: by alignments, by its own words, and by the user."""

    method: str
    alignments: tuple[Artifact, ...]
    introduced: Artifact | None
    names: dict[str, str]

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """What it is told by, by the names of inputs."""
        inputs = {f"align-{number}": one for number, one in enumerate(self.alignments)}
        return inputs | ({"introduce": self.introduced} if self.introduced else {})

    def parameters(self, base: Artifact) -> dict[str, Any]:
        """Name it, as the document that is made of it says it."""
        return {
            "base": base.manifest.key,
            "names": self.names,
            "method": self.method,
            "align": _keys(self.alignments),
            "introduce": self.introduced.manifest.key if self.introduced else None,
        }

    def is_told_by(self, document: Document) -> bool:
        """Check whether the newest document says it."""
        if document.newest.key == document.base.manifest.key:
            return not self.artifacts and not self.names
        said = document.newest.parameters
        return all(said.get(name) == value for name, value in self.parameters(document.base).items())


class Decoded:
    """The decoded audio of a home, by the hash of its samples; looked through once, when it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, str] = {}

    def ended(self, words: list[Word], heard: Manifest) -> list[Word]:
        """Let words end where their sound does; as they are where the channels were heard apart, or are gone."""
        if "decode-1" in heard.inputs:
            return words
        self._keys = self._keys or {one.sha256: one.key for one in self._store.manifests("decode")}
        key = self._keys.get(heard.inputs.get("decode", ""))
        found = self._store.find("decode", key) if key else None
        return until_quiet(words, read_samples(found)) if found else words


def _keys(artifacts: tuple[Artifact, ...]) -> list[str]:
    return [artifact.manifest.key for artifact in artifacts]


def base_of(store: Store, document: Artifact) -> Artifact | None:
    """Return the document that one was made of: itself, where nothing else was told; `None` where it is lost."""
    key = document.manifest.parameters.get("base")
    return store.find("stage", key) if key else document


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
    if name is not None and not (any(map(str.isalnum, name)) and len(name) <= _LONGEST_NAME):
        msg = f"{name!r} is no name: give one with letters, and of at most {_LONGEST_NAME} characters"
        raise ContentError(msg)
    voices = query.voices(settings.snapshot, episode_id)
    found = next((one for one in voices if one.label == label), None)
    if found is None:
        known = ", ".join(dict.fromkeys(one.label for one in voices)) or "none"
        msg = f"no voice of this episode is called {label!r}: its labels are {known}"
        raise SourceError(msg)
    store = Store(settings.home)
    give_name(store, found.transcript_id, label, name)
    if _align_episode(store, settings, episode_id, {}, Decoded(store)):
        load_and_publish(settings)
    return found.turns


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
    store: Store, settings: Settings, episode_id: str, at_hand: Mapping[str, Artifact], decoded: Decoded
) -> tuple[Artifact, ...]:
    documents = _documents(store, query.newest_documents(settings.snapshot, episode_id), at_hand)
    texts = [one for one in documents if one.is_text]
    heard = [one for one in documents if not one.is_text]
    names = given_names(store)
    known = query.known_as(settings.snapshot, episode_id)
    made: list[Artifact | None] = []
    of_texts: dict[Document, Voices] = {}  # the last that was heard wins
    for one in heard:
        pairs = {text: _align(store, decoded, text, one) for text in texts}
        proofs = {text: found for text, found in pairs.items() if found.manifest.facts["is_proof"]}
        introduced = introduce(store, one.base, one.row, known)
        voices = Voices(one, proofs, introduced, names.get(one.transcript_id, {}))
        of_texts |= dict.fromkeys(proofs, voices)
        made.append(_tell_heard(store, voices))
    for text in texts:
        made.append(_tell_text(store, text, of_texts.get(text), names.get(text.transcript_id, {})))
    return tuple(one for one in made if one is not None)


def _documents(store: Store, known: Mapping[str, str], at_hand: Mapping[str, Artifact]) -> list[Document]:
    """Read which transcripts there are, in the order in which they were staged first."""
    found: dict[str, Document] = {}
    for transcript_id, key in known.items():
        newest = store.find("stage", key)
        base = base_of(store, newest) if newest else None
        if newest and base:
            found[transcript_id] = Document(transcript_id, base, newest.manifest)
    for transcript_id, one in at_hand.items():
        before = found.get(transcript_id)
        if before is None or before.newest.started_at < one.manifest.started_at:
            found[transcript_id] = Document(transcript_id, one, one.manifest)
    return sorted(found.values(), key=lambda one: (one.base.manifest.started_at, one.transcript_id))


def _align(store: Store, decoded: Decoded, text: Document, heard: Document) -> Artifact:
    """Align a published text with what was heard; payload: an `Alignment` as JSON."""

    def compute(_: Path) -> Made:
        written, spoken = text.row, heard.row
        words, said = rows.words_of(written), decoded.ended(rows.heard_words(spoken), heard.base.manifest)
        language = spoken["transcript"]["language"] or written["transcript"]["language"]
        found = alignment.align(words, said, language, spoken["rendition"]["decoded_seconds"])
        is_proof = min(len(words), len(said)) >= _LEAST_WORDS and not _differ(written, spoken)
        facts = {"share": found.share, "is_match": found.is_match, "is_proof": is_proof}
        warnings: tuple[str, ...] = ()
        if is_proof and not found.is_match:
            warnings = (f"does not match: {found.share * 100:.0f} % of the words align",)
            say(f"{written['transcript']['origin']} {warnings[0]} with what was heard of its episode")
        return Made(_ALIGNMENT.dump_json(found), facts=facts, warnings=warnings)

    return store.make(
        "align",
        compute,
        method=alignment.METHOD,
        suffix=".json",
        inputs={"text": text.base.sha256, "heard": heard.base.sha256},
        parameters={},
    )


def _differ(written: Row, spoken: Row) -> bool:
    """Check whether a text says that it is in another language than was heard: a translation proves nothing."""
    one, other = (primary_language(row["transcript"]["language"]) for row in (written, spoken))
    return bool(one and other and one != other)


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a transcript of our own, and what tells who they are.

    That are the texts that it was aligned with, its own words (`None`: they name nobody), and the user.
    """

    heard: Document
    texts: Mapping[Document, Artifact]
    introduced: Artifact | None
    called: dict[str, str]

    @property
    def labels(self) -> list[str | None]:
        """The voice of each word."""
        return [word["speaker_label"] for word in self.heard.row["words"]]

    def references(self) -> list[Reference]:
        """Read what each text says of them."""
        labels = self.labels
        return [rows.reference(t.row, read_json(_ALIGNMENT, found), labels) for t, found in self.texts.items()]

    def introductions(self) -> Introductions:
        """Read who they are by the words of the episode."""
        return read_json(INTRODUCTIONS, self.introduced) if self.introduced else Introductions((), ())

    def names(self, references: list[Reference]) -> dict[str, Name]:
        """Return what they are called: by the user, else by the text that fits best, else by their own words."""
        found = sorted(zip(self.texts, references, strict=True), key=lambda one: one[1].alignment.share)
        by_texts = {label: name for text, one in found for label, name in rows.names_by(text.row, one).items()}
        return (by_texts or rows.names_said(self.introductions())) | _by_user(self.called)


def _tell_heard(store: Store, voices: Voices) -> Artifact | None:
    """Stage a transcript of our own with the names that its voices have, and how wrong it was."""

    def compute() -> Row:
        references = voices.references()
        names = voices.names(references)
        row = rows.introduced(rows.named(voices.heard.row, names), voices.introductions(), names)
        return rows.judged(row, references)

    told = Told(METHOD, tuple(voices.texts.values()), voices.introduced, voices.called)
    return _stage(store, voices.heard, told, compute)


def _tell_text(store: Store, text: Document, voices: Voices | None, called: dict[str, str]) -> Artifact | None:
    """Stage a published text on the clock of what was heard, and with the voices if it names nobody."""

    def compute() -> Row:
        row = text.row
        if voices is not None:
            found = read_json(_ALIGNMENT, voices.texts[text])
            row = rows.aligned(row, voices.heard.transcript_id, found, voices.labels)
            if not any(turn["speaker_label"] for turn in text.row["turns"]):
                row = rows.named(row, voices.names(voices.references()))
        return rows.named(row, _by_user(called))

    alignments = tuple(voices.texts.values()) if voices else ()
    names = {**(voices.called if voices else {}), **called}
    told = Told(METHOD, alignments, voices.introduced if voices else None, names)
    return _stage(store, text, told, compute)


def _by_user(called: dict[str, str]) -> dict[str, Name]:
    return {label: Name(name, "user", 1.0) for label, name in called.items()}


def _stage(store: Store, document: Document, told: Told, compute: Any) -> Artifact | None:
    """Stage what is told of a transcript, unless its newest document says so already."""
    if told.is_told_by(document):
        return None
    base, origin = document.base.manifest, document.row["transcript"]["origin"] or ""
    episode_id = document.row["episode"]["episode_id"]

    def made(_: Path) -> Made:
        runs = [done_run(one, origin, episode_id) for one in told.artifacts.values()]
        row = compute()
        return Made(write_again(row, clock.stamp(store.home), runs), flags=tuple(row["transcript"]["flags"]))

    again = {"instead_of": document.newest.key} if document.newest.key != base.key else {}
    return store.make(
        "stage",
        made,
        method=base.method,
        suffix=".parquet",
        inputs={**base.inputs, **{name: one.sha256 for name, one in told.artifacts.items()}},
        parameters={**base.parameters, **told.parameters(document.base), **again},
    )
