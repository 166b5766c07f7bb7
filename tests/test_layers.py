"""The house: imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "transforms": {"flows", "warehouse", "prefect", "duckdb", "httpx2", "requests", "yt_dlp", "huggingface_hub"},
    "warehouse": {"flows", "prefect", "httpx2", "torch", "faster_whisper", "pyannote", "huggingface_hub"},
}
HEAVY = {"torch", "pyannote", "ctranslate2", "faster_whisper", "yt_dlp", "prefect", "av", "pyarrow"}
# Imported only inside functions, or the very module that wraps the library.
WRAPPERS = {
    "transforms/speech/align.py",
    "transforms/speech/search.py",
    "transforms/speech/recognizer.py",
    "transforms/speech/whisper.py",
    "flows/bench/stock.py",
    "flows/deployments.py",
    "flows/discover.py",
    "flows/earlier.py",
    "flows/import_text.py",
    "flows/ingest.py",
    "flows/steps.py",
    "flows/load_staged.py",
    "flows/on_demand.py",
    "flows/runner.py",
    "flows/watched.py",
    "transforms/speech/campplus.py",
    "transforms/speech/campplus_inference.py",
    "transforms/speech/checkpoint.py",
    "transforms/speech/clustering.py",
    "transforms/speech/lean.py",
    "transforms/speech/pieces.py",
    "transforms/speech/pipeline.py",
    "transforms/speech/published.py",
    "transforms/speech/recipe.py",
}


def imported(path: Path, *, at_top: bool) -> set[str]:
    """The packages that a module imports, anywhere or when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_top else list(ast.walk(tree))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_imports_point_one_way(package: str) -> None:
    """Flows → warehouse → transforms → libraries, never back."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path, at_top=False) & FORBIDDEN[package]
    }

    assert set() == found


def test_only_flows_import_prefect() -> None:
    """The stages and the store run without Prefect."""
    users = {
        str(path.relative_to(ROOT))
        for package in ("flows", "transforms", "warehouse")
        for path in (ROOT / package).rglob("*.py")
        if "prefect" in imported(path, at_top=False)
    }

    serving = (
        "deployments",
        "earlier",
        "gate",
        "load_staged",
        "on_demand",
        "reach",
        "requests",
        "runner",
        "watched",
    )
    names = ("discover", "events", "import_text", "ingest", "steps", "stopping", *serving)
    assert {f"flows/{name}.py" for name in names} == users


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    """`turntable --help` and `turntable sql` answer at once."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("flows", "transforms", "warehouse")
        for path in (ROOT / package).rglob("*.py")
        if str(path.relative_to(ROOT)) not in WRAPPERS
        for name in imported(path, at_top=True) & HEAVY
    }

    assert set() == found
