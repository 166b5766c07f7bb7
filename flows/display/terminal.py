"""What a person sees: progress while it runs, tables when it is done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from flows.display.guard import guard, unguarded
from flows.display.table_layout import draw, wrap
from flows.progress import REPORTER, Reporter
from flows.sources.folders import told_left_out
from transforms.records import Seconds
from transforms.text import counted, flowing, percent, visible
from warehouse.answers.table import Table

if TYPE_CHECKING:
    from flows.episode.pipeline import Outcome
    from flows.published.import_texts import Imported
    from flows.sources.folders import LeftOut

USUAL = 80  # cells of a terminal that does not say how wide it is
ENDLESS = 1_000_000  # a pipe has no width: nothing is cut or folded for it
MOST_NAMED = 3  # of what failed
MOST_LINES = 3  # of a text in a list
BESIDE_BAR = 53  # cells: the name of a stage, how far and how fast it is, the clock
EVERY: Seconds = 10.0  # a line of progress, where there are no bars


class Terminal(Reporter):
    """Reports to standard error: bars where it is a terminal, one line a stage elsewhere."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bars: Progress | None = None
        self.tasks: dict[str, TaskID] = {}
        self.began: dict[str, float] = {}
        self.counted = time.monotonic()

    def close(self) -> None:
        """Leave the bars as they are, and write below them from now on."""
        if self.bars is not None:
            self.bars.stop()
        self.bars, self.tasks = None, {}

    def start(self, name: str) -> None:
        """Begin an episode: its name, and below it the bars of its stages."""
        self.close()
        self.say(name)
        self._draw_bars()

    def _draw_bars(self) -> None:
        if self.console.is_terminal:
            self.bars = Progress(
                TextColumn("  {task.description:<11}"),
                BarColumn(bar_width=min(32, max(6, self.console.width - BESIDE_BAR))),
                TextColumn("{task.fields[status]}"),
                TimeElapsedColumn(),
                console=self.console,
            )
            self.bars.start()
            guard()  # what others print meanwhile goes through the bars, which would obey its colours and links

    def begin(self, stage: str, total: Seconds | None) -> None:
        """Add a stage's bar; its clock starts now."""
        if self.bars is None:
            self.began[stage] = self.counted = time.monotonic()
        elif stage not in self.tasks:  # it is there when a stage is tried again
            self.tasks[stage] = self.bars.add_task(stage, total=total, status="")

    def advance(self, stage: str, done: Seconds, total: Seconds | None) -> None:
        """Move a stage's bar, or print a line now and then."""
        if self.bars is None:
            took = time.monotonic() - self.began.get(stage, self.counted)
            self._tell(stage, _status(done, total, took) if total else _megabytes(done, took))
            return
        task = self.tasks[stage]
        took = next(bar.elapsed for bar in self.bars.tasks if bar.id == task) or 0.0
        self.bars.update(
            task, completed=done, status=_status(done, total, took) if total else _megabytes(done, took)
        )

    def finish(self, stage: str, total: Seconds | None, took: Seconds, *, computed: bool) -> None:
        """Fill a stage's bar, or print its line."""
        status = "done before"
        if computed:
            status = _status(total, total, took) if total else f"{took:.1f} s"
        if self.bars is None:
            self.console.print(f"  {stage:<11} {status}")
            return
        self.bars.update(self.tasks[stage], total=total or 1.0, completed=total or 1.0, status=status)
        self.bars.stop_task(self.tasks[stage])

    def hear(self, done: int, total: int, seconds: Seconds, took: Seconds) -> None:
        """Move the bar of the episodes that are heard together, or print a line now and then."""
        status = f"{done} of {counted(total, 'episode')}, {_status(seconds, None, took)}"
        if self.bars is None:
            self._draw_bars()
        if self.bars is not None:
            self.begin("hear", total)
            self.bars.update(self.tasks["hear"], completed=done, status=status)
        else:
            self._tell("hear", status)

    def count(self, what: str, done: int, total: int) -> None:
        """Move the bar of many things, or print a line now and then."""
        if done == 1:
            self.counted = time.monotonic()
        if self.bars is None:
            self._draw_bars()
        if self.bars is not None:
            self.begin(what, total)
            self.bars.update(self.tasks[what], completed=done, status=f"{done} of {total}")
        else:
            self._tell(what, f"{done} of {total}")

    def _tell(self, what: str, status: str) -> None:
        """Print a line of progress, if the last one is a while ago."""
        if time.monotonic() - self.counted >= EVERY:
            self.counted = time.monotonic()
            self.console.print(f"  {what:<11} {status}")

    def say(self, line: str) -> None:
        """Print one line, above the bars if there are any."""
        shown = visible(line)
        lines = wrap(shown, self.console.width, whole=True) if self.console.is_terminal else [shown]
        self.console.print("\n".join(lines), soft_wrap=True)

    def done(self, outcome: Outcome) -> None:
        """Sum an episode up."""
        self.close()
        flags = f"; flags: {', '.join(outcome.flags)}" if outcome.flags else ""
        news = "" if outcome.computed else " (all done before)"
        theirs = f"; the publisher's transcript: {outcome.text}" if outcome.text and outcome.from_audio else ""
        length = f" in {outcome.seconds:.0f} s" if outcome.seconds is not None else ""
        what = f"{length} of audio" if outcome.from_audio else f"{length}, from the publisher's {outcome.text}"
        self.say(f"  {counted(outcome.turns, 'turn')}{what}{theirs}{flags}{news}")

    def imported(self, outcome: Imported) -> None:
        """Sum an imported text up."""
        self.close()
        flags = f"; flags: {', '.join(outcome.flags)}" if outcome.flags else ""
        what = counted(outcome.sections, "section") if outcome.sections else counted(outcome.turns, "turn")
        news = "" if outcome.is_new else " (imported before)"
        known = outcome.parse_confidence if outcome.speakers else None
        sure = f", {percent(known)} sure who speaks" if known is not None else ""
        self.say(
            f"{outcome.source}: {outcome.format}, {what}, {counted(outcome.speakers, 'speaker')}, "
            f"{counted(outcome.chapters, 'chapter')}, "
            f"{outcome.parse_coverage:.1%} of the words kept{sure}{flags}{news}"
        )

    def left_out(self, files: Sequence[LeftOut]) -> None:
        """Say in one line what a folder had that was not taken."""
        if files:
            self.close()
            self.say(told_left_out(files))

    def sum_up(self, done: int, noun: str, verb: str, failed: Sequence[str]) -> None:
        """Say at the end of several what was done and what failed; of one alone that was said already."""
        total = done + len(failed)
        if total < 2:
            return
        self.close()
        if not failed:
            self.say(f"{counted(total, noun)} {verb}")
            return
        names = ", ".join(list(dict.fromkeys(failed))[:MOST_NAMED])
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        self.say(f"{done} of {counted(total, noun)} {verb}; {len(failed)} failed: {names}{more}")

    def fail(self, line: str) -> None:
        """Say what went wrong, in one line."""
        self.close()
        self.say(f"turntable: {line}")


def _megabytes(done: float, took: Seconds) -> str:
    """Return how much is loaded, and how fast: nobody may know how much it will be."""
    speed = f", {done / 1e6 / took:.1f} MB/s" if took > 0.05 and done else ""
    return f"{done / 1e6:.1f} MB{speed}"


def _status(done: Seconds | None, total: Seconds | None, took: Seconds) -> str:
    """Return how far a stage is and how fast: `95 of 388 s, 12.3 × real time`; nobody may know how far it goes."""
    done = done or 0.0
    speed = f", {done / took:.1f} × real time" if took > 0.05 and done else ""
    return f"{done:.0f}{f' of {total:.0f}' if total else ''} s{speed}"


@contextmanager
def showing() -> Iterator[Terminal]:
    """Show the progress of everything that runs below on standard error."""
    terminal = Terminal(_console(sys.stderr))
    token = REPORTER.set(terminal)
    try:
        yield terminal
    finally:
        REPORTER.reset(token)
        terminal.close()


def print_table(table: Table) -> None:
    """Print the answer to a query, whole."""
    _print(table)
    if not table.rows:
        print("(no rows)")


def print_list(table: Table, none: str, most: int = MOST_LINES) -> None:
    """Print a list for people, texts cut to `most` lines; where nothing is in it, say so."""
    if table.rows:
        _print(table, most)
    else:
        print(none)


def print_found(hits: Iterable[tuple[str, Table, str]]) -> None:
    """Print what a search found: an episode, what is said there, where it can be heard; a blank line between."""
    n = 0
    for n, (episode, turns, link) in enumerate(hits, start=1):
        print(visible(f"\n{episode}" if n > 1 else episode, keep="\n"))
        for line in draw(turns, screen_width(sys.stdout))[1]:
            print(line)
        if link:
            print(visible(f"{'':7}  {link}"))
    if not n:
        print("(nothing found)")


def print_fields(table: Table) -> None:
    """Print names and what they hold, one below the other, without a header."""
    for line in draw(table, screen_width(sys.stdout))[1]:
        print(line)


def print_plan(table: Table) -> None:
    """Print what `explain` answers: a drawing of several lines."""
    for *_, drawing in table.rows:
        print(drawing)


def print_turns(table: Table) -> None:
    """Print turns as a script: time, speaker, text."""
    at = {name: table.columns.index(name) for name in ("start_time", "speaker", "text")}
    rows = [
        (clock(row[at["start_time"]]), row[at["speaker"]] or "?", flowing(row[at["text"]])) for row in table.rows
    ]
    widest = max((len(time) for time, *_ in rows), default=0)
    if rows:
        _print(Table(("time", "speaker", "text"), [(time.rjust(widest), *rest) for time, *rest in rows]))
    else:
        print("(no turns)")


def clock(seconds: Seconds | None) -> str:
    """Write seconds as a clock shows them.

    >>> clock(75.4), clock(3675.0), clock(None)
    ('1:15', '1:01:15', '')
    """
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _print(table: Table, most: int | None = None) -> None:
    """Print a table to standard output, folded to a terminal; the header is bold there."""
    console = _console(sys.stdout)
    header, rows = draw(table, screen_width(sys.stdout), most)
    for line in header if console.is_terminal else ():
        console.print(line, style="bold", soft_wrap=True)
    for line in rows if console.is_terminal else (*header, *rows):
        print(line)


def screen_width(stream: TextIO) -> int | None:
    """Return how many cells a line of a stream has; `None` for a pipe, unless `COLUMNS` says how many."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL
    except OSError:
        return USUAL


def _console(stream: TextIO) -> Console:
    """Take a stream for drawing; what is written in it is words, never markup, emoji codes or links."""
    file = unguarded(stream)
    width = None if file.isatty() else ENDLESS
    return Console(file=file, width=width, markup=False, emoji=False, highlight=False)
