"""What strangers wrote reaches a screen as text, never as a command."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.display.guard import Screen, guard, unguarded
from tests.conftest import command, environment, turntable
from tests.support.documents import EPISODE, PODCAST, TURNS, publish, staged
from transforms.errors import SourceError
from transforms.text import strict_json, visible

EVIL = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202eabc\u2066\x7f"
SHOWN = "␛]0;owned␇␛[31mred\\x9b2J‹U+202E›abc‹U+2066›␡"
MARKS = "\u200e\u200f\u061c\u2060\u2063\ufeff\ufffa\u180e\U000e0041\U0001d173"
WORDS = "12:100:33 a:x:b [bold]b[/bold] https://x.example #1 Ärger 日本 👩\u200d🚀"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An episode whose show, title, speakers and words were written by somebody who means harm."""
    home = tmp_path_factory.mktemp("screen")
    turns = (
        replace(TURNS[0], speaker=f"Ann{EVIL}", text=f"{WORDS}\n0:07  Mallory     I said this."),
        replace(TURNS[1], speaker=":smile:", text=EVIL),
    )
    publish(
        home,
        staged(
            podcast=replace(PODCAST, title=f"Show{EVIL}"),
            episode=replace(EPISODE, title=f"Title{EVIL}"),
            turns=turns,
            words=(),
            rendition=None,
        ),
    )
    return home


def on_a_terminal(home: Path, *arguments: str) -> str:
    """What a command sends to a terminal, which is wide."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        turntable(home, *arguments),
        env=environment(None, {"COLUMNS": "500", "TERM": "xterm-256color"}),
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
    ):
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 1 << 16):
                said += piece
        except OSError:  # Linux says so at the end
            pass
    os.close(ours)
    return said.decode()


def obeyed(text: str) -> set[str]:
    """The characters in it that a terminal would do something for."""
    return {character for character in text if not character.isprintable()} - {"\n", "\u200d"}


@pytest.mark.system
@pytest.mark.parametrize(
    "arguments",
    [
        ("turns", "latest"),
        ("episodes",),
        ("sql", "from best_turns"),
        ("sql", "from best_turns", "--csv"),
        ("sql", "from best_turns", "--json"),
        ("turns", "latest", "--json"),
        ("episodes", "--json"),
        *(("export", "latest", "--format", name) for name in ("seglst", "stm", "vtt", "srt", "json")),
        *(("export", "latest", "--format", name) for name in ("md", "txt", "csv", "jsonl")),
        ("turns", f"nobody{EVIL}"),
        ("sql", f"select '{EVIL}'::integer"),
        ("sql", f"""explain select '{EVIL}' || text as "{EVIL}" from turns"""),
    ],
    ids=lambda arguments: " ".join(arguments)[:30].encode("ascii", "replace").decode(),
)
def test_nothing_stored_commands_a_pipe(home: Path, arguments: tuple[str, ...]) -> None:
    """Tables, turns, CSV, JSON, every export, and errors."""
    said = command(home, *arguments, check=False)
    assert obeyed(said.stdout + said.stderr) == set()
    assert "red" in said.stdout + said.stderr


@pytest.mark.system
def test_a_terminal_shows_what_is_stored(home: Path) -> None:
    """Not a code, markup or link is taken out or in; a line break in a text is a space, and makes no row."""
    said = on_a_terminal(home, "turns", "latest")
    rows = [line.strip("\r") for line in said.split("\n")]
    assert f"0:00  Ann{SHOWN}  {WORDS} 0:07  Mallory     I said this." in rows[1]
    assert f":smile:{' ' * (3 + len(SHOWN) - 7)}  {SHOWN}" in rows[2]
    assert len([row for row in rows if row]) == 3
    assert obeyed(said.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\r\n", "\n")) == set()


@pytest.mark.system
def test_json_keeps_every_character(home: Path) -> None:
    """Escaped, and the same when it is read back."""
    for arguments in (("sql", "select text from best_turns order by turn_index", "--json"),):
        rows = json.loads(command(home, *arguments).stdout)
        assert [row["text"] for row in rows] == [f"{WORDS}\n0:07  Mallory     I said this.", EVIL]
    assert [row["text"] for row in json.loads(command(home, "turns", "latest", "--json").stdout)][1] == EVIL
    exported = json.loads(command(home, "export", "latest", "--format", "json").stdout)
    assert [segment["body"] for segment in exported["segments"]][1] == EVIL


def test_progress_and_errors_are_words_too(capsys: pytest.CaptureFixture[str]) -> None:
    """File names, titles and what servers say."""
    from flows.display.terminal import showing

    with showing() as terminal:
        terminal.start(f"{WORDS}{EVIL}\nturntable: all is well")
        terminal.fail(str(SourceError(f"the server says {EVIL} :boom: [red]")))
    said = capsys.readouterr().err
    assert said.splitlines() == [
        f"{WORDS}{SHOWN}␊turntable: all is well",
        f"turntable: the server says {SHOWN} :boom: [red]",
    ]


def test_whatever_else_is_printed_passes_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines and tabs stay, a carriage return does not; an ASCII stream becomes UTF-8."""
    beneath = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", beneath)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    guard()
    print(f"a\tb{EVIL}\r\nc")
    sys.stdout.writelines(["\x1b[2J", "é\n"])
    sys.stdout.flush()
    assert isinstance(sys.stdout, Screen)
    assert unguarded(sys.stdout) is beneath
    assert beneath.buffer.getvalue().decode() == f"a\tb{SHOWN}␍\nc\n␛[2Jé\n"  # type: ignore[attr-defined]


def test_what_words_are_written_with_stays() -> None:
    """Joiners of Persian and of emoji, soft hyphens, spaces without a width; marks that hide are shown."""
    words = "می\u200cخواهم 👩\u200d🚀 Fuß\xadball ไทย\u200bไทย"
    assert visible(words) == words
    assert visible(MARKS).count("‹U+") == len(MARKS)
    assert json.loads(strict_json(f'"{MARKS}"')) == MARKS
    assert strict_json(f'"{MARKS}"').isascii()


@given(st.text() | st.text(MARKS) | st.text(st.characters(categories=("Cc", "Cs", "Zl", "Zp", "Cf"))))
def test_visible_text_is_never_a_command(text: str) -> None:
    """Nor half a pair that no stream takes; and seen twice, it is the same."""
    shown = visible(text)
    shown.encode()
    assert not {"\x1b", "\x9b", "\n", "\r", "\u202e", "\u2028", *MARKS} & set(shown)
    assert visible(shown) == shown


@given(
    st.recursive(
        st.floats() | st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_becomes_strict_and_stays_the_same(value: object) -> None:
    """But for what is no number, which is null."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = strict_json(json.dumps(value, ensure_ascii=False, indent=1))
    text.encode()
    no_number = {}.get
    assert json.loads(text, parse_constant=refuse) == json.loads(json.dumps(value), parse_constant=no_number)
