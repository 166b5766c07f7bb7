"""The commands about weights: `models`, `models fetch`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.commands.options import JsonFlag, read_settings, say, show_list
from flows.stopping import stoppable
from transforms.errors import SourceError

app = typer.Typer(
    name="models",
    help="What weights there are, where from, and under which licence.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback(epilog="Example: turntable models fetch base")
def models(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the weights: what is there, where it comes from, its hash and licence."""
    if context.invoked_subcommand is not None:
        return
    from flows.display import lists
    from flows.engines.weights import is_there
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


@app.command("fetch", epilog="Example: turntable models fetch")
@stoppable
def fetch_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; without any, all that need no account.")
    ] = None,
) -> None:
    """Fetch weights and check them against their hashes."""
    from flows.engines.model_loading import hub_token
    from flows.engines.weights import get_weights
    from transforms.speech.models import EMBEDDED, MODELS

    settings = read_settings(with_home=False)
    unknown = [name for name in names or () if name not in MODELS]
    if unknown:
        msg = f"no model is called {unknown[0]!r}: take one of {', '.join(MODELS)}"
        raise SourceError(msg)
    for model in [MODELS[name] for name in names] if names else EMBEDDED:
        path = get_weights(model, settings.models, token=hub_token(settings), say=say)
        typer.echo(f"{model.name}: {path}")
