"""A staged document: one transcript of one episode and all that is known with it, in one Parquet file.

The file has one row. Its columns are structs and lists of structs whose fields are the columns of the
warehouse's tables, so that the loader only unnests them.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from transforms.records import (
    Chapter,
    Episode,
    Podcast,
    Rendition,
    Seconds,
    Section,
    SoundEvent,
    Speaker,
    SpeakerSegment,
    StageRun,
    TranscriptSource,
    Turn,
    Word,
    time_source,
)

Row = dict[str, Any]

_LISTS = ("turns", "words", "speaker_segments", "chapters", "sections", "events", "speakers", "stage_runs")
_TOLD_LATER = {
    "described_at": None,
    "gaps": (),
    "evals": (),
    "name_evidence": (),
    "voices": (),
}  # by other transcripts of the episode
_TURN = tuple(field.name for field in fields(Turn) if field.name not in ("speaker", "first_word"))


@dataclass(frozen=True, slots=True)
class Given:
    """The chapters of an episode that no transcript gave, and who did; no source where there are none."""

    source: str | None
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """One transcript of one episode, ready to load.

    `staged_at` decides which of two documents is newer. `speaker_segments` is the regular diarization,
    with its overlaps; empty where there was none. What follows `stage_runs` is known only of published texts,
    but for `given`: the chapters of the episode itself, `None` where nobody looked for any; and `known_by`: how
    the episode is known, `None` where the rest tells.
    """

    staged_at: datetime
    podcast: Podcast | None
    episode: Episode
    rendition: Rendition | None
    transcript_id: str
    source: TranscriptSource
    format: str | None
    origin: str | None
    language: str | None
    model: str | None
    method_version: str
    parse_coverage: float | None
    flags: tuple[str, ...]
    created_at: datetime
    turns: tuple[Turn, ...]
    words: tuple[Word, ...]
    speaker_segments: tuple[SpeakerSegment, ...]
    stage_runs: tuple[StageRun, ...]
    linked_by: str | None = None
    document_sha256: str | None = None
    chapters: tuple[Chapter, ...] = ()
    sections: tuple[Section, ...] = ()
    events: tuple[SoundEvent, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    given: Given | None = None
    known_by: str | None = None
    parse_confidence: float | None = None


def write_staged(staged: Staged) -> bytes:
    """Write a staged document as the bytes of a Parquet file; equal documents give equal bytes."""
    return _parquet([_document(staged)])


# What people read of a transcript; how and when it was made is beside it.
_READ = ("turns", "words", "chapters", "sections", "events", "speakers")


def read_rows(path: Path) -> Row:
    """Read what a staged document says and of which episode, so that two can be compared; NULL is left out."""
    import pyarrow.parquet as pq

    (row,) = pq.read_table(path, columns=["episode", *_READ]).to_pylist()
    said = {name: [{k: v for k, v in one.items() if v is not None} for one in row[name] or ()] for name in _READ}
    return {"episode_id": row["episode"]["episode_id"], **said}


def write_discovered(staged_at: datetime, podcast: Podcast, episodes: Iterable[Episode]) -> bytes:
    """Write what a poll found as a document of the same columns: a row an episode, without transcripts."""
    show = asdict(podcast)
    return _parquet(
        [
            {
                "staged_at": staged_at,
                "podcast": show,
                "episode": _episode(episode, "feed"),
                "feed_index": index,
                **dict.fromkeys(_LISTS, ()),
                **_TOLD_LATER,
            }
            for index, episode in enumerate(episodes)
        ]
    )


def without_episodes(document: bytes, episode_ids: Collection[str]) -> bytes | None:
    """Write what a poll found without some episodes, the others as they were; `None` where none is left."""
    import pyarrow.parquet as pq

    rows = pq.read_table(io.BytesIO(document)).to_pylist()
    left = [row for row in rows if row["episode"]["episode_id"] not in episode_ids]
    return _parquet(left) if left else None


def write_moved(
    document: bytes,
    staged_at: datetime,
    episode: Episode,
    linked_by: str,
    cast: Callable[[tuple[Speaker, ...]], tuple[Speaker, ...]],
) -> bytes:
    """Write a staged document as one of another episode: the same transcript, of which nothing was done anew.

    `linked_by` is how that episode is known, `cast` says what its speakers are in it.
    """
    import pyarrow.parquet as pq

    (row,) = pq.read_table(io.BytesIO(document)).to_pylist()
    return _parquet(
        [
            {
                **row,
                "staged_at": staged_at,
                "podcast": None,
                "episode": _episode(episode, linked_by),
                "transcript": {**row["transcript"], "episode_id": episode.episode_id},
                "given_chapters": None,
                "speakers": list(map(_speaker, cast(tuple(map(_as_speaker, row["speakers"]))))),
                "stage_runs": (),
            }
        ]
    )


def read_transcript(path: Path) -> Row:
    """Read a staged document as the one row that it is."""
    import pyarrow.parquet as pq

    (row,) = pq.read_table(path).to_pylist()
    return {**row}


def write_again(row: Row, staged_at: datetime, runs: Iterable[StageRun]) -> bytes:
    """Write a transcript as a newer document of it, with the stages that made it so; the episode is no news."""
    times = {"staged_at": staged_at, "described_at": row["staged_at"]}
    return _parquet([{**row, **times, "stage_runs": [*row["stage_runs"], *map(run_row, runs)]}])


def run_row(run: StageRun) -> Row:
    """Return a stage that ran as a row of `stage_runs`."""
    return {"run_id": _run_id(run), **asdict(run)}


def _parquet(rows: list[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    _leave_pandas_alone()
    table = pa.Table.from_pylist(rows, schema=schema())
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


class _WithoutPandas:
    """An importer that says of pandas alone that it is not there."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Refuse pandas, leave all else to the others."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


@cache
def _leave_pandas_alone() -> None:
    """Let pyarrow ask once for pandas and not find it: it would import it for any list, 0.3 s of each command."""
    import pyarrow as pa

    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _WithoutPandas)
        try:
            pa.array([])
        finally:
            sys.meta_path.remove(_WithoutPandas)


def _document(staged: Staged) -> Row:
    return {
        "staged_at": staged.staged_at,
        "podcast": asdict(staged.podcast) if staged.podcast else None,
        "episode": _episode(staged.episode, _linked_by(staged)),
        "rendition": asdict(staged.rendition) if staged.rendition else None,
        "transcript": _transcript(staged),
        "turns": [_turn(turn, staged.source) for turn in staged.turns],
        "words": list(_words(staged)),
        "speaker_segments": [
            {"segment_index": index, "speaker_label": segment.speaker, **_times(segment)}
            for index, segment in enumerate(staged.speaker_segments)
        ],
        "chapters": [{**asdict(chapter), "source": staged.format} for chapter in staged.chapters],
        "given_chapters": _given(staged.given),
        "sections": [asdict(section) for section in staged.sections],
        "events": [asdict(event) for event in staged.events],
        "speakers": list(map(_speaker, staged.speakers)),
        "stage_runs": list(map(run_row, staged.stage_runs)),
        **_TOLD_LATER,
    }


# What a run needs of an episode, and nobody asks the warehouse for.
NOT_STORED = ("chapters_url", "audio_links", "chapters")


def _given(given: Given | None) -> list[Row] | None:
    return None if given is None else [{**asdict(one), "source": given.source} for one in given.chapters]


def _episode(episode: Episode, linked_by: str) -> Row:
    row = {name: value for name, value in asdict(episode).items() if name not in NOT_STORED}
    return {**row, "linked_by": linked_by}


def _speaker(speaker: Speaker) -> Row:
    return {
        "speaker_label": speaker.label,
        "speaker_name": speaker.name,
        "role": speaker.role,
        "variants": speaker.variants,
    }


def _as_speaker(row: Row) -> Speaker:
    return Speaker(row["speaker_label"], row["speaker_name"], row["role"], tuple(row["variants"]))


def _linked_by(staged: Staged) -> str:
    if staged.known_by:
        return staged.known_by
    if staged.episode.episode_id.startswith("youtube:"):
        return "youtube"
    if staged.episode.podcast_id and staged.episode.guid:
        return "feed"
    if staged.linked_by:
        return staged.linked_by
    if staged.episode.podcast_id:
        return "feed"
    return "url" if staged.episode.audio_url else "file"


def _transcript(staged: Staged) -> Row:
    names = "transcript_id source format origin language model method_version parse_coverage flags created_at"
    names += " linked_by document_sha256 parse_confidence"
    return {
        **{name: getattr(staged, name) for name in names.split()},
        "episode_id": staged.episode.episode_id,
        "rendition_id": staged.rendition.rendition_id if staged.rendition else None,
    }


def _turn(turn: Turn, source: TranscriptSource) -> Row:
    return {
        **{name: getattr(turn, name) for name in _TURN},  # `asdict` copies deeply, ten times slower
        "speaker_label": turn.speaker,
        "time_source": turn.time_source or _time_source(turn, source),
    }


def _words(staged: Staged) -> Iterable[Row]:
    """Name the turn of each word; a word in no turn gets NULL, which `verify` finds."""
    turn_of = {
        index: turn.turn_index
        for turn in staged.turns
        for index in range(turn.first_word, turn.first_word + turn.word_count)
    }
    for index, word in enumerate(staged.words):
        yield {
            "word_index": index,
            "turn_index": turn_of.get(index),
            "word": word.word,
            **_times(word),
            "time_source": _time_source(word, staged.source),
            "probability": word.probability,
            "speaker_label": word.speaker,
            "speaker_margin": word.speaker_margin,
        }


def _times(spoken: Word | SpeakerSegment) -> dict[str, Seconds | None]:
    return {"start_time": spoken.start_time, "end_time": spoken.end_time}


def _time_source(spoken: Turn | Word, source: TranscriptSource) -> str | None:
    return None if spoken.start_time is None else time_source(source)


def _run_id(run: StageRun) -> str:
    """Name a run: a done one by what it made, so that it counts once; a failed one also by when."""
    name = [run.episode_id, run.stage, run.key]
    if run.status == "failed":
        name.append(run.started_at.isoformat())
    return hashlib.sha256(json.dumps(name).encode()).hexdigest()


def schema() -> Any:
    """Spell out every type, in Arrow: a value that is None in this document must not decide its column."""
    import pyarrow as pa

    text, real, count, truth = pa.string(), pa.float64(), pa.int64(), pa.bool_()
    moment, texts = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
    times = {"start_time": real, "end_time": real}

    def struct(names: str = "", /, **others: Any) -> Any:
        return pa.struct([*((name, text) for name in names.split()), *others.items()])

    podcast = struct("podcast_id title author feed_url site_url language")
    episode = struct(
        "episode_id podcast_id guid title description language page_url audio_url audio_path linked_by "
        "published_text",
        published_at=moment,
        season=count,
        episode_number=real,
        duration=real,
        transcripts=pa.list_(struct("url media_type language rel")),
        persons=pa.list_(struct("name role")),
    )
    rendition = struct(
        "rendition_id url media_type",
        header_seconds=real,
        decoded_seconds=real,
        bad_packets=count,
        flags=texts,
        fetched_at=moment,
    )
    transcript = struct(
        "transcript_id episode_id rendition_id source format origin language model method_version aligned_to",
        aligned_share=real,
        linked_by=text,
        document_sha256=text,
        parse_coverage=real,
        parse_confidence=real,
        flags=texts,
        created_at=moment,
        is_pinned=truth,
    )
    turn = struct(
        "speaker_label speaker_id speaker_name name_source time_source text_source text boundary",
        name_confidence=real,
        turn_index=count,
        chapter_index=count,
        **times,
        word_count=count,
        is_overlap=truth,
        speaker_margin=real,
        mean_probability=real,
    )
    word = struct(
        "word time_source text_source speaker_label",
        time_confidence=real,
        word_index=count,
        turn_index=count,
        **times,
        probability=real,
        speaker_margin=real,
    )
    segment = struct("speaker_label", segment_index=count, **times)
    chapter = struct("title source", chapter_index=count, **times)
    section = struct("heading text", section_index=count)
    event = struct("event", event_index=count, turn_index=count, start_time=real)
    speaker = struct("speaker_label speaker_name role", variants=texts)
    stage_run = struct(
        "run_id source episode_id stage key status error_class message method model device parameters",
        flags=texts,
        started_at=moment,
        seconds=real,
    )
    gap = struct("kind other_id", gap_index=count, first_word=count, word_count=count, **times)
    evidence = struct(
        "speaker_label speaker_name kind quote",
        weight=real,
        **dict.fromkeys(("evidence_index", "turn_index", "first_word", "word_count"), count),
    )
    counts = "words errors aligned_words substitutions deletions insertions named_words misnamed_words "
    counts += "cp_words cp_errors tcp_errors aligned_cp_words aligned_cp_errors aligned_tcp_errors long_deletions "
    counts += "long_deletion_words silent_insertions names names_wrong"
    rates = "wer aligned_wer aligned_share cpwer tcpwer aligned_cpwer aligned_tcpwer reference_share share "
    rates += "label_error speech_seconds voice_error_seconds der"
    judged = struct("reference_id", **dict.fromkeys(counts.split(), count), **dict.fromkeys(rates.split(), real))
    voice = struct(
        "speaker_label speaker_id speaker_name name_source like_transcript_id like_label calibration",
        **dict.fromkeys(("confidence", "score", "margin"), real),
    )
    return pa.schema(
        {
            "staged_at": moment,
            "described_at": moment,
            "podcast": podcast,
            "episode": episode,
            "rendition": rendition,
            "transcript": transcript,
            "turns": pa.list_(turn),
            "words": pa.list_(word),
            "speaker_segments": pa.list_(segment),
            "chapters": pa.list_(chapter),
            "given_chapters": pa.list_(chapter),
            "sections": pa.list_(section),
            "events": pa.list_(event),
            "speakers": pa.list_(speaker),
            "stage_runs": pa.list_(stage_run),
            "gaps": pa.list_(gap),
            "evals": pa.list_(judged),
            "name_evidence": pa.list_(evidence),
            "voices": pa.list_(voice),
            "feed_index": count,
        }
    )
