"""The documentation says what is so: its commands, queries, settings, messages and links are tried."""

from __future__ import annotations

import ast
import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from flows.cli import app
from flows.display.table_layout import draw
from flows.home.folder import home_id
from flows.serve.one_machine import Served, _greet
from flows.settings import Settings
from tests import conftest
from tests.conftest import rows_of
from tests.support.feeds import Publisher, item, publisher
from tests.support.pages import (
    LANGUAGES,
    PAGES,
    ROOT,
    Block,
    Desk,
    Page,
    Step,
    agrees,
    columns_of,
    turntable_arguments,
)
from warehouse.answers.sandbox import written
from warehouse.answers.sql import read_screen
from warehouse.snapshot import open_snapshot

# What no test runs, by how its command begins, and why; of what starts `turntable`, the flags are checked.
NOT_RUN = {
    "make test": "the suite that this is a part of",
    "export ": "a shell that stays",
    "turntable ingest interview.mp3": "minutes of a reader's own audio; `demo` runs the same",
    "turntable ingest https://": "a reader's own audio",
    "turntable ingest call.wav": "a reader's own audio",
    "turntable doctor": "says what this machine is: tests/flows/commands/test_cli.py runs it",
    "turntable bench": "minutes an episode: tests/flows/bench/test_bench.py runs it",
    "turntable serve": "ends only when it is stopped: tests/flows/serve/test_serve.py runs it",
    "turntable ui": "ends only when it is stopped: tests/flows/pages/test_ui.py runs it",
    "turntable request": "needs a server: tests/flows/serve/test_serve.py runs it",
    "turntable poll --ingest": "minutes of a reader's own audio",
    "prefect ": "needs a server",
    "curl ": "needs a server",
    "claude ": "needs Claude Code",
    "marimo ": "needs a browser: tests/house/test_notebook.py runs the notebook",
    'turntable add "The Rest': "asks Apple: tests/flows/feeds/test_adding.py asks a stand-in",
    "turntable add --gpodder": "asks a server: tests/flows/feeds/test_adding.py runs it",
    "turntable notify": "needs a server and a service: tests/flows/serve/test_notifying.py runs it",
    "python -P -m flows.": "serves until it is stopped",
    "pip install": "needs a package index",
    "echo ": "writes a secret into .env",
    "docker ": "needs Docker",
    "TURNTABLE_QUEUE=gpu docker": "needs Docker and a GPU",
    "PREFECT_API_URL=http://SERVER": "needs Docker and a second machine",
    "sudo ": "changes the system",
}
DATA = ROOT / "tests" / "data" / "docs"


@pytest.fixture(scope="module")
def example() -> Iterator[Publisher]:
    """The site of a publisher, which the pages call https://example.org."""
    with publisher() as site:
        site.publish("/feed.xml", [item(n) for n in (3, 2, 1)])
        yield site


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_queries_do_what_their_page_says(
    page: Page, demonstrated: tuple[Path, str], tmp_path: Path, models: Path, example: Publisher
) -> None:
    """In order, in a home that has the demo; what a command prints agrees with the page."""
    before, printed_by_demo = demonstrated
    desk = Desk(tmp_path, models, example.url)
    shutil.copytree(DATA, desk.folder, dirs_exist_ok=True)
    shutil.copytree(before, desk.home)
    wrong = []
    asked = ""
    for block in page.blocks():
        if block.language == "sql":
            asked = block.text
            wrong += _wrong_query(desk, block)
        if block.mode.startswith("answer"):
            wrong += _wrong_answer(desk, asked, block)
        for step in block.steps() if block.language == "console" else ():
            if not _is_not_run(step.command):
                given = (0, printed_by_demo) if step.command == "make demo" else desk.run(step.command)
                wrong += _wrong_step(step, *given)

    assert not wrong, "\n\n".join(f"{page.name}:{line}" for line in wrong)


def _wrong_query(desk: Desk, block: Block) -> Iterator[str]:
    with open_snapshot(desk.home / "turntable.duckdb") as con:
        try:
            found = con.execute(block.text).fetchall()
        except Exception as error:
            yield f"{block.line}: {error}"
        else:
            if bool(found) == (block.mode == "empty"):
                yield f"{block.line}: finds {len(found)} rows"


def _wrong_answer(desk: Desk, asked: str, block: Block) -> Iterator[str]:
    """Compare what a page shows behind a query with what `turntable sql` prints in a pipe."""
    with open_snapshot(desk.home / "turntable.duckdb") as con:
        pieces = [piece.encode() for piece in written(con, asked, "screen")]
    header, rows = draw(read_screen(iter(pieces), 100)[0], None)
    printed = "\n".join([*header, *rows])
    if not agrees(block.text, printed, is_about=block.mode.endswith("about")):
        yield f"{block.line}: the answer is\n{printed}"


def _wrong_step(step: Step, code: int, printed: str) -> Iterator[str]:
    fails = bool(re.search(r"^(turntable|Error): ", step.printed, re.MULTILINE))
    if bool(code) != fails:
        yield f"{step.line}: exit code {code} of {step.command}:\n{printed}"
    elif step.printed and not agrees(step.printed, printed, is_about=step.is_about):
        yield f"{step.line}: {step.command} prints\n{printed}"


def _is_not_run(command: str) -> bool:
    return command.startswith(tuple(NOT_RUN))


def test_what_is_not_run_is_on_the_pages() -> None:
    """No exception outlives its command."""
    commands = [step.command for _, step in _steps()]
    assert not [start for start in NOT_RUN if not any(command.startswith(start) for command in commands)]


def test_what_commands_name_is_there() -> None:
    """Commands and flags of `turntable`, targets of make, scripts, services: also where nothing runs them."""
    wrong = []
    for page, command in _commands():
        wrong += [f"{page.name}: {command}: {what}" for what in _unknown(command)]
    assert not wrong, "\n".join(wrong)


def _steps() -> Iterator[tuple[Page, Step]]:
    for page in PAGES:
        for block in page.blocks():
            if block.language == "console":
                yield from ((page, step) for step in block.steps())


def _commands() -> Iterator[tuple[Page, str]]:
    """Yield the commands of the blocks, and those within sentences."""
    yield from ((page, step.command) for page, step in _steps())
    for page in PAGES:
        yield from ((page, span) for span in page.spans() if re.match(r"(turntable|make|python|docker) ", span))


def _unknown(command: str) -> Iterator[str]:
    for arguments in turntable_arguments(command):
        yield from _unknown_arguments(arguments)
    for pattern, is_there in NAMED.items():
        yield from (f"no {name}" for name in re.findall(pattern, command) if not is_there(name))


def _is_in(file: str, line: str) -> Callable[[str], bool]:
    """Return what tells whether a file has a line that begins so, with a name put in."""
    return lambda name: f"\n{line.format(name)}" in (ROOT / file).read_text()


# What commands name beside `turntable`, and how to tell whether it is there.
NAMED: dict[str, Callable[[str], bool]] = {
    r"^make ([a-z-]+)": _is_in("Makefile", "{}:"),
    r"(?:python |^)((?:tests|docs|examples)/\S+)": lambda path: (ROOT / path).is_file(),
    r"-m ((?:flows|warehouse|transforms|tests)\.[\w.]+)": lambda module: find_spec(module) is not None,
    r"--no-deps ([\w-]+)": _is_in("compose.yaml", "  {}:"),
}


@cache
def _app() -> Any:
    return typer.main.get_command(app)


def _unknown_arguments(arguments: list[str]) -> Iterator[str]:
    command: Any = _app()
    rest = [word for word in arguments if word not in ("…", "COMMAND")]
    while True:
        context = command.context_class(command, info_name=command.name)
        try:
            _, rest, _ = command.make_parser(context).parse_args(args=rest)
        except Exception as error:
            yield str(error)
            return
        if not hasattr(command, "get_command") or not rest:
            return
        name, *rest = rest
        command = command.get_command(context, name)
        if command is None:
            yield f"no command {name}"
            return


@cache
def _all_text() -> str:
    return "\n".join(page.text for page in PAGES)


def test_what_help_shows_is_on_the_pages() -> None:
    """Each command, and each of its options."""
    pages = _all_text()
    missing = []
    for name, command in _subcommands(_app(), "turntable"):
        missing += [] if re.search(rf"{name}\b", pages) else [name]
        options = {max(option.opts, key=len) for option in command.params if option.param_type_name == "option"}
        missing += [f"{name} {flag}" for flag in sorted(options) if not re.search(rf"{flag}\b", pages)]
    assert not missing


def _subcommands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    for own, command in group.commands.items():
        yield f"{name} {own}", command
        if hasattr(command, "commands"):
            yield from _subcommands(command, f"{name} {own}")


def test_settings_are_on_the_pages_and_no_others() -> None:
    """By their variables; the files of settings that pages show are read."""
    fields = {f"TURNTABLE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\bTURNTABLE_[A-Z_]+\b", _all_text()))
    sources = [*ROOT.glob("flows/**/*.py"), ROOT / "compose.yaml", ROOT / "prefect.yaml", ROOT / "Dockerfile"]
    known = fields | set(re.findall(r"\bTURNTABLE_[A-Z_]+\b", "".join(path.read_text() for path in sources)))

    assert fields - named == set()
    assert named - known == set()


def test_files_of_settings_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that a page shows."""
    files = [block.text for page in PAGES for block in page.blocks() if block.language == "toml"]
    for number, text in enumerate(files):
        path = tmp_path / f"{number}.toml"
        path.write_text(text)
        monkeypatch.setenv("TURNTABLE_CONFIG", str(path))
        assert Settings().home.is_absolute()
    assert files


def test_serve_greets_as_its_page_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line; what it tells later is not looked at."""
    (said,) = [step.printed for _, step in _steps() if step.command.startswith("turntable serve") and step.printed]
    served = Served(4200, 15, (Path("/home/you/recordings"),), ui=True)
    _greet(served, Settings(home=tmp_path), "http://127.0.0.1:4200/api", is_ours=True)
    printed = capsys.readouterr().out.replace(str(tmp_path), "/home/you/.local/share/turntable")

    printed = printed.replace(home_id(tmp_path), "3f2a9c1b")
    assert said.splitlines()[: printed.count("\n")] == printed.splitlines()


def test_blocks_say_what_they_are() -> None:
    """A block without a language is looked at by nobody."""
    blocks = [(page.name, block.line, block.language) for page in PAGES for block in page.blocks()]
    assert [block for block in blocks if block[2] not in LANGUAGES] == []


def test_links_lead_somewhere() -> None:
    """To files and headings that are there; every page is linked from the README."""
    broken = []
    for page in PAGES:
        for link in page.links():
            path, _, anchor = link.partition("#")
            target = (ROOT / page.name).parent / path if path else ROOT / page.name
            if not link.startswith(("http://", "https://")) and not _leads(target, anchor):
                broken.append(f"{page.name}: {link}")
    assert not broken
    assert {page.name for page in PAGES[1:]} <= set(PAGES[0].links())


def _leads(target: Path, anchor: str) -> bool:
    return target.exists() and (not anchor or anchor in Page(str(target.resolve().relative_to(ROOT))).anchors())


def test_the_readme_is_short() -> None:
    """A front door, and no house."""
    assert len(PAGES[0].text.splitlines()) <= 150


def test_the_schema_is_that_of_the_database() -> None:
    """`python docs/schema.py` writes it anew."""
    page = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    assert _script("schema").renewed(page) == page


def test_the_readme_has_the_columns_of_turns(demonstrated: tuple[Path, str]) -> None:
    """All of them, in order, with their types."""
    (table,) = re.findall(r"^\| column \|.*?\n\n", PAGES[0].text, re.MULTILINE | re.DOTALL)
    columns = rows_of(
        demonstrated[0] / "turntable.duckdb",
        "select column_name, lower(data_type) from duckdb_columns() where table_name = 'turns' "
        "order by column_index",
    )
    assert list(columns_of(table).items()) == columns


def test_the_picture_has_a_bar_for_each_turn(demonstrated: tuple[Path, str]) -> None:
    """The one that is drawn, and the one that the README shows."""
    turns = conftest.command(demonstrated[0], "turns", "latest", "--json").stdout
    drawn = _script("picture").draw(json.loads(turns))

    assert _bars(drawn) == len(json.loads(turns))
    assert abs(_bars((ROOT / "docs" / "turns.svg").read_text()) - _bars(drawn)) <= 1


def _bars(svg: str) -> int:
    return len(ET.fromstring(svg).findall(".//{*}rect[@class='turn']"))


def _script(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_messages_advise_is_there() -> None:
    """Each command that the code names in a sentence, with its flags."""
    advice = {span for text in _texts() for span in re.findall(r"`(turntable [^`]+)`", text)}
    assert len(advice) > 20
    assert not [f"{span}: {what}" for span in sorted(advice) for what in _unknown(span)]


def test_messages_of_troubleshooting_are_said_by_the_code() -> None:
    """Words in capitals stand for what differs."""
    said = "\n".join(_texts())
    unknown = [message for message in _messages() if not re.search(_pattern(message), said)]
    assert _messages()
    assert not unknown, "\n".join(unknown)


def _messages() -> list[str]:
    """Return the messages of the page: the first cell of each row of its tables."""
    return re.findall(r"^\| `([^`]+)` \|", Page("docs/troubleshooting.md").text, re.MULTILINE)


def _pattern(message: str) -> str:
    return "".join(
        r"[^\n]*?" if re.fullmatch(r"[A-Z]{2,}|…", part) and part not in _WORDS else re.escape(part)
        for part in re.split(r"(\b[A-Z]{2,}\b|…)", message)
    )


_WORDS = {"JSON", "URL", "UTF", "GB", "MB", "RTTM", "STM", "OPML", "RSS", "CPU", "HTML", "PREFECT", "TURNTABLE"}


@cache
@cache
def _texts() -> tuple[str, ...]:
    """Return every text in the code, with `…` where something is put in."""
    found = []
    for top in ("flows", "transforms", "warehouse"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    found.append(
                        "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return tuple(text.replace("\n", " ") for text in found)
