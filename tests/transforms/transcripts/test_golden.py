"""Each golden pair is read as a person said that it is right; how to add one stands in tests/README.md."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.golden import SURE, expectation, inputs, name_of, reading, written
from transforms.transcripts import explain
from transforms.transcripts.formats import FORMATS
from transforms.transcripts.shared.decode import decode
from transforms.transcripts.shared.header import split_header

PAIRS = [(path, expectation(path)) for path in inputs()]
READ = [(path, expected) for path, expected in PAIRS if "error" not in expected]
PROSE = [(path, expected) for path, expected in READ if path.suffix in (".txt", ".md")]


def name(value: object) -> str:
    """Call a test as its pair is called."""
    return name_of(value) if isinstance(value, Path) else ""


@pytest.mark.parametrize(("path", "expected"), PAIRS, ids=name)
def test_golden(path: Path, expected: dict) -> None:
    """The reader says of the input what stands beside it, and no more."""
    assert expected["about"], "say in one sentence what the trap is"
    said = reading(path, about=expected["about"], read_as=expected.get("read_as", {}), pieces="pieces" in expected)
    assert json.loads(written(said)) == expected
    assert "\n" not in expected.get("message", "")


@pytest.mark.parametrize(("path", "expected"), READ, ids=name)
def test_one_format_fits(path: Path, expected: dict) -> None:
    """A text that a format is sure to know fits none of the others that are; prose and pages fit none of them."""
    _, text = split_header(decode(path.read_bytes()))
    fits = [format for format in SURE if FORMATS[format].fits(text)]
    assert fits == ([expected["format"]] if expected["format"] in SURE and "read_as" not in expected else [])


@pytest.mark.parametrize(("path", "expected"), PROSE, ids=name)
def test_every_word_is_accounted_for(path: Path, expected: dict) -> None:
    """Each line with a word has pieces that hold its words; a line that goes on stands in the piece above."""
    _, draft = explain(path.read_bytes())
    held: dict[int, str] = defaultdict(str)
    for piece in draft.pieces:
        held[piece.line] += f" {piece.name or ''} {piece.text}"
    above = ""
    for number, line in enumerate(decode(path.read_bytes()).lines, 1):
        above = held.get(number, above)
        # no words: the address of a Markdown link, an entity, the name of a field that we call `published`
        shown = re.sub(r"\]\([^)]*\)|&\w+;|^date:", " ", line)
        lost = {word for word in re.findall(r"\w+", shown.casefold()) if word.isalpha()}
        assert lost <= set(re.findall(r"\w+", above.casefold())), (number, line)


def test_every_expectation_has_an_input() -> None:
    """An input that was taken away or renamed leaves nothing behind that looks like a test."""
    there = {path.with_suffix("") for path in inputs()}
    assert {path.with_suffix("") for path in ROOT.glob("tests/golden/*/*.json")} == there
