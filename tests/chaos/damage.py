"""Every kind of file of a home, damaged in every way: found or harmless, healed by the advice, nobody else hurt.

A home is made by the real stages, copied, one file of it damaged, and looked at as a user would: `verify`, `verify
--deep`, then what that says to do. A damage is harmless where a look finds nothing and the home says what it said.
"""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
from pydantic import TypeAdapter

from flows.feeds.manage import add_feeds
from flows.feeds.manage import remove as forget
from flows.feeds.pending import PendingQueue
from flows.feeds.poll import poll
from flows.feeds.subscriptions import SeenEpisodes, Subscriptions
from flows.locations import locate
from flows.settings import Options, Settings
from flows.upkeep import rebuild, verify
from tests.chaos.figure import Figure
from tests.support.feeds import publisher
from tests.support.homes import hear, import_text, make_home, publish
from transforms.errors import TransientError
from transforms.sealed import seal

HOWS = (
    *("cut", "flipped", "flipped", "flipped", "emptied", "deleted", "newer", "swapped", "garbage"),
    *("a folder", "a pipe", "a link to nothing"),
)
WANTED = 600
MOST_STEPS = 4
# What no command reads again, or nobody's data: locks, and what tells only when feeds were asked.
_LEFT = (".lock", "serve.lock")
# When and how fast is another matter after work was done again.
_MOMENTS = (
    "staged_at",
    "described_at",
    "loaded_at",
    "updated_at",
    "applied_at",
    "started_at",
    "created_at",
    "fetched_at",
    "seconds",
)
_KEYS = ("staged_key", "run_id")


@dataclass(frozen=True, slots=True)
class Case:
    """One file of a home, how it is damaged, and by which dice."""

    name: str
    how: str
    seed: int


def run(*, short: bool) -> Iterator[Figure]:
    """Damage homes: a few of each kind in the short form."""
    with tempfile.TemporaryDirectory() as made, publisher() as host:
        folder = Path(made)
        make_home(folder, host)
        cases = _cases(folder / "home")
        if short:
            cases = random.Random(14).sample(cases, 4)
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
            became = list(pool.map(_try, [folder] * len(cases), cases))
    lines = zip(cases, became, strict=True)
    worst = tuple(f"{case.name} {case.how} {case.seed}: {line}" for case, (_, line) in lines if line)
    found = Counter(how for how, _ in became)
    measured = ", ".join(f"{count} {how}" for how, count in sorted(found.items()))
    yield Figure("damaged files of a home", len(cases), worst, WANTED, measured)


def _cases(home: Path) -> list[Case]:
    files = sorted(p for p in home.rglob("*") if p.is_file() and not p.name.endswith(_LEFT))
    every = [Case(str(file.relative_to(home)), how, n) for file in files for n, how in enumerate(HOWS)]
    more = WANTED - len(every)
    dice = random.Random(9)
    flips = [Case(str(dice.choice(files).relative_to(home)), "flipped", 100 + n) for n in range(max(0, more))]
    return [*every, *flips]


def _try(folder: Path, case: Case) -> tuple[str, str | None]:
    """Damage one file of a copy, and see whether it is found, healed, and nobody else is hurt."""
    verify.LOOKS = 1  # nobody else is at work here
    with tempfile.TemporaryDirectory() as copy:
        home = Path(copy) / "home"
        shutil.copytree(folder / "home", home)
        settings = Settings(home=home, allow=("127.0.0.1",))
        before = told(settings)
        if not _damage(home, case):
            return "no change", None
        try:
            return judge(folder, settings, before)
        except Exception as error:
            return "broken", f"{type(error).__name__}: {error}"


def judge(folder: Path, settings: Settings, before: dict[str, list[str]]) -> tuple[str, str | None]:
    problems, how = verify.verify(settings), "found by verify"
    if not problems:
        problems, how = verify.verify(settings, deep=True), "found by --deep"
    if not problems:
        lost = differs(before, told(settings))
        return "harmless", f"not found, and it is not harmless: {lost}" if lost else None
    _go_on(settings)
    advice: list[str] = []
    removed: set[str] = set()
    while problems and len(advice) < MOST_STEPS:  # the way back may have two steps, each of which is printed
        advice += [problem.advice for problem in problems]
        removed |= _follow(folder, settings, [problem.advice for problem in problems])
        problems = verify.verify(settings, deep=any("deep" in line for line in advice))
    if problems:
        return how, f"not healed by {advice}: {problems}"
    left = [line for line in before["waiting"] if line.split()[0] not in removed]
    lost = differs({**before, "waiting": left}, told(settings))
    return how, f"after {advice} something is lost: {lost}" if lost else None


def _go_on(settings: Settings) -> None:
    """Do what others do meanwhile: only a warehouse that is damaged itself holds up a load."""
    list(PendingQueue(settings.home).all())
    poll(settings)
    text = settings.home.parent / "neighbour.txt"
    text.write_text("A neighbour of them all\n\nAnn Lee: Who lives here?\nBob Ray: Nobody knows.\n")
    import_text(settings, text)
    with suppress(TransientError):
        publish(settings)


def _follow(folder: Path, settings: Settings, advice: list[str]) -> set[str]:
    """Type what is printed, and what that prints; return the episodes that were let go, where that was offered."""
    said: list[str] = []
    if any("turntable rebuild" in line for line in advice):
        said = list(rebuild.rebuild(settings, deep=any("--deep" in line for line in advice)))
    commands = [found for line in (*advice, *said) for found in re.findall(r"`(turntable [^`]+)`", line)]
    commands += [line for line in advice if line.startswith("turntable poll")]
    for command in dict.fromkeys(commands):
        _, verb, *arguments = shlex.split(command)
        _type(folder, settings, verb, arguments)
    removed = {name for line in advice for name in re.findall(r", or turntable remove (\S+)$", line)}
    for name in removed:  # the other way, to ingest it, wants models and its publisher
        forget(settings, name)
    poll(settings)
    publish(settings)
    return removed


def _type(folder: Path, settings: Settings, verb: str, arguments: list[str]) -> None:
    """Do what a command does, but for Prefect and the models."""
    if verb == "add":
        add_feeds(settings, [locate(one) for one in arguments], ("music",), Options(language="en"), "all")
    elif verb == "import":
        import_text(settings, Path(arguments[0]))
    elif verb == "ingest" and not arguments[0].startswith("episode:"):
        hear(settings, Path(arguments[0]))
    elif verb == "poll" and arguments:
        poll(settings, arguments)
    publish(settings)


def told(settings: Settings) -> dict[str, list[str]]:
    """Gather what the home says: the rows that people read, what waits, what is subscribed to, what is known."""
    told: dict[str, list[str]] = {}
    with duckdb.connect() as con:
        try:
            con.execute(f"attach '{settings.snapshot}' as snapshot (read_only)")
            tables = con.execute(
                "select table_name from duckdb_tables() where database_name = 'snapshot'"
            ).fetchall()
            for (table,) in tables:
                told[table] = _rows(con, table)
        except duckdb.Error as error:
            told["snapshot"] = [str(error)]
    told["waiting"] = [
        f"{w.episode.episode_id} {w.location} {w.options}" for w in PendingQueue(settings.home).all()
    ]
    subscriptions = Subscriptions(settings.home)
    for feed in subscriptions.all():
        known = (subscriptions.remembered(feed.feed_id) or SeenEpisodes()).known
        told[feed.feed_id] = [f"{feed.url} {feed.title} {feed.tags} {feed.options}", *sorted(map(str, known))]
    return told


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    left = ", ".join(f"'{name}'" for name in (*_MOMENTS, *_KEYS))
    where = "where stage <> 'read' or status = 'done'" if table == "stage_runs" else ""
    sql = f"select columns(lambda c: c not in ({left})) from snapshot.{table} {where}"
    try:
        return sorted(map(str, con.execute(sql).fetchall()))
    except duckdb.BinderException:  # a table of nothing but keys and moments
        return []


def differs(before: dict[str, list[str]], after: dict[str, list[str]]) -> str | None:
    """Return what is not said any more, whatever came since."""
    for name, lines in before.items():
        left = Counter(lines) - Counter(after.get(name, []))
        if left:
            return f"{name}: {next(iter(left))[:300]}"
    return None


def _damage(home: Path, case: Case) -> bool:
    """Damage one file; False where that changes nothing."""
    path, dice = home / case.name, random.Random(f"{case.name} {case.seed}")
    data = path.read_bytes()
    match case.how:
        case "cut":
            after = data[: dice.randrange(len(data))] if data else b""
        case "flipped":
            place = dice.randrange(len(data))
            after = data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]
        case "emptied":
            after = b""
        case "garbage":
            after = dice.randbytes(len(data))
        case "newer":
            name = path.parent.name if path.name == "manifest.json" else path.stem
            after = _newer(data, name) if b'"digest"' in data else data
        case "swapped":
            after = _sibling(home, path).read_bytes()
        case _:
            path.unlink()
            make = {"a folder": Path.mkdir, "a pipe": os.mkfifo, "a link to nothing": lambda p: p.symlink_to("no")}
            make.get(case.how, lambda _: None)(path)
            return True
    path.write_bytes(after)
    return after != data


def _newer(data: bytes, name: str) -> bytes:
    """Add to a sealed file what no version knows yet."""
    newer: dict[str, Any] = {**json.loads(data), "mood": {"of": "a newer version"}}
    newer.pop("digest")
    return seal(TypeAdapter(dict[str, Any]), newer, name)


def _sibling(home: Path, path: Path) -> Path:
    """Return another file of the same kind, or the file itself where it is the only one."""
    parts = path.relative_to(home).parts
    if parts[0] == "artifacts":
        same = (home / "artifacts" / parts[1]).rglob(path.name)
    else:
        same = path.parent.glob(f"*{''.join(path.suffixes)}")
    return next((other for other in sorted(same) if other != path and other.is_file()), path)
