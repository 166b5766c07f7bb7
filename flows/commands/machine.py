"""The commands about this machine and whether a home is sound: `doctor`, `models`, `rebuild`, `verify`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.commands.options import (
    JsonFlag,
    read_settings,
    say,
    settings_to_ask,
    settings_to_write,
    show,
    show_list,
)
from flows.stopping import stoppable
from transforms.errors import SourceError

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: turntable doctor --json")
@stoppable
def doctor(as_json: JsonFlag = False) -> None:
    """Look at device, libraries, weights and disk, and say what to do."""
    from flows.doctor import examine
    from warehouse.answers.table import Table

    checks = examine(read_settings(with_home=False))
    show(Table(("check", "state", "found", "do"), [tuple(check) for check in checks]), as_json=as_json)
    if any(check.state == "bad" for check in checks):
        raise typer.Exit(1)


@app.command(epilog="Example: turntable rebuild")
@stoppable
def rebuild(
    deep: Annotated[bool, typer.Option("--deep", help="Hash every artifact, audio too.")] = False,
) -> None:
    """Make the warehouse anew from the artifacts, without what is damaged; exit code 1 where something is lost."""
    from flows.display.terminal import showing
    from flows.loader import publish_vectors
    from flows.upkeep.rebuild import clear_way
    from flows.upkeep.rebuild import rebuild as rebuild_home

    clear_way(read_settings().home)
    with showing():
        settings = settings_to_write()
        lost = rebuild_home(settings, deep=deep)
        publish_vectors(settings)
    typer.echo("the warehouse was made anew from the artifacts")
    for line in lost:
        say(f"turntable: {line}")
    if lost:
        raise typer.Exit(1)


@app.command(epilog="Example: turntable verify && echo sound")
@stoppable
def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Hash every artifact, and compare every row with a warehouse made anew.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check artifacts, warehouse, snapshot and private files, and say what to do; nothing found is exit code 0."""
    from flows.display.terminal import showing
    from flows.upkeep.verify import verify as verify_home
    from warehouse.answers.table import Table

    with showing():
        problems = verify_home(settings_to_ask(), deep=deep)
    if problems or as_json:
        rows = [(p.check, p.detail, p.advice) for p in problems]
        show(Table(("check", "detail", "do"), rows), as_json=as_json)
    else:
        typer.echo("warehouse and artifacts agree")
    if problems:
        raise typer.Exit(1)


weights = typer.Typer(
    name="models",
    help="What weights there are, where from, and under which licence.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@weights.callback(epilog="Example: turntable models fetch base")
def models(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the weights: what is there, where it comes from, its hash and licence."""
    if context.invoked_subcommand is not None:
        return
    from flows.display import lists
    from flows.engines.fetch_weights import is_there
    from transforms.speech.models import MODELS
    from warehouse.answers.table import Table

    folder = read_settings(with_home=False).models
    rows: list[tuple[Any, ...]] = []
    for model in MODELS.values():
        there = "yes" if is_there(model, folder) else "no"
        origin = model.repository or ", ".join(
            sorted({package for file in model.files for package, _ in file.members})
        )
        identity = (
            f"sha256 {model.files[0].sha256[:16]}" if model.files else f"revision {str(model.revision)[:16]}"
        )
        rows.append((model.name, model.use, there, model.origin, origin, identity, model.licence, model.about))
    columns = ("name", "use", "there", "origin", "from", "pinned", "licence", "about")
    show_list(Table(columns, rows), lists.models, "no weights are known", as_json=as_json)


@weights.command("fetch", epilog="Example: turntable models fetch")
@stoppable
def fetch_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; without any, all that need no account.")
    ] = None,
) -> None:
    """Fetch weights and check them against their hashes."""
    from flows.engines.fetch_weights import get_weights
    from flows.engines.model_loading import hub_token
    from transforms.speech.models import EMBEDDED, MODELS

    settings = read_settings(with_home=False)
    unknown = [name for name in names or () if name not in MODELS]
    if unknown:
        msg = f"no model is called {unknown[0]!r}: take one of {', '.join(MODELS)}"
        raise SourceError(msg)
    for model in [MODELS[name] for name in names] if names else EMBEDDED:
        path = get_weights(model, settings.models, token=hub_token(settings), say=say)
        typer.echo(f"{model.name}: {path}")


app.add_typer(weights)
