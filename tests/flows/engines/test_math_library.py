"""The library that CTranslate2 multiplies with: measured once, remembered, and the user's choice stays."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

import pytest

from flows.engines import math_library
from flows.engines.math_library import LIBRARIES, MEASURED, VARIABLE, choose, in_use

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="this processor has no choice"
)


@pytest.fixture
def whisper(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights where nothing was measured yet."""
    monkeypatch.setenv(VARIABLE, "to be restored")
    monkeypatch.delenv(VARIABLE)
    folder = tmp_path / "tiny.en"
    folder.symlink_to(models / "tiny.en")
    return folder


def never(*_: object) -> float:
    """Fail when something is measured."""
    pytest.fail("measured again")


def test_the_faster_library_is_used_and_remembered(whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two short runs in processes of their own; the next process does not measure."""
    choose(whisper, 1)

    chosen = os.environ.pop(VARIABLE)
    (measured,) = json.loads((whisper.parent / MEASURED).read_text()).values()
    assert measured == chosen
    monkeypatch.setattr(math_library, "_measured", never)
    choose(whisper, 1)
    assert os.environ[VARIABLE] == chosen
    assert in_use() == LIBRARIES[chosen]


@pytest.mark.parametrize("text", ["", "[]", "no JSON", '{"another processor": "1"}', '{"damaged'])
def test_what_cannot_be_read_is_measured_anew(text: str, whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was measured on another processor stays."""
    (whisper.parent / MEASURED).write_text(text)
    monkeypatch.setattr(math_library, "_measured", lambda _, value, __: {"1": 2.0, "0": 1.0}[value])
    choose(whisper, 1)
    assert os.environ[VARIABLE] == "0"
    assert "0" in json.loads((whisper.parent / MEASURED).read_text()).values()


def test_what_the_user_has_set_stays(whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured then."""
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.setattr(math_library, "_measured", never)
    choose(whisper, 1)
    assert in_use() == "MKL"


@pytest.mark.system
def test_without_a_measurement_ctranslate2_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that cannot be loaded are somebody else's complaint."""
    monkeypatch.setenv(VARIABLE, "to be restored")
    monkeypatch.delenv(VARIABLE)
    choose(tmp_path / "nothing", 1)
    assert VARIABLE not in os.environ
    assert not (tmp_path / MEASURED).exists()
    assert in_use() in LIBRARIES.values()
