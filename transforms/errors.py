"""The errors that a user of Turntable can meet, by class.

    TurntableError
    ├── TransientError   time heals it: a timeout, 5xx, 429, a lock, a full disk. Tried again.
    │   └── Interrupted  the user stopped it
    ├── SourceError      the source does not give it: 404, 401, no such file, no such model.
    │   └── Gone         410: it took it down for good, and says so. Nothing is asked again.
    ├── ContentError     what came is not what was asked for: not audio, no samples, damaged.
    ├── HostileError     what came tries to harm: a private address, a bomb, a playlist posing as audio.
    └── ResourceError    this machine has too little memory, after every smaller setting was tried.

Whatever else is raised is a bug and keeps its traceback. The message of each is one line that names
the thing, the cause and the way out.
"""

from __future__ import annotations

import errno
import traceback
from typing import ClassVar, Literal

from transforms.redaction import public_page, public_text

ErrorClass = Literal["transient", "source", "content", "hostile", "resource", "bug"]


class TurntableError(Exception):
    """Something went wrong that the user can understand; the message is one line."""

    error_class: ClassVar[ErrorClass] = "bug"


class TransientError(TurntableError):
    """Trying again later may work; `retry_after` is what the server asked for, in seconds."""

    error_class = "transient"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Interrupted(TransientError):
    """The user stopped it: the next run goes on, but nothing is tried again by itself."""


class SourceError(TurntableError):
    """The source does not have it, or does not give it to us."""

    error_class = "source"


class LoginError(SourceError):
    """The server wants a user and a password, or others than it got."""


class Gone(SourceError):
    """The source says that it is gone for good (410): whoever is subscribed to it stops."""


class ContentError(TurntableError):
    """The bytes came, but they are not what they should be."""

    error_class = "content"


class HostileError(TurntableError):
    """The bytes or the address could do harm, and were refused."""

    error_class = "hostile"


class ResourceError(TurntableError):
    """Too little memory, even with the smallest settings."""

    error_class = "resource"


def error_class(error: BaseException) -> ErrorClass:
    """Name the class of any exception: a full disk is transient, the unknown is a bug.

    >>> error_class(SourceError("gone")), error_class(ZeroDivisionError())
    ('source', 'bug')
    """
    if isinstance(error, TurntableError):
        return error.error_class
    if isinstance(error, MemoryError):
        return "resource"
    if isinstance(error, OSError):
        return "transient"
    return "bug"


def forget_frames(error: BaseException) -> None:
    """Let go of what the frames of an error hold: who keeps the error would keep the audio too."""
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__


def one_line(error: BaseException) -> str:
    """Return what an error is in one line, without secrets: ours as they are, others with their kind."""
    text = " ".join(str(error).split())
    if isinstance(error, TurntableError):
        return public_text(text, write=public_page)
    text = public_text(text)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space left on the disk: free some and run the same command again"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror.lower()}: {error.filename or 'no file named'}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
