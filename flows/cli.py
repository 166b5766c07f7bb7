"""The `turntable` command: parse, call, print.

Everything heavy is imported inside the command that needs it, so that `turntable --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from flows import folder
from flows.commands import bench, feeds, ingest, machine, models, query, texts
from flows.log_lines import SETTING, WHOLE
from flows.progress import REPORTER, Lines
from flows.screen import guard
from transforms.errors import TurntableError, forget_frames, one_line
from transforms.speech.device import share_freed_memory
from transforms.text import visible

app = typer.Typer(
    name="turntable",
    help="Turn podcast episodes into speaker turns that you query with SQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Example: turntable demo; turntable sql "select speaker, text from best_turns limit 5"',
)
for group in (ingest, texts, query, machine, feeds, bench):
    app.add_typer(group.app)
app.add_typer(models.app, name="models", invoke_without_command=True)


@app.callback()
def _main(
    home: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [TURNTABLE_HOME, else your data folder]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A file of settings. [TURNTABLE_CONFIG, else turntable.toml of your own]")
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the whole traceback of an error, and Prefect's log.")] = False,
) -> None:
    REPORTER.set(Lines())
    if home is not None:
        os.environ["TURNTABLE_HOME"] = str(folder.absolute(home).resolve())
    if config is not None:
        os.environ["TURNTABLE_CONFIG"] = str(folder.absolute(config))
    if not debug:
        # Prefect's log would draw over the progress; the run's page has it all the same.
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    else:
        os.environ.setdefault(SETTING, WHOLE)


def main() -> None:
    """Run the command; an error that a user can understand is one line and exit code 1."""
    share_freed_memory()
    folder.leave()
    guard()
    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        _fail("interrupted: run the same command to go on", 130)
    except TurntableError as error:
        if "--debug" not in sys.argv:
            forget_frames(error)  # a connection that is alive at the end makes DuckDB's bindings complain of leaks
        _fail(one_line(error), 1)
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); closing a broken pipe again would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if isinstance(error, OSError):  # of this machine, not of ours
            _fail(f"{one_line(error)}: mend that, and run the same command again", 1)
        _fail(f"{one_line(error)} (this may be a bug: `turntable --debug …` shows more)", 1)


def _fail(line: str, code: int) -> None:
    if "--debug" in sys.argv:
        import traceback

        from transforms.redaction import public_text

        print(public_text(traceback.format_exc()), file=sys.stderr)
    print(f"turntable: {visible(line)}", file=sys.stderr)
    raise SystemExit(code)
