"""The commands about the transcripts of an episode: `pin` and `eval`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.options import JsonFlag, find_episode, print_json, settings_to_ask, settings_to_write, show
from flows.commands.query import Episode
from flows.stopping import stoppable, working_on
from transforms.errors import SourceError
from transforms.text import counted
from warehouse.answers.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.alignment.comparing import Comparison, Judged, Score

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def _transcripts() -> None:
    """Say which transcript is to be read, and which model is better."""


@app.command(epilog="Example: turntable pin latest asr")
@stoppable
def pin(
    episode: Episode,
    transcript: Annotated[
        str | None,
        typer.Argument(
            help="merged, publisher, captions, asr, or the beginning of its id; without it, all are listed."
        ),
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what you pinned.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say which transcript of an episode is to be read, whatever else there is."""
    from flows.episode.aligning import pin_transcript
    from flows.loader import ready_snapshot
    from warehouse import query

    if transcript is not None and undo:
        msg = "give a transcript, or --undo"
        raise typer.BadParameter(msg)
    settings = settings_to_write()
    ready_snapshot(settings)
    episode_id = find_episode(settings.snapshot, episode)
    if transcript is None and not undo:
        show(query.transcripts(settings.snapshot, episode_id), as_json=as_json)
        return
    with working_on("pin", transcript or "--undo", settings, episode_id):
        source = pin_transcript(settings, episode_id, transcript)
    if as_json:
        print_json({"episode_id": episode_id, "pinned": source})
        return
    typer.echo(
        f"the {source} transcript is read from now on" if source else "the rules say again which one is read"
    )


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
    from transforms.alignment.comparing import Judged, compare, score
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
    return f"{100 * value:.1f} %" if isinstance(value, float) else value
