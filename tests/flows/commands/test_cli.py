"""The command, as a user types it."""

from __future__ import annotations

import csv
import importlib
import importlib.metadata
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from flows.cli import app
from flows.commands.contents import GROUPS
from flows.commands.options import as_bounds
from tests.conftest import DEMO, ROOT, ask, command, environment

pytestmark = pytest.mark.system

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def demo_home(demonstrated: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home that `turntable demo` filled, and what it prints; what it hears was heard before."""
    home = tmp_path_factory.mktemp("demo")
    shutil.copytree(demonstrated[0] / "artifacts", home / "artifacts")
    return home, command(home, "demo").stdout


def test_the_demo_shows_turns_talk_time_and_what_to_try(demo_home: tuple[Path, str]) -> None:
    """Time, speaker, text; seconds of each; three commands."""
    _, printed = demo_home
    lines = printed.splitlines()

    assert lines[0].split() == ["time", "speaker", "text"]
    assert lines[1].split()[:3] == ["0:02", "Mara", "Quill"]
    assert "why diamonds wear out" in printed
    assert any(line.startswith("speaker") and "share" in line for line in lines)
    assert [line.split()[1] for line in lines[-3:]] == ["sql", "export", "ingest"]


def test_the_demo_is_right(demo_home: tuple[Path, str], tmp_path: Path) -> None:
    """Word error rate, word error rate by speaker, and diarization error rate of the exports against the truth."""
    import jiwer
    from pyannote.database.util import load_rttm
    from pyannote.metrics.diarization import DiarizationErrorRate
    from whisper_normalizer.english import EnglishTextNormalizer

    home, _ = demo_home
    normal = EnglishTextNormalizer()
    data = ROOT / "tests" / "data"
    truth = [line.split(maxsplit=5) for line in (data / "why-a-record-turns.stm").read_text().splitlines()]
    heard = json.loads(command(home, "export", "latest", "--format", "seglst").stdout)
    (tmp_path / "heard.rttm").write_text(command(home, "export", "latest", "--format", "rttm").stdout)
    names = {"Mara Quill": "Mara_Quill", "Idris Vane": "Idris_Vane"}

    def said(speaker: str) -> tuple[str, str]:
        true = " ".join(row[5] for row in truth if row[2] == speaker)
        ours = " ".join(row["words"] for row in heard if names[row["speaker"]] == speaker)
        return normal(true), normal(ours)

    assert (
        jiwer.wer(normal(" ".join(row[5] for row in truth)), normal(" ".join(r["words"] for r in heard))) <= 0.01
    )
    for name in names.values():
        assert jiwer.wer(*said(name)) <= 0.01
    (reference,) = load_rttm(str(data / "why-a-record-turns.rttm")).values()
    (hypothesis,) = load_rttm(str(tmp_path / "heard.rttm")).values()
    assert DiarizationErrorRate()(reference, hypothesis) <= 0.065


def test_what_the_feed_says_is_in_the_rows(demo_home: tuple[Path, str]) -> None:
    """Show, title and people; a transcript that lies on this machine has no address to offer."""
    (row,) = ask(
        demo_home[0],
        "select p.title as show, e.title, e.persons, len(e.transcripts) as transcripts "
        "from episodes e join podcasts p using (podcast_id)",
    )

    assert (row["show"], row["title"], row["transcripts"]) == ("The Long Groove", "Why a record turns", 0)
    assert [person["name"] for person in row["persons"]] == ["Mara Quill", "Idris Vane"]


def test_sql_prints_tables_json_and_csv(demo_home: tuple[Path, str]) -> None:
    """The same rows three ways."""
    home, _ = demo_home
    query = "select speaker, turns from talk_time order by speaker"

    rows = ask(home, query)
    printed = command(home, "sql", query).stdout.splitlines()
    table = list(csv.DictReader(io.StringIO(command(home, "sql", query, "--csv").stdout)))

    assert rows == [{"speaker": "Idris Vane", "turns": 5}, {"speaker": "Mara Quill", "turns": 6}]
    assert [line.split() for line in printed] == [
        ["speaker", "turns"],
        ["Idris", "Vane", "5"],
        ["Mara", "Quill", "6"],
    ]
    assert table == [{"speaker": row["speaker"], "turns": str(row["turns"])} for row in rows]


def test_episodes_turns_and_export_find_an_episode_by_its_title(demo_home: tuple[Path, str]) -> None:
    """A piece of the title will do."""
    home, _ = demo_home

    assert json.loads(command(home, "episodes", "--json").stdout)[0]["title"] == "Why a record turns"
    assert len(json.loads(command(home, "turns", "record", "--json").stdout)) == 11
    assert command(home, "export", "record", "--format", "vtt").stdout.startswith("WEBVTT\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sql", "select 1; drop table turns"), "one"),
        (("sql", "drop table turns"), "turntable:"),
        (("sql", "select nonsense from turns"), "nonsense"),
        (("turns", "no such title"), "no such title"),
        (("export", "latest", "--format", "odt"), "seglst"),
        (("models", "fetch", "nonsense"), "tiny.en"),
    ],
    ids=["two statements", "a write", "a wrong column", "no episode", "no format", "no model"],
)
def test_a_mistake_is_one_line_and_exit_1(
    arguments: tuple[str, ...], words: str, demo_home: tuple[Path, str]
) -> None:
    """It names the thing and the way out."""
    result = command(demo_home[0], *arguments, check=False)

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("turntable: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_before_the_first_ingest_it_says_what_to_do(tmp_path: Path) -> None:
    """An empty home is no traceback."""
    result = command(tmp_path, "sql", "from turns", check=False)

    assert result.returncode == 1
    assert "run `turntable demo`" in result.stderr


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    """The environment is read by the same rules."""
    result = command(tmp_path, "episodes", check=False, TURNTABLE_DEVICE="toaster")

    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "device" in result.stderr


def test_doctor_finds_this_machine_in_order(demo_home: tuple[Path, str]) -> None:
    """Libraries, weights and disk are there."""
    checks = json.loads(command(demo_home[0], "doctor", "--json").stdout)

    assert {check["state"] for check in checks} == {"good"}
    found = {check["check"]: check["found"] for check in checks}
    assert {"python", "torch", "device", "disk", "warehouse", "weights base"} <= set(found)
    assert found["engine"].startswith("cpu int8, batches of ")
    assert "threads" in found["engine"]
    assert re.fullmatch(r"words of the base model at about [1-9]\d* × real time, voices beside", found["speed"])
    assert any(f"math by {library}" in found["engine"] for library in ("MKL", "oneDNN"))


def test_doctor_says_what_to_do_about_damaged_weights(models: Path, tmp_path: Path) -> None:
    """A wrong file is bad, and the command to mend it stands beside it."""
    shutil.copytree(models / "campplus", tmp_path / "models" / "campplus")
    (tmp_path / "models" / "campplus" / "campplus_cn_en_common.pt").write_bytes(b"no")

    result = command(tmp_path, "doctor", "--json", check=False, TURNTABLE_MODELS=str(tmp_path / "models"))

    bad = [check for check in json.loads(result.stdout) if check["state"] == "bad"]
    assert result.returncode == 1
    assert [check["check"] for check in bad] == ["weights campplus"]
    assert "turntable models fetch" in bad[0]["do"]


def test_models_says_what_is_there_from_where_and_under_which_licence(tmp_path: Path, models: Path) -> None:
    """One row a model."""
    rows = {row["name"]: row for row in json.loads(command(tmp_path, "models", "--json").stdout)}

    assert (rows["base"]["there"], rows["base"]["origin"], rows["base"]["licence"]) == ("yes", "wheel", "MIT")
    assert rows["large-v3-turbo"]["origin"] == "hub"
    assert rows["campplus"]["licence"] == "Apache-2.0"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, tmp_path: Path) -> None:
    """For whoever reads no page."""
    printed = command(tmp_path, name, "--help").stdout

    assert f"Example: turntable {name}" in printed


def test_help_names_every_command_in_a_group_with_an_example(tmp_path: Path) -> None:
    """Whole on a narrow screen; the version stands beside it."""
    narrow = command(tmp_path, "--help", COLUMNS="60").stdout

    for group in GROUPS:
        assert f"\n{group.title}:\n" in narrow
        assert f"  $ {group.example}\n" in narrow
        for name, (_, about) in group.commands.items():
            assert any(line.split(maxsplit=1) == [name, about] for line in narrow.splitlines())
    assert "…\n" not in narrow.replace("RTTM …", "")
    assert command(tmp_path, "--version").stdout == f"turntable {importlib.metadata.version('turntable')}\n"


def test_every_command_that_a_module_has_is_listed() -> None:
    """What is not in the contents could not be called."""
    listed = {name: module for group in GROUPS for name, (module, _) in group.commands.items()}
    for module in set(listed.values()):
        group = typer.main.get_group(importlib.import_module(f"flows.commands.{module}").app)
        names = {group.name} if group.name in listed else set(group.commands)
        assert names == {name for name, of in listed.items() if of == module}


def test_help_imports_nothing_that_takes_time(tmp_path: Path) -> None:
    """No module of ours but those that parse and print."""
    code = (
        "import sys; from flows.cli import app; app(['--help'], standalone_mode=False); "
        "ours = ('flows', 'warehouse', 'transforms', 'rich', 'duckdb', 'asyncio'); "
        "print(*sorted(n for n in sys.modules if n.partition('.')[0] in ours))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment(None), capture_output=True, text=True, check=True
    )

    assert said.stdout.splitlines()[-1].split() == [
        *(
            "flows",
            "flows.cli",
            "flows.commands",
            "flows.commands.contents",
            "flows.display",
            "flows.display.guard",
        ),
        *("flows.paths", "transforms", "transforms.text"),
    ]


@pytest.mark.parametrize("text", ["0", "4-2", "two", "1-", "-1"])
def test_wrong_bounds_are_a_usage_error(text: str) -> None:
    """Numbers from one up, the smaller first."""
    if text == "1-":
        assert as_bounds(text) == (1, 1)
        return
    with pytest.raises(typer.BadParameter):
        as_bounds(text)


def test_the_demo_says_whose_voices_it_has() -> None:
    """The licence lies beside the audio."""
    assert "Apache License 2.0" in (DEMO / "LICENSE.md").read_text()
