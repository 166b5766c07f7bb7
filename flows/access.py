"""Who gets into a Prefect server that we start: who knows a secret that its home keeps.

    $TURNTABLE_HOME/prefect/auth   turntable:…, made once; only its owner can read it
    $TURNTABLE_HOME/prefect/api    the address that it opens, and the process that serves it, while that lives: its
                                   number and its start, for numbers are given again

What we start has the secret in its environment, never on its command line. A command finds it here by itself.
No Prefect: its settings are read when it is imported, so this has to come before.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.home.private import write_bytes
from transforms.sealed import regular_bytes

SERVERS, CLIENTS = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
_OPEN = 0o077  # the bits by which others than the owner reach a file


def secret(home: Path) -> str:
    """Return the secret of a home, a new one where there is none or where others could read it."""
    path = home / "prefect" / "auth"
    known = _line(path)
    if known and not path.stat().st_mode & _OPEN:
        return known
    made = f"turntable:{secrets.token_urlsafe(32)}"
    write_bytes(path, made.encode())
    return made


@contextmanager
def opening(home: Path, api: str) -> Iterator[None]:
    """Say while a server runs that the secret of a home is for it, and for nobody who has its port later."""
    path = home / "prefect" / "api"
    try:  # a signal may end the writing, when the file is there already
        write_bytes(path, " ".join((api, str(os.getpid()), _start_of(os.getpid()))).encode())
        yield
    finally:
        path.unlink(missing_ok=True)


def enter(home: Path) -> None:
    """Let this process into the Prefect server that the user set, if that is the one that serves this home."""
    api = os.environ.get("PREFECT_API_URL")
    if api and CLIENTS not in os.environ and (known := _line(home / "prefect" / "auth")) and _same(api, home):
        os.environ[CLIENTS] = known


def has_server() -> bool:
    """Check whether the user set a Prefect server, in the environment or in the profile of Prefect.

    Without one, the work is done here, and Prefect is not even imported.
    """
    return bool(os.environ.get("PREFECT_API_URL")) or _is_in_profile()


def find_server(home: Path) -> bool:
    """Let this process talk to the server that serves a home, unless one is set; tell whether there is any."""
    if has_server():
        return True
    api, known = _served(home), _line(home / "prefect" / "auth")
    if api is None or known is None:
        return False
    os.environ["PREFECT_API_URL"], os.environ[CLIENTS] = api, known
    return True


def is_served(home: Path) -> bool:
    """Check whether `turntable serve` runs for a home on this machine."""
    return _served(home) is not None


def _same(api: str, home: Path) -> bool:
    ours = _served(home)
    return ours is not None and api.rstrip("/").replace("//localhost:", "//127.0.0.1:") == ours


def _served(home: Path) -> str | None:
    """Return the address at which a home is served; `None` where that process is gone, however it ended."""
    api, process, began, *_ = [*(_line(home / "prefect" / "api") or "").split(" "), "", ""]
    try:
        os.kill(int(process), 0)
        return api if began == _start_of(int(process)) else None
    except (ValueError, OverflowError, OSError):
        return None


def _start_of(process: int) -> str:
    """Return when a process began, in ticks since the machine did; nothing where the system does not say."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _line(path: Path) -> str | None:
    try:
        return regular_bytes(path).decode().strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _is_in_profile() -> bool:
    """Check whether the user's profile of Prefect names a server, or cannot be read: then Prefect says why."""
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
        active = profiles["profiles"].get(os.environ.get("PREFECT_PROFILE", profiles.get("active")), {})
        return bool(active.get("PREFECT_API_URL"))
    except OSError:
        return False
    except (ValueError, LookupError, TypeError, AttributeError):
        return True
