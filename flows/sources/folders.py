"""What lies in a folder: audio, texts, and what is left out; and which audio and texts lie side by side.

A recording and its transcript are one episode where they lie in one folder under one name: `talk.mp3` and
`talk.vtt`, `talk.en.vtt`, `talk.mp3.vtt`.
"""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flows.locations import at_path
from transforms.audio.container import SUFFIXES
from transforms.errors import SourceError
from transforms.hashes import sha256
from transforms.text import counted

# What is a transcript by its name, what may be one, and what mostly is something else: that counts in a folder
# which is watched only where audio of its name lies beside it.
CAPTIONS = (
    ".vtt", ".srt", ".ttml", ".dfxp", ".ass", ".ssa", ".lrc", ".json3", ".stm", ".ctm", ".trs",
)  # fmt: skip
TEXTS = (
    *CAPTIONS, ".json", ".jsonl", ".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx", ".rtf",
    ".tsv",
)  # fmt: skip
SELDOM = (".pdf", ".csv", ".xml")
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".avif", ".bmp", ".tif", ".tiff", ".svg", ".ico")
MOST_KINDS = 5  # that a line names

_TAG = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*")  # of a language, as in talk.pt-BR.vtt


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that was not taken, and its kind: its ending, and why where that does not say so."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class FolderContents:
    """What lies in a folder and below, in the order of the names; hidden files are not counted."""

    audio: tuple[Path, ...]
    texts: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def is_audio(path: Path) -> bool:
    """Check by its name whether a file is audio."""
    return path.suffix.lower() in SUFFIXES


def is_text(path: Path) -> bool:
    """Check by its name whether a file may be a transcript."""
    return path.suffix.lower() in (*TEXTS, *SELDOM)


def is_caption(location: str) -> bool:
    """Check by its name whether something cannot be anything but a transcript."""
    return location.lower().endswith(CAPTIONS)


def is_seldom(path: Path) -> bool:
    """Check by its name whether a file may be a transcript, and mostly is something else."""
    return path.suffix.lower() in SELDOM


def is_picture(path: Path) -> bool:
    """Check by its name whether a file is a picture."""
    return path.suffix.lower() in PICTURES


def look_in(folder: Path) -> FolderContents:
    """Sort what lies in a folder by what it is called; links to folders are not followed.

    Raises:
        SourceError: it cannot be read.
    """
    audio: list[Path] = []
    texts: list[Path] = []
    left_out: list[LeftOut] = []
    for path, problem in walk(folder):
        if problem is not None:
            left_out.append(left(path, problem))
        elif is_audio(path):
            audio.append(path)
        elif is_text(path):
            texts.append(path)
        else:
            left_out.append(left(path, path.suffix.lower() or "without an ending"))
    return FolderContents(tuple(audio), tuple(texts), tuple(left_out))


def left(path: Path, kind: str) -> LeftOut:
    """Write down what is left out, by a name that can be shown."""
    return LeftOut(at_path(path).public, kind)


def walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield every file below a folder that is not hidden, by name; and why it cannot be taken, else `None`.

    Raises:
        SourceError: the folder cannot be read.
    """
    unreadable: list[OSError] = []
    found: list[tuple[Path, str | None]] = []
    for place, folders, files in os.walk(folder, onerror=unreadable.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        linked = [Path(place, name) for name in folders if Path(place, name).is_symlink()]
        found += [(path, "link to a folder") for path in linked]
        found += [(Path(place, name), _problem(Path(place, name))) for name in files if not name.startswith(".")]
    for error in unreadable:
        cause = (error.strerror or str(error)).lower()
        if error.filename == str(folder):
            msg = f"{folder} cannot be read ({cause}): check that it is there and that you may read it"
            raise SourceError(msg)
        found.append((Path(error.filename), f"folder that cannot be read ({cause})"))
    yield from sorted(found)


def _problem(path: Path) -> str | None:
    """Say why a file cannot be taken by what it is, whatever it is called."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "link to nowhere" if path.is_symlink() else "file that cannot be read"
    return None if stat.S_ISREG(mode) else "pipe, socket or device"


def nothing_in(folder: Path, left_out: Sequence[LeftOut]) -> SourceError:
    """Return the error of a folder that holds nothing to take."""
    there = f"there is only {kinds_of(left_out)}" if left_out else "it is empty"
    return SourceError(f"no audio and no text in {folder}: {there}")


def told_left_out(left_out: Sequence[LeftOut]) -> str:
    """Say in one line what was left out.

    >>> told_left_out([LeftOut("a.jpg", ".jpg"), LeftOut("b.jpg", ".jpg"), LeftOut("c.pdf", ".pdf without text")])
    'left out 3 files: 2 .jpg, 1 .pdf without text'
    """
    return f"left out {counted(len(left_out), 'file')}: {kinds_of(left_out)}"


def kinds_of(left_out: Sequence[LeftOut]) -> str:
    """Count what was left out by its kinds, the most frequent first."""
    kinds = sorted(Counter(one.kind for one in left_out).items(), key=lambda kind: (-kind[1], kind[0]))
    shown = [f"{number:,} {kind}" for kind, number in kinds[:MOST_KINDS]]
    more = sum(number for _, number in kinds[MOST_KINDS:])
    return ", ".join([*shown, *([f"{more:,} more"] if more else [])])


@dataclass(frozen=True, slots=True)
class _Listing:
    """The audio and the texts of one folder by the names that make them belong together."""

    audio: Mapping[str, Path]
    texts: Mapping[str, tuple[Path, ...]]


def audio_beside(text: Path) -> Path | None:
    """Return the audio that a text lies beside; of several the first by name, `None` where there is none."""
    audio = _listing(text.parent).audio
    return next((audio[name] for name in _names_of(text) if name in audio), None)


def texts_beside(audio: Path) -> tuple[Path, ...]:
    """Return the texts that lie beside an audio file, by name."""
    texts = _listing(audio.parent).texts
    found = {path for name in (audio.stem.lower(), audio.name.lower()) for path in texts.get(name, ())}
    return tuple(path for path in sorted(found) if audio_beside(path) == audio)


def _names_of(text: Path) -> tuple[str, ...]:
    """List the names of audio that a text belongs to, in small letters, the likeliest first.

    >>> _names_of(Path("Talk.pt-BR.vtt")), _names_of(Path("talk.mp3.srt"))
    (('talk.pt-br', 'talk'), ('talk.mp3',))
    """
    stem = text.stem.lower()
    before, _, last = stem.rpartition(".")
    is_tag = before and _TAG.fullmatch(last) and f".{last}" not in SUFFIXES
    return (stem, before) if is_tag else (stem,)


def _listing(folder: Path) -> _Listing:
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return _Listing({}, {})


@lru_cache(maxsize=256)
def _listed(folder: Path, _changed: int) -> _Listing:
    """Read a folder once as long as nothing is put into it: it may have thousands of files."""
    audio: dict[str, Path] = {}
    texts: dict[str, tuple[Path, ...]] = {}
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - a name is enough to tell
        path = folder / name
        if name.startswith(".") or not (is_audio(path) or is_text(path)) or not path.is_file():
            continue
        if is_audio(path):
            audio[name.lower()] = path
            audio.setdefault(path.stem.lower(), path)
        else:
            texts |= {known: (*texts.get(known, ()), path) for known in _names_of(path)}
    return _Listing(audio, texts)


def hash_of(path: Path) -> str:
    """Return the sha256 of a file, read once as long as it does not change."""
    measure = path.stat()
    return _hash_of(str(path), measure.st_size, measure.st_mtime_ns, measure.st_ino)


@lru_cache(maxsize=4096)
def _hash_of(path: str, _size: int, _changed: int, _inode: int) -> str:
    return sha256(Path(path))
