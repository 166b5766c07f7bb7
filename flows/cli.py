"""The `turntable` command: parse, call, print.

Everything heavy is imported inside the command that needs it, so that `turntable --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from flows import paths
from flows.commands.contents import Contents
from flows.display.guard import guard

app = typer.Typer(
    name="turntable",
    cls=Contents,
    help="Turn podcast episodes into speaker turns that you query with SQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="turntable COMMAND --help says more, with an example.",
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"turntable {version('turntable')}")
        raise typer.Exit


INTERRUPTED = "interrupted: run the same command to go on"


@app.callback()
def _main(
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [TURNTABLE_HOME, else your data folder]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A file of settings. [TURNTABLE_CONFIG, else turntable.toml of your own]")
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of an error, and Prefect's log.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    from flows.progress import REPORTER, Lines
    from flows.serve.prefect_ui.log_lines import HANDLER
    from transforms.speech.device import share_freed_memory

    share_freed_memory()
    REPORTER.set(Lines())
    if home is not None:
        os.environ["TURNTABLE_HOME"] = str(paths.absolute(home).resolve())
    if config is not None:
        os.environ["TURNTABLE_CONFIG"] = str(paths.absolute(config))
    if not debug:
        # Prefect's log would draw over the progress; the run's page has it all the same.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    else:
        os.environ.update({**HANDLER, **os.environ})


def main() -> None:
    """Run the command; an error that a user can understand is one line and exit code 1."""
    paths.leave()
    guard()
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        _fail(INTERRUPTED, 130)
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); closing a broken pipe again would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if isinstance(error, RuntimeError) and str(error) == "Query interrupted":  # DuckDB's word for Ctrl-C
            _fail(INTERRUPTED, 130)
        _fail(_explained(error), 1)


def _explained(error: Exception) -> str:
    """Say in one line what went wrong, and what to do."""
    from transforms.errors import TurntableError, forget_frames, one_line

    if isinstance(error, TurntableError):
        if "--debug" not in sys.argv:
            forget_frames(error)  # a connection that is alive at the end makes DuckDB's bindings complain of leaks
        return one_line(error)
    if isinstance(error, OSError):  # of this machine, not of ours
        return f"{one_line(error)}: mend that, and run the same command again"
    return f"{one_line(error)} (this may be a bug: `turntable --debug …` shows more)"


def _fail(line: str, code: int) -> None:
    from transforms.text import visible

    if "--debug" in sys.argv:
        import traceback

        from transforms.redaction import public_text

        print(public_text(traceback.format_exc()), file=sys.stderr)
    print(f"turntable: {visible(line)}", file=sys.stderr)
    raise SystemExit(code)
