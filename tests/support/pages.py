"""The pages of the documentation: their code blocks, headings and links, and a desk where a reader tries them.

A block is ```console (lines that begin with `$ ` are commands, `> ` goes on with one, the rest is what they
print), ```sql (one query), ```toml (settings), or ```text (nothing to run). In what is printed `…` stands for any
words of a line, and on a line of its own for any lines. ```console about is for what differs from run to run and
from processor to processor: lines may come in another order, with other numbers and ids, and one word in ten may
be another one. ```sql empty is a query that finds nothing on a healthy machine. ```text answer, behind a query, is
what `turntable sql` prints of it; ```text answer about is for what differs, as above.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import dropwhile
from pathlib import Path

from tests.support import warm

ROOT = Path(__file__).parents[2]
LANGUAGES = {"console", "sql", "toml", "text"}

_FENCE = re.compile(r"^( *)```(.*?)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NUMBER = re.compile(r"\b(?=[\da-f.:]*\d)[\da-f]+(?:[-.:][\da-f]+)*\b")
_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a page, the line that it stands on, and what the page says that it prints."""

    line: int
    command: str
    printed: str
    is_about: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A code block: the line it begins on, its language, what else its fence says, and its text."""

    line: int
    language: str
    mode: str
    text: str

    def steps(self) -> Iterator[Step]:
        """Yield the commands of a console."""
        found: list[tuple[int, str, list[str]]] = []
        for number, line in enumerate(self.text.splitlines(), self.line + 1):
            if line.startswith("$ "):
                found.append((number, line[2:], []))
            elif line.startswith("> ") and found and not found[-1][2]:
                found[-1] = (found[-1][0], f"{found[-1][1]}\n{line[2:]}", [])
            else:
                assert found, f"line {number}: a console begins with a command"
                found[-1][2].append(line)
        for number, command, printed in found:
            yield Step(number, command, "\n".join(printed), self.mode == "about")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, by its path from the root of the project."""

    name: str

    @property
    def text(self) -> str:
        """Return all of it."""
        return (ROOT / self.name).read_text(encoding="utf-8")

    def blocks(self) -> Iterator[Block]:
        """Yield the code blocks in order."""
        for match in _FENCE.finditer(self.text):
            language, _, mode = match[2].partition(" ")
            indent = len(match[1])
            text = "".join(line[indent:] if line.strip() else line for line in match[3].splitlines(keepends=True))
            yield Block(self.text.count("\n", 0, match.start()) + 1, language, mode, text)

    def prose(self) -> str:
        """Return what stands outside of the code blocks."""
        return _FENCE.sub("", self.text)

    def spans(self) -> list[str]:
        """Return the pieces of code within the prose."""
        return _SPAN.findall(self.prose())

    def links(self) -> list[str]:
        """Return the targets of the links."""
        return _LINK.findall(_SPAN.sub("", self.prose()))

    def anchors(self) -> set[str]:
        """Return the names of the headings, as GitHub makes them."""
        return {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in _HEADING.findall(self.prose())
        }


PAGES = tuple(Page(str(path.relative_to(ROOT))) for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))))


class Desk:
    """Where a reader sits: a folder as `~`, `turntable` on the path, and example.org on this machine."""

    def __init__(self, folder: Path, models: Path, publisher: str) -> None:
        self.folder, self.publisher = folder, publisher
        self.home = folder / ".local" / "share" / "turntable"
        self.command = folder / "bin" / "turntable"
        self.command.parent.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "TURNTABLE_"))}
        kept.pop("PREFECT_API_URL", None)
        self.environment = kept | {
            "HOME": str(folder),
            "PATH": f"{self.command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "TURNTABLE_MODELS": str(models),
            "TURNTABLE_ALLOW": "127.0.0.1",
            "TURNTABLE_DEVICE": "cpu",
        }

    def run(self, command: str) -> tuple[int, str]:
        """Run a command in a shell; its exit code, and all that it prints, as a reader sees it."""
        with warm.program(self.command):
            result = subprocess.run(
                ["bash", "-c", command.replace("https://example.org", self.publisher)],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
        printed = result.stdout.replace(self.publisher, "https://example.org")
        host = self.publisher.partition("://")[2]
        return result.returncode, printed.replace(host, "example.org").replace(str(self.folder), "/home/you")


def agrees(said: str, printed: str, *, is_about: bool = False) -> bool:
    r"""Check that a command printed what its page says; spaces at the end of lines and their number are nothing.

    >>> agrees("2 turns\n…\nB  all …", "2  turns\nA\nB all is well \n"), agrees("2 turns", "3 turns")
    (True, False)
    >>> [agrees("2 turns in 1.5 s", other, is_about=True) for other in ("x\n3 turns in 2 s", "no turns")]
    [True, False]
    """
    here, there = ([" ".join(line.split()) for line in text.strip().splitlines()] for text in (said, printed))
    if is_about:
        return all(line == "…" or any(_is_alike(line, other) for other in there) for line in here)
    lines = (r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?") + r"\n" for line in here)
    return bool(re.fullmatch("".join(lines), "\n".join([*there, ""])))


def _is_alike(said: str, printed: str) -> bool:
    """Compare two lines by their words, numbers and ids aside; `…` at the end of one stands for more."""
    here, there = (re.findall(r"\w+", _NUMBER.sub("0", line.lower())) for line in (said, printed))
    if said.endswith("…"):
        there = there[: len(here)]
    return SequenceMatcher(None, here, there, autojunk=False).ratio() >= _ALIKE


def turntable_arguments(command: str) -> Iterator[list[str]]:
    """Yield the arguments of each `turntable` that a command line starts, in containers too.

    >>> list(turntable_arguments("TURNTABLE_HOME=/srv turntable sql 'from turns' --csv > x.csv  # all of it"))
    [['sql', 'from turns', '--csv']]
    """
    lexer = shlex.shlex(command.replace("\\n", " "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("();<>|&"):
            is_container = words[:2] in (["docker", "run"], ["docker", "compose"])
            for name in ("turntable", "loader"):
                if name in words and (is_container or _without_variables(words)[:1] == [name]):
                    yield words[words.index(name) + 1 :]
                    break
            words = []
        else:
            words.append(word)


def _without_variables(words: list[str]) -> list[str]:
    """Return a command behind the variables that are set for it: `A=1 B=2 name …`."""
    return list(dropwhile(lambda word: re.match(r"\w+=", word), words))


def columns_of(table: str) -> Mapping[str, str]:
    r"""Read a Markdown table whose first two columns are names and types; several names share a row.

    >>> columns_of("| column | type |\n|---|---|\n| `a`, `b` | text |")
    {'a': 'text', 'b': 'text'}
    """
    found: dict[str, str] = {}
    for line in table.strip().splitlines()[2:]:
        names, kind, *_ = (cell.strip() for cell in line.strip().strip("|").split("|"))
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), kind)
    return found
