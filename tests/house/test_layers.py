"""The house: imports point one way, in no circle, and are light where that counts; functions fit a screen."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("flows", "transforms", "warehouse")
FORBIDDEN = {
    "transforms": "flows warehouse prefect duckdb httpx2 requests yt_dlp huggingface_hub "
    "asyncio multiprocessing socket subprocess tempfile",
    "warehouse": "flows prefect httpx2 torch faster_whisper pyannote huggingface_hub",
}
READ_BY_WAREHOUSE = {
    "transforms",
    *(f"transforms.{name}" for name in ("choice", "errors", "languages", "records", "sealed", "stems", "text")),
    "transforms.pages.page_content",
}
LONGEST = 50  # lines of a function, without its docstring
MOST_NAMES = 14  # in a folder
TABLES = {"schema"}  # functions that are but a table: the columns of a staged document
HEAVY = {"torch", "pyannote", "ctranslate2", "faster_whisper", "yt_dlp", "prefect", "av", "pyarrow"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the packages, parsed, by its dotted name."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in zip(names, paths, strict=True)}


def of_package(package: str) -> Iterator[str]:
    """The modules of a package."""
    return (name for name in modules() if name.partition(".")[0] == package)


@cache
def imported(name: str, *, at_top: bool) -> frozenset[str]:
    """What a module imports when it is imported itself, or anywhere, but for the type checker."""
    tree = modules()[name]
    checked = {id(node) for block in ast.walk(tree) if is_for_the_type_checker(block) for node in ast.walk(block)}
    nodes = [node for node in (tree.body if at_top else ast.walk(tree)) if id(node) not in checked]
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            inner = f"{node.module}.{alias.name}"
            found.add(inner if inner in modules() else str(node.module))
    return frozenset(found)


def is_for_the_type_checker(node: ast.AST) -> bool:
    """Whether a block never runs."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def libraries(names: Iterable[str]) -> set[str]:
    """The packages that are imported, without what is inside of them."""
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_point_one_way(package: str) -> None:
    """Flows → warehouse → transforms → libraries, never back; transforms starts no process, no connection."""
    forbidden = set(FORBIDDEN[package].split())
    found = {name: libraries(imported(name, at_top=False)) & forbidden for name in of_package(package)}

    assert {name: there for name, there in found.items() if there} == {}


def test_the_warehouse_knows_records_and_no_parser() -> None:
    """Of transforms it reads what is stored, which of it is meant, how it is shown and what went wrong."""
    known = {inner for name in of_package("warehouse") for inner in imported(name, at_top=False)}

    assert {name for name in known if name.startswith("transforms")} <= READ_BY_WAREHOUSE


def test_no_imports_go_in_a_circle() -> None:
    """Not through a function either: what is imported is understood before what imports it."""
    graph = {name: imported(name, at_top=False) & modules().keys() - {name} for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_functions_fit_a_screen() -> None:
    """What is longer does more than one thing."""
    functions = {
        node: f"{name}.{node.name}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in TABLES
    }

    assert {name: length(node) for node, name in functions.items() if length(node) > LONGEST} == {}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function has, without decorators and docstring."""
    first = function.body[0]
    told = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - told


def test_no_module_is_named_like_another() -> None:
    """Nor like a folder: a name tells where it stands. Two folders may be one idea in two packages."""
    files = Counter(name.rpartition(".")[2] for name in modules() if not is_folder(name))
    folders = {name.rpartition(".")[2] for name in modules() if is_folder(name)}

    assert {name for name, times in files.items() if times > 1 or name in folders} == set()


def test_folders_fit_a_glance() -> None:
    """About a dozen names in each, but in the packages themselves; migrations are numbered."""
    folders = [path.parent for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")]
    looked_at = {"transforms/pages/look", "transforms/pages/look/scripts"}
    sizes = {
        str(folder.relative_to(ROOT)): sum(not path.name.startswith("__") for path in folder.iterdir())
        for folder in (*folders, *(ROOT / name for name in looked_at))
        if folder.parent != ROOT
    }

    assert {name: size for name, size in sizes.items() if size > MOST_NAMES} == {}


def is_folder(name: str) -> bool:
    """Whether a module is a folder of others."""
    return (ROOT / Path(*name.split(".")) / "__init__.py").exists()


def test_the_map_shows_the_house() -> None:
    """CONTRIBUTING.md names each folder, and each module that stands in none; whatever path it names is there."""
    named = set(re.findall(r"`([\w./]+?)/?`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    rooms = {
        path.name
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    }
    paths = {name for name in named if name.startswith(PACKAGES) and "/" in name}

    assert rooms - {name.rpartition("/")[2] for name in named} == set()
    assert {name for name in paths if not (ROOT / name).exists()} == set()


@pytest.mark.system
def test_only_flows_import_prefect() -> None:
    """The stages and the store run without Prefect."""
    users = {name for name in modules() if "prefect" in libraries(imported(name, at_top=False))}

    outside = {name for name in users if not name.startswith("flows.serve.")}
    assert outside == {"flows.allowed_files", "flows.feeds.events"}  # is this a run of a server; events


def test_settings_are_read_where_a_process_begins() -> None:
    """What is below is given them: nothing asks again, as the proxy once did, what this machine may do."""
    calls = {name: [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)] for name, tree in modules().items()}
    readers = {
        name for name, called in calls.items() if "Settings" in {f.id for f in called if isinstance(f, ast.Name)}
    }

    served = {"deployments", "entrypoints", "import_flow", "ingest_flow", "runner"}
    begins = {"flows.commands.options", "flows.engines.model_server", "flows.home.folder", "flows.bench.systems"}
    assert readers == begins | {f"flows.serve.{name}" for name in served}


def test_commands_start_without_heavy_libraries() -> None:
    """`turntable --help` and `turntable sql` answer at once: functions import what only they need."""
    entries = ["flows.cli", *(name for name in of_package("flows") if name.startswith("flows.commands"))]
    todo = [*entries, *of_package("warehouse"), "transforms.feed", "transforms.transcripts"]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [inner for inner in imported(name, at_top=True) if inner in modules()]
    found = {name: libraries(imported(name, at_top=True)) & HEAVY for name in seen}

    assert {name: there for name, there in found.items() if there} == {}
