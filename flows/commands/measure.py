"""The commands that measure how right we are: `bench` by truth that you have, `eval` by what publishers wrote."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import JsonFlag, print_json, say, settings_to_ask, show
from flows.paths import absolute
from flows.stopping import stoppable
from transforms.errors import SourceError
from transforms.text import counted
from warehouse.answers.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.bench.compare import BenchRun, BenchSummary, Contender
    from transforms.alignment.error_rates.comparing import Comparison, Judged, Score

app = typer.Typer(rich_markup_mode=None)

RATIOS = (
    ("turntable accurate", "stack"),
    ("turntable fast", "stack"),
    ("turntable words", "faster-whisper"),
    ("turntable speakers", "pyannote"),
)


@app.command(epilog="Example: turntable bench episodes/ --against stack --against faster-whisper")
@stoppable
def bench(
    folder: Annotated[Path, typer.Argument(help="Audio files with NAME.stm and NAME.rttm beside NAME.mp3.")],
    against: Annotated[
        list[str] | None,
        typer.Option(help="faster-whisper (words), pyannote (speakers) or stack (both, put together)."),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(min=1, help="How often each hears each episode, in turns. [3; 1 if there is no --against]"),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cuda or cpu.")] = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Measure errors and speed on your own episodes with truth, side by side with others."""
    from flows.bench.compare import compare, find_episodes
    from flows.bench.speech_scores import require_libraries

    require_libraries()
    if device not in ("auto", "cuda", "cpu"):
        raise typer.BadParameter(f"{device!r}: give auto, cuda or cpu", param_hint="--device")  # noqa: EM102
    episodes, contenders = find_episodes(absolute(folder)), _contenders(against or [], device)
    failures: list[str] = []
    repeats = repeats or (3 if against else 1)  # errors are the same each time, seconds are not

    def failed(line: str) -> None:
        failures.append(line)
        say(line)

    runs = []
    for run in compare(contenders, episodes, repeats=repeats, on_failure=failed):
        runs.append(run)
        say(f"{run.episode}: {run.system}, {run.duration / run.seconds:.1f} × real time")
    report(runs, failures, as_json=as_json)
    if failures:
        raise typer.Exit(1)


def _contenders(against: list[str], device: str) -> list[Contender]:
    """List who takes part; who finds out only words, or only speakers, meets that part of Turntable alone.

    Raises:
        SourceError: nobody is called that.
    """
    from flows.bench.compare import own

    place, fast = ("--device", device), ("--quality", "fast")
    chosen = [
        own("turntable accurate", "turntable", "both", *place),
        own("turntable fast", "turntable", "both", *place, *fast),
    ]
    others = {
        "stack": [own("stack", "stack", "both", *place)],
        "faster-whisper": [
            own("turntable words", "turntable", "words", *place),
            own("faster-whisper", "faster-whisper", "words", *place),
        ],
        "pyannote": [
            own("turntable speakers", "turntable", "speakers", *place),
            own("pyannote", "pyannote", "speakers", *place),
        ],
    }
    for name in dict.fromkeys(against):
        if name not in others:
            msg = f"nobody to compare with is called {name!r}: take one of {', '.join(others)}"
            raise SourceError(msg)
        chosen += others[name]
    return chosen


def report(runs: list[BenchRun], failures: list[str], *, as_json: bool) -> None:
    """Print each episode, then all together."""
    from flows.bench.compare import ratio, summarize

    summaries = summarize(runs)
    if as_json:
        print_json(
            {
                "hearings": [asdict(one) for one in runs],
                "total": [asdict(one) for one in summaries],
                "failed": failures,
            }
        )
        return
    names = [one.system for one in summaries]
    rows = []
    for episode in dict.fromkeys(one.episode for one in runs):
        there = summarize([one for one in runs if one.episode == episode])
        rows += [_row(episode, one) for one in sorted(there, key=lambda one: names.index(one.system))]
    rows += [_row("all", one) for one in summaries]
    show(Table(("episode", "system", "WER", "cpWER", "DER", "× real time", "MB"), rows))
    for ours, other in RATIOS:
        found = ratio(runs, ours, other)
        if found:
            typer.echo(
                f"{ours} is {found.of_medians:.2f} × as fast as {other} ({found.least:.2f} to {found.most:.2f})"
            )


def _row(episode: str, one: BenchSummary) -> tuple[str, ...]:
    errors = (rate_percent(one.wer), rate_percent(one.cpwer), rate_percent(one.der))
    return episode, one.system, *errors, f"{one.speed:.1f}", _megabytes(one.peak_memory)


def rate_percent(rate: float | None) -> str:
    """Write an error rate; nothing where nobody counted.

    >>> rate_percent(0.1234), rate_percent(None)
    ('12.3 %', '')
    """
    return "" if rate is None else f"{100 * rate:.1f} %"


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.0f}"


@app.command(name="eval", epilog="Example: turntable eval base large-v3-turbo --json")
def evaluate(
    one: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="A model, or the beginning of a transcript's id.")
    ] = None,
    other: Annotated[str | None, typer.Argument(metavar="[OTHER]", help="Another one.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say how wrong models were on your own episodes, by what their publishers wrote, and which to take.

    Two are compared on the texts that judge both: ingest episodes that have a published text once with each
    (`turntable ingest … --model large-v3-turbo`). Without names, all are listed.
    """
    from transforms.alignment.error_rates.comparing import Judged, compare, score
    from warehouse import query

    if (one is None) != (other is None) or (one is not None and one == other):
        msg = "give two different models or transcripts, or none"
        raise typer.BadParameter(msg)
    judged = [Judged(*row) for row in query.judged(settings_to_ask().snapshot).rows]
    if one is None or other is None:
        models = sorted({row.model for row in judged if row.model})
        _show_scores(
            [score(name, (row for row in judged if row.model == name)) for name in models], as_json=as_json
        )
        return
    for name in (one, other):
        _check_judged(judged, name)
    found = compare(judged, one, other)
    if found is None:
        msg = (
            f"no published text judges both {one} and {other}: ingest the same episodes with --model {other}, too"
        )
        raise SourceError(msg)
    _show_comparison(found, as_json=as_json)


def _check_judged(judged: list[Judged], name: str) -> None:
    """Complain about a name that no transcript has which a published text judges."""
    if not any(row.is_of(name) for row in judged):
        models = ", ".join(sorted({row.model for row in judged if row.model})) or "none"
        msg = f"no published text judges {name!r}: judged are {models}; a text is imported by `turntable import`"
        raise SourceError(msg)


def _show_comparison(found: Comparison, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    _show_scores(found.scores, as_json=False)
    rates = [getattr(score, found.metric) for score in found.scores]
    what = "words wrong or of another speaker" if found.metric == "cpwer" else "words wrong"
    typer.echo(
        f"take {found.recommended}: {100 * min(rates):.1f} against {100 * max(rates):.1f} % {what}, "
        f"on {counted(found.scores[0].episodes, 'episode')}"
        + ("" if found.is_sure else "; that may be chance: more episodes with a published text would tell")
    )


def _show_scores(scores: Sequence[Score], *, as_json: bool) -> None:
    """Print how wrong each was: for people in percent."""
    if as_json:
        print_json([asdict(score) for score in scores])
        return
    if not scores:
        typer.echo("nothing is judged yet: import the published text of an episode that was heard")
        return
    columns = ("name", "episodes", "words", "wer", "cpwer", "name_error", "der", "lost_words", "made_up_words")
    show(Table(columns, [tuple(_shown(getattr(score, name)) for name in columns) for score in scores]))


def _shown(value: object) -> object:
    return rate_percent(value) if isinstance(value, float) else value
