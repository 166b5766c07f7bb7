"""Golden pairs: `NAME.EXT` is a transcript as it was published, `NAME.json` is what is right in it.

The expectation holds all that the reader says of its input, a turn a line. What goes without saying is left out:
lists that are empty, values that are `None`, and fields of a turn that follow from the rest. What is there beside:

- `about`: the trap, in one sentence.
- `read_as`: the `format` or `media_type` that the reader is told.
- `pieces`: what became of each piece of the input, where the trap is about that.
- `error` and `message`, instead of all else: the input is refused.

`EXT` is what such files end in; of JSON it is the name of the format, since `.json` is the expectation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transforms.errors import TurntableError
from transforms.records import Word
from transforms.transcripts import explain
from transforms.transcripts.assemble import Published
from transforms.transcripts.document import Draft, Piece

HERE = Path(__file__).parent

# These formats are known by a header or by their fields: no two of them fit one text.
SURE = (
    "vtt srt podcast_json podcast_html json3 ttml whisper deepgram assemblyai seglst stm ctm "
    "ass trs elevenlabs aws rev speechmatics google azure soniox gladia"
).split()


def inputs() -> list[Path]:
    """Return the inputs of all pairs, sorted."""
    return sorted(path for path in HERE.glob("*/*") if path.suffix not in (".json", ".pyc"))


def name_of(path: Path) -> str:
    """Return how the pair of an input is called: `FOLDER/NAME`."""
    return f"{path.parent.name}/{path.stem}"


def expectation(path: Path) -> dict[str, Any]:
    """Return what stands beside an input; nothing where it is new."""
    beside = path.with_suffix(".json")
    return dict(json.loads(beside.read_text(encoding="utf-8"))) if beside.exists() else {}


def reading(path: Path, *, about: str, read_as: Mapping[str, str], pieces: bool) -> dict[str, Any]:
    """Return what the reader says of an input, as an expectation does."""
    return {"about": about, "read_as": dict(read_as)} | _said(path.read_bytes(), read_as, pieces=pieces)


def _said(data: bytes, read_as: Mapping[str, str], *, pieces: bool) -> dict[str, Any]:
    try:
        published, draft = explain(data, **read_as)
    except TurntableError as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {
        "format": published.format,
        "source": published.source,
        "boundary": draft.boundary,
        "flags": list(published.flags),
        "parse_coverage": published.parse_coverage,
        "metadata": [list(item) for item in published.metadata],
        "speakers": [_known(asdict(s), usual={"variants": (s.label,)}) for s in published.speakers],
        "chapters": [_known(asdict(c), usual={"chapter_index": n}) for n, c in enumerate(published.chapters)],
        "turns": list(_turns(published, draft)),
        "events": [_known(asdict(e), usual={"event_index": n}) for n, e in enumerate(published.events)],
        "sections": [_known(asdict(s), usual={"section_index": n}) for n, s in enumerate(published.sections)],
        "pieces": [_piece(piece) for piece in draft.pieces] if pieces else [],
    }


def _turns(published: Published, draft: Draft) -> Iterator[dict[str, Any]]:
    names = {speaker.label: speaker.name for speaker in published.speakers}
    first = 0
    for index, turn in enumerate(published.turns):
        words = published.words[turn.first_word : turn.first_word + turn.word_count]
        name = names.get(turn.speaker or "")
        usual = {
            "turn_index": index,
            "first_word": first,
            "word_count": len(words) or len(turn.text.split()),
            "boundary": "speaker" if turn.speaker else draft.boundary,
            "speaker_name": name,
            "name_source": name and "publisher",
            "time_source": "asr" if draft.source == "asr" else "publisher",
        }
        yield _known(asdict(turn), usual) | _words(words, turn.text)
        first += len(words)


def _piece(piece: Piece) -> dict[str, Any]:
    usual = {"opens": False, "words": ()}
    return _known(asdict(piece) | {"words": ()}, usual) | _words(piece.words, piece.text)


def _words(words: Sequence[Word], text: str) -> dict[str, Any]:
    """Return each word with its times and its probability, where the text alone does not tell them."""
    told = [[w.word, w.start_time, w.end_time] + [w.probability] * (w.probability is not None) for w in words]
    return {"words": told} if told and told != [[word, None, None] for word in text.split()] else {}


def _known(fields: dict[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if v is not None and not (k in usual and v == usual[k])}


def written(expected: Mapping[str, Any]) -> str:
    """Write an expectation: a key a line, an item of a list a line, empty ones not at all."""
    entries = []
    for key, value in expected.items():
        if value in ([], {}):
            continue
        if isinstance(value, list) and isinstance(value[0], dict | list):
            entries.append(f"{_json(key)}: [\n" + ",\n".join(f"  {_json(item)}" for item in value) + "\n]")
        else:
            entries.append(f"{_json(key)}: {_json(value)}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
