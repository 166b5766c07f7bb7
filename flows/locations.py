"""Where something comes from: what is named is parsed once, at the door, into what it is and what may be shown.

What is private is worked on inside `keeping_private`: there messages name hosts, and nothing else of an address.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flows.paths import absolute, expanded
from transforms.errors import TurntableError
from transforms.redaction import private_address, public_address, public_page, public_text
from transforms.video_info import WATCH, is_youtube, youtube_id

KNOWN_BY_ID = "episode:"  # before the id of an episode that a subscription or the warehouse knows

_PRIVATE: ContextVar[bool] = ContextVar("private", default=False)
_SECRETS: ContextVar[tuple[str, ...]] = ContextVar("secrets", default=())

Kind = Literal["path", "url", "video", "channel", "episode"]


@dataclass(frozen=True, slots=True)
class Location:
    """A path, an address, or an episode that is known here; `video` and `channel`, or playlist, are of YouTube.

    `address` is as it is opened and may hold a secret, `public` is what may be shown of it, with characters that
    can be printed. `name` is the id of a video or of an episode; nothing else has one.
    """

    kind: Kind
    address: str = field(repr=False)
    public: str
    name: str = ""

    @property
    def is_url(self) -> bool:
        """Check whether it lies elsewhere, under an address of any scheme."""
        return self.kind in ("url", "video", "channel")

    @property
    def is_youtube(self) -> bool:
        """Check whether it is a video, a channel or a playlist of YouTube."""
        return self.kind in ("video", "channel")

    @property
    def is_web(self) -> bool:
        """Check whether it is an address that can be fetched."""
        return self.is_url and self.address.lower().startswith(("http://", "https://"))

    @property
    def path(self) -> Path:
        """Where it lies on this machine, if it is a path."""
        return expanded(self.address)

    @property
    def shown(self) -> str:
        """What a message calls it here and now: less where something private is worked on."""
        return private_address(self.address) if self.is_url and is_kept_private() else self.public


def locate(text: str) -> Location:
    r"""Parse what a user, a feed or a request names; a URL of any scheme is no path.

    >>> locate("https://ann:s3cret@example.org/1?token=x"), locate("https://youtu.be/abcdefghijk?si=x").public
    (Location(kind='url', public='https://example.org/1', name=''), 'https://www.youtube.com/watch?v=abcdefghijk')
    >>> locate("C:/caf\udce9.txt"), locate("episode:an-id").name
    (Location(kind='path', public='C:/caf?.txt', name=''), 'an-id')
    """
    public = _printable(public_address(text))
    if text.startswith(KNOWN_BY_ID):
        return Location("episode", text, public, text.removeprefix(KNOWN_BY_ID))
    if "://" not in text:
        return Location("path", text, public)
    if not is_youtube(text):
        return Location("url", text, public)
    video = youtube_id(text)
    return Location("video", text, f"{WATCH}{video}", video) if video else Location("channel", text, public)


def at_path(path: Path) -> Location:
    """Return the location of a file or folder of this machine, whatever it is called."""
    return Location("path", str(path), _printable(str(path)))


def located(text: str) -> Location:
    """Parse what the user names: a path as a whole, a URL and nothing at all as they are.

    A file that is there under the name of an episode is a file.
    """
    found, whole = locate(text), absolute(text)
    is_path = found.kind == "path" or (found.kind == "episode" and os.path.exists(whole))  # noqa: PTH110 - a name of any length
    return at_path(whole) if is_path and text.strip() else found


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@contextmanager
def keeping_private(is_private: bool, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Work on what is private, if it is: what is raised inside is rewritten on its way out.

    `secrets` are those of its addresses, private or not.
    """
    token, known = _PRIVATE.set(is_private or _PRIVATE.get()), _SECRETS.set((*_SECRETS.get(), *secrets))
    try:
        with redacted_errors():
            yield
    finally:
        _PRIVATE.reset(token)
        _SECRETS.reset(known)


def is_kept_private() -> bool:
    """Check whether what is worked on is private."""
    return _PRIVATE.get()


@contextmanager
def redacted_errors() -> Iterator[None]:
    """Take secrets out of whatever is raised inside, before somebody logs it."""
    try:
        yield
    except Exception as error:
        redact(error)
        raise


def redact(error: BaseException) -> None:
    """Take secrets out of the messages of an error and of those that led to it."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        write = (
            private_address
            if is_kept_private()
            else public_page
            if isinstance(one, TurntableError)
            else public_address
        )
        known = _SECRETS.get()
        one.args = tuple(public_text(a, known, write) if isinstance(a, str) else a for a in one.args)
        left += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def shown_address(url: str) -> str:
    """Write an address for a message."""
    return locate(url).shown


def kept_text(text: str) -> str:
    """Write a text that somebody else wrote, such as the title in an audio file, to be kept."""
    return public_text(text, _SECRETS.get(), private_address if is_kept_private() else public_page)


def kept_address(url: str) -> str | None:
    """Write an address to be kept with what came from it; `None` where it is private."""
    return None if is_kept_private() else public_address(url)
