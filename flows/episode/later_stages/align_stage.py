"""What the transcripts of an episode tell of each other: times for what was published, names for who was heard.

Each published text is aligned with each transcript of our own (stage `align`), whose own words tell who is heard
where no text does (`introduce`). What follows from that, what a user calls a voice, and whose voice it is
(`flows.voices`), becomes newer documents of the same transcripts, made of those that were staged first: their
`base`. Whatever came first, the result is the same; nothing is recognised anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from flows.artifacts import Artifact, Made, Store
from flows.episode.given_names import given_names
from flows.episode.later_stages.decoded import Decoded
from flows.episode.later_stages.force_stage import ALIGNMENT, N_CLIPS, force, sides_of
from flows.episode.later_stages.introduce_stage import introduce
from flows.episode.later_stages.telling import User, Voices, tell_foreign, tell_heard, tell_merged, tell_text
from flows.episode.later_stages.told import Document, documents
from flows.episode.pins import pins
from flows.home import clock
from flows.runs import StageFailed, record, say
from flows.settings import Settings
from transforms import alignment
from transforms.alignment import Alignment, rows
from transforms.alignment.forcing import clips_of
from transforms.errors import Interrupted, one_line
from transforms.languages import primary_language
from transforms.voices.person import Identity, persons_by_label
from warehouse import query
from warehouse.loading.staging import Row

_LEAST_WORDS = 20  # of a text and of speech, before they prove anything: a summary has no turns, music no words


def align_known(settings: Settings, episode_ids: set[str]) -> tuple[Artifact, ...]:
    """Align what the warehouse has of some episodes, and of those that a text has left since."""
    return align_episodes(settings, query.episodes_to_align(settings.snapshot, episode_ids))


def align_episodes(settings: Settings, wanted: set[str]) -> tuple[Artifact, ...]:
    """Align the transcripts of each episode with each other."""
    decoded = Decoded(Store(settings.home))
    return tuple(one for name in sorted(wanted) for one in align_episode(settings, name, {}, decoded))


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
        return document.persons if persons_by_label(told) == persons_by_label(document.persons) else told

    return align_transcripts(Store(settings.home), settings, episode_id, {}, decoded, known)


def align_episode(
    settings: Settings, episode_id: str, at_hand: Mapping[str, Artifact], decoded: Decoded | None = None
) -> tuple[Artifact, ...]:
    """Stage anew the transcripts of an episode that others of it tell something of; those that came out.

    `at_hand` are documents by transcript that were staged and are not loaded yet. What goes wrong here is written
    down, and keeps nobody from the transcripts as they were.
    """
    started_at, store = clock.now(settings.home), Store(settings.home)
    try:
        return align_transcripts(store, settings, episode_id, at_hand, decoded or Decoded(store))
    except Interrupted:
        raise
    except Exception as error:
        record(StageFailed("align", started_at, error), episode_id, episode_id, settings, load=False)
        say(f"text and audio of {episode_id} are left apart: {one_line(error)}")
        return ()


def align_transcripts(
    store: Store,
    settings: Settings,
    episode_id: str,
    at_hand: Mapping[str, Artifact],
    decoded: Decoded,
    persons: Callable[[Document], Mapping[str, Identity]] = lambda document: document.persons,
) -> tuple[Artifact, ...]:
    """Stage anew the transcripts of an episode that others of it, a user or voices tell something of.

    `persons` says of each document whose its voices are: as it was said last, unless it is known otherwise.
    """
    newest = query.newest_documents(settings.snapshot, episode_id)
    every = documents(store, newest, at_hand)
    texts, heard = [one for one in every if one.is_text], [one for one in every if not one.is_text]
    user, known = User(given_names(store), pins(store)), query.known_episode(settings.snapshot, episode_id)
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
        made += tell_heard(store, voices), tell_merged(store, voices, newest)
    for text in texts:
        if text in of_texts or text not in foreign:
            made.append(tell_text(store, text, of_texts.get(text), user))
        else:
            made.append(tell_foreign(store, text, foreign[text], user))
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
