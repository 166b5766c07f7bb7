"""The JSON transcript of Podcasting 2.0: segments with a speaker, of a sentence, a turn or a single word.

Spec: https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/examples/transcripts/transcripts.md#json

Example:

    {"version": "1.0.0", "segments": [
      {"speaker": "Ann Lee", "startTime": 0.0, "endTime": 2.5, "body": "Why does a record turn?"},
      {"speaker": "Bo Chan", "startTime": 2.5, "endTime": 4.0, "body": "It must."}
    ]}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from transforms.records import Word
from transforms.transcripts import segments
from transforms.transcripts.cue_words import glue, is_unspaced
from transforms.transcripts.cues import Chunk, Clock
from transforms.transcripts.document import Boundary, Draft, Format, Piece, Text, example_of

# Some writers put two words into a segment now and then.
_MOSTLY = 0.9
# Without spaces a sentence looks like one word.
_LONGEST_UNSPACED = 4


def fits(text: Text) -> bool:
    """Tell an object whose segments have a body, or that has a version and no segments."""
    if not isinstance(text.json, dict):
        return False
    found = text.json.get("segments")
    if found == [] and "text" not in text.json:
        return "version" in text.json
    return any("body" in item for item in segments.first_objects(found))


def parse(text: Text) -> Draft:
    """Read the segments; where only the first of a run has a speaker, it holds until the next one.

    Raises:
        ContentError: it is no such object.
    """
    document = segments.document(text, dict, "Podcasting 2.0 JSON")
    dropped: list[Piece] = []
    clock = Clock()
    pieces = [
        _piece(line, item, clock)
        for line, item in segments.objects(document.get("segments"), dropped)
        if segments.has_text(line, item.get("body"), dropped)
    ]
    named = sum(piece.speaker is not None for piece in pieces)
    if 0 < named * 2 < len(pieces):
        pieces = list(_carried(pieces))
    boundary: Boundary = "cue"
    if _are_words(pieces):
        pieces = [replace(piece, words=_words(piece)) for piece in pieces]
        boundary = segments.boundary_of(pieces)
    if boundary == "sentence" and not named:
        spoken = [segments.Spoken(piece.line, None, word) for piece in pieces for word in piece.words]
        # The clock of the segments has seen these times.
        pieces = segments.sentences(spoken, Clock(), segments.language_of(document))
    about = segments.metadata(document, used=("segments",))
    return segments.draft([*about, *dropped, *pieces], clock, "publisher", boundary)


def _piece(line: int, item: dict[str, object], clock: Clock) -> Piece:
    start, end = clock.span(item.get("startTime"), item.get("endTime"))
    speaker = segments.speaker_label(item.get("speaker"))
    return Piece(
        line,
        "speech",
        segments.string(item.get("body")),
        speaker=speaker,
        opens=speaker is not None,
        start_time=start,
        end_time=end,
    )


def _carried(pieces: Iterable[Piece]) -> Iterator[Piece]:
    speaker: str | None = None
    for piece in pieces:
        speaker = piece.speaker or speaker
        yield replace(piece, speaker=speaker)


def _are_words(pieces: Sequence[Piece]) -> bool:
    single = sum(
        " " not in piece.text and not (len(piece.text) > _LONGEST_UNSPACED and is_unspaced(piece.text))
        for piece in pieces
    )
    return len(pieces) > 2 and single >= _MOSTLY * len(pieces)


def _words(piece: Piece) -> tuple[Word, ...]:
    return glue([Chunk(piece.text, piece.start_time, piece.end_time)])


FORMAT = Format("podcast_json", "JSON transcript of Podcasting 2.0", example_of(__doc__), fits, parse)
