"""The flows `import_transcript` and `reparse`: published texts as runs of Prefect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run

from flows.allowed_files import check, confine
from flows.episode_log import tell, telling_refusals
from flows.locations import Location
from flows.published.import_texts import Imported, RefusedText, Result, import_texts, reparse_texts
from flows.published.linking import Hints
from flows.serve.prefect_ui.markdown_pages import MOST_ROWS, cells, table
from flows.serve.prefect_ui.prefect_runs import as_tasks
from flows.serve.prefect_ui.run_names import timed
from flows.serve.prefect_ui.run_parameters import Address, SecretAddress, unveiled, veiled
from flows.settings import Settings
from transforms.text import counted


def _run_name() -> str:
    """Call a run what it imports."""
    given = flow_run.parameters["locations"]
    names = [unveiled(one).public for one in given[:1]]
    return " ".join([*names, *([f"and {len(given) - 1} more"] if len(given) > 1 else [])]) or "nothing"


@flow(name="import-transcript", flow_run_name=_run_name, persist_result=False)
def import_transcript(
    locations: list[Address | SecretAddress], hints: Hints | None = None, *, strays: bool = False
) -> tuple[Result, ...]:
    """Turn published texts into speaker turns in the warehouse.

    Args:
        locations: files, folders of files, or URLs; a secret one is not shown in the run's parameters.
        strays: they lay in a folder, so that what is no transcript did not fail.
        hints: what you say of all of them; `None` leaves everything to the texts.

    Raises:
        SourceError: there is no such format, or no such episode.
        HostileError: a server asks for a file that nobody watches or allowed.
        ContentError, TransientError: the warehouse cannot be loaded; what was staged is loaded the next time.
    """
    settings = Settings()
    named = [unveiled(one) for one in locations]
    with telling_refusals():
        confine(settings)
        for location in named:
            check(location)
    with as_tasks():
        results = import_texts(named, hints or Hints(), settings, strays=strays)
    for one in results:
        tell(f"{one.source}: {counted(one.turns, 'turn')}" if isinstance(one, Imported) else one.message)
    _write_page(results, "import")
    return results


def import_as_run(
    locations: Sequence[Location],
    hints: Hints,
    settings: Settings,  # noqa: ARG001 - the run reads its own
    *,
    strays: bool = False,
) -> tuple[Result, ...]:
    """Import texts as `import_texts` does, as a run; what a subscriber's URL holds stays out of its parameters."""
    return import_transcript([veiled(one) for one in locations], hints, strays=strays)


@flow(name="reparse", flow_run_name=lambda: timed("reparse"), persist_result=False)
def reparse() -> tuple[Result, ...]:
    """Read every kept text again with the parsers of today, and move it to its episode if that is known by now."""
    with as_tasks():
        results = reparse_texts(Settings())
    _write_page(results, "reparse")
    return results


def _write_page(results: Sequence[Result], key: str) -> None:
    """Leave a page and a table in the Prefect UI: what came out, and what was refused and why."""
    imported = [one for one in results if isinstance(one, Imported)]
    refused = [one for one in results if isinstance(one, RefusedText)]
    lines = [
        f"# {counted(len(imported), 'text')} imported, {len(refused)} refused",
        _summed(imported),
        *(["", "## Refused", "", *_markdown(refused)] if refused else []),
        *(["", "## Imported", "", *_markdown(imported)] if imported else []),
    ]
    create_markdown_artifact("\n".join(lines), key=key, description="What became of each text")
    everyone: list[Result] = [*refused, *imported]
    create_table_artifact([cells(_row(one)) for one in everyone[:MOST_ROWS]], key=f"{key}-texts")


def _summed(imported: Sequence[Imported]) -> str:
    """Say how much came out of texts, and in which formats they were."""
    formats = Counter(one.format for one in imported).most_common()
    return (
        f"{sum(one.is_new for one in imported)} of them are new, with {sum(one.turns for one in imported)} turns "
        f"and {sum(one.sections for one in imported)} sections, of "
        f"{len({one.episode_id for one in imported})} episodes. "
        f"Formats: {', '.join(f'{name} {count}' for name, count in formats) or 'none'}."
    )


def _markdown(results: Sequence[Result]) -> Iterator[str]:
    """Write results of one kind as a table."""
    rows = [_row(one) for one in results]
    return table(tuple(rows[0]), [tuple(row.values()) for row in rows])


def _row(result: Result) -> dict[str, Any]:
    return {name: ", ".join(v) if isinstance(v, tuple) else v for name, v in asdict(result).items()}
