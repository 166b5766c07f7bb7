"""Slips of the keyboard: refused at once, in a line that says what was meant, and nothing is left of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.serve.prefect_ui.run_parameters import ADDRESS_OR_PATH
from transforms.errors import SourceError
from transforms.speech.whisper.whisper_languages import spoken_language

MANY = """
import contextlib, io, json, sys
from flows.cli import main
said = []
home, commands = sys.argv[1:]
for arguments in json.loads(commands):
    sys.argv = ["turntable", "--home", home, *arguments]
    complaint = io.TextIOWrapper(io.BytesIO(), write_through=True)
    with contextlib.redirect_stderr(complaint):
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code
    said.append((code, " ".join(complaint.buffer.getvalue().decode().split())))
print(json.dumps([said, sorted(sys.modules)]))
"""
SLIPS = {
    "ingest htps://example.org/a.mp3": (1, "a URL of scheme 'htps' cannot be fetched; use http://host/path"),
    "ingest http:/example.org": (1, "cannot be fetched; use http://host/path"),
    "ingest https://": (1, "cannot be fetched; use http://host/path"),
    "ingest a.mp3 --language klingon": (2, "'klingon' is no language that can be heard"),
    "ingest a.mp3 --language deutch": (2, "did you mean German (de)?"),
    "ingest a.mp3 --model nosuch": (1, "no model is called 'nosuch': take one of base, tiny.en"),
    "ingest a.mp3 --model tiny.en --language de": (1, "tiny.en knows English only, not 'de'"),
    "ingest a.mp3 --diarization-model nosuch": (1, "no model is called 'nosuch': take one of embedded"),
    "ingest a.mp3 --speakers 0": (2, "give a number as 2 or a range as 2-4"),
    "ingest a.mp3 --latest 0": (2, "--latest"),
    "add htps://example.org/feed": (1, "a URL of scheme 'htps' cannot be fetched"),
    "add http:/example.org/feed": (1, "cannot be fetched; use http://host/path"),
    "add https://example.org/feed --language klingon": (2, "'klingon' is no language"),
    "import htps://example.org/a.vtt": (1, "a URL of scheme 'htps' cannot be fetched"),
    "import a.vtt --format nosuch": (1, "there is no format 'nosuch': choose one of"),
    "serve --watch nosuch": (1, "no such folder to watch: "),
}


@pytest.mark.system
def test_a_slip_leaves_nothing_behind(tmp_path: Path) -> None:
    """No row, no folder, no server; Prefect, which takes seconds, is not even imported."""
    home = tmp_path / "home"
    commands = json.dumps([slip.split() for slip in SLIPS])
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(home), commands], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    said, modules = json.loads(done.stdout)

    for (slip, (code, line)), (found, complaint) in zip(SLIPS.items(), said, strict=True):
        assert found == code, slip
        assert line in complaint, slip
        assert "Traceback" not in complaint
    assert not home.exists()
    assert "prefect" not in modules


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("de", "de"),
        ("German", "de"),
        ("de-DE", "de"),
        ("EN_us", "en"),
        ("iw", "he"),
        ("Deutsch", "de"),
        ("jv", "jw"),
        ("nb-NO", "no"),
    ],
)
def test_a_language_has_several_names(asked: str, code: str) -> None:
    """A code, a tag, an English name; Whisper has codes of its own."""
    assert spoken_language(asked) == code


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("germn", "German (de)"), ("Deutch", "German (de)"), ("xx", "give a code")],
)
def test_an_unknown_language_is_answered_with_what_was_meant(asked: str, meant: str) -> None:
    """Deutsch is near to Dutch only in its letters."""
    with pytest.raises(SourceError, match=re.escape(meant)):
        spoken_language(asked)


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ("https://example.org/a.mp3", True),
        ("/recordings/Part 1: the start.wav", True),
        ("recordings/12:30.wav", True),
        ("12:30.wav", True),
        ("episode:1f3a", True),
        ("htps://example.org/a.mp3", False),
        ("http:/example.org", False),
        ("https:///a.mp3", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_an_address_has_a_scheme_and_a_host(given: str, fits: bool) -> None:
    """The same for those who type and for a form."""
    assert (re.search(ADDRESS_OR_PATH, given) is not None) is fits


@pytest.mark.parametrize(
    "given",
    [
        {"url": "htps://example.org/a.mp3"},
        {"url": "a.mp3", "language": "klingon"},
        {"url": "a.mp3", "model": "nosuch"},
        {"url": "a.mp3", "speakers": 0},
        {"url": "a.mp3", "latest": 0},
        {"url": "a.mp3", "quality": "best"},
        {"locations": ["htps://example.org/a.vtt"]},
    ],
    ids=lambda given: " ".join(str(value) for value in given.values()),
)
def test_a_slip_never_becomes_a_run_of_a_server(given: dict[str, Any]) -> None:
    """What Prefect's API does with a deployment's schema before it makes a run (409)."""
    from prefect.utilities.schema_tools.validation import ValidationError, validate

    from flows.serve.entrypoints import ingest_url
    from flows.serve.import_flow import import_transcript

    flow = import_transcript if "locations" in given else ingest_url
    good = {"locations": ["a.vtt"]} if "locations" in given else {"url": "a.mp3", "language": "German"}
    validate(good, flow.parameters.model_dump(), raise_on_error=True)
    with pytest.raises(ValidationError):
        validate(given, flow.parameters.model_dump(), raise_on_error=True)
