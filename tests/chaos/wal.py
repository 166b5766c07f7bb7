"""The log that a killed loader leaves beside the warehouse, cut and flipped: found or harmless, rebuilt, equal.

Each transaction of the loader is in it, and none in the warehouse itself. DuckDB leaves out what is torn at its
end; what that takes away has to be missed, and come back.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from flows import loader
from flows.settings import Settings
from flows.upkeep import verify
from tests.chaos.damage import judge, told
from tests.chaos.figure import Figure
from tests.support import warm
from tests.support.feeds import publisher
from tests.support.homes import TALK, hear, import_text, make_audio, make_home
from tests.support.killed import die
from warehouse import store
from warehouse.loading import load

WANTED = 200
TEXTS = 8  # each in a transaction of its own


def run(*, short: bool) -> Iterator[Figure]:
    """Cut the log at a hundred places and flip a bit of it at a hundred; a few of each in the short form."""
    number = 1 if short else WANTED // 2
    with tempfile.TemporaryDirectory() as made, publisher() as host:
        folder = Path(made)
        settings = make_home(folder, host)
        _leave_log(folder, settings)
        cases = [(how, seed) for how in ("cut", "flipped") for seed in range(number)]
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
            became = list(pool.map(_try, [folder] * len(cases), cases))
    worst = tuple(f"{how} {seed}: {line}" for (how, seed), (_, line) in zip(cases, became, strict=True) if line)
    measured = ", ".join(f"{count} {how}" for how, count in sorted(Counter(how for how, _ in became).items()))
    yield Figure("the log of a killed loader, cut and flipped", len(cases), worst, WANTED, measured)


def _leave_log(folder: Path, settings: Settings) -> None:
    """Load some documents in a process that is killed before it closes the warehouse, and publish them."""
    hear(settings, make_audio(folder / "another.wav", seed=2))
    for number in range(3, 3 + TEXTS):
        text = folder / f"talk {number}.txt"
        text.write_text(TALK.format(title=f"Talk number {number} of many"))
        import_text(settings, text)
    process = warm.context().Process(target=_load_and_die, args=(settings.home,))
    process.start()
    process.join()
    loader.publish(settings)
    verify.LOOKS = 1
    assert verify.verify(settings) == ()
    assert _log(settings).stat().st_size > 10_000


def _load_and_die(home: Path) -> None:
    load.MOST_DOCUMENTS = 1
    real = store.load_new
    store.load_new = lambda *given: (real(*given), die())  # type: ignore[assignment]
    loader.load(Settings(home=home))


def _log(settings: Settings) -> Path:
    return Path(f"{settings.warehouse}.wal")


def _try(folder: Path, case: tuple[str, int]) -> tuple[str, str | None]:
    """Damage the log of a copy, and see whether it is found, and healed by what is advised."""
    how, seed = case
    verify.LOOKS = 1
    with tempfile.TemporaryDirectory() as copy:
        home = Path(copy) / "home"
        shutil.copytree(folder / "home", home)
        settings = Settings(home=home, allow=("127.0.0.1",))
        before = told(settings)
        dice, log = random.Random(f"{how} {seed}"), _log(settings)
        data = bytearray(log.read_bytes())
        place = dice.randrange(len(data))
        if how == "cut":
            del data[place:]
        else:
            data[place] ^= 1 << dice.randrange(8)
        log.write_bytes(data)
        try:
            found, line = judge(folder, settings, before)
        except Exception as error:
            return "broken", f"at {place} of {len(data)}: {type(error).__name__}: {error}"
        return f"{how} {found}", line and f"at {place} of {len(data)}: {line}"
