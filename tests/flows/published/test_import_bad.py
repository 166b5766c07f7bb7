"""`turntable import` and what is no transcript: one clear line each, nothing half-loaded, the good ones loaded."""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.conftest import ask, command, environment

pytestmark = pytest.mark.system

TEXT = "Why a record turns round\nTranscript\nAnn Lee: Why?\nBob Ray: It is round.\nAnn Lee: I see.\n"
PAGE = "<!doctype html><html><head><title>Hi</title></head><body><p>Buy our records.</p></body></html>"


def bad_files(folder: Path) -> dict[str, tuple[str, str]]:
    """Make a folder of files that are no transcripts: what is said of each, and its class."""
    folder.mkdir()
    dice = random.Random(1)
    names = "".join(
        f"{''.join(dice.choices('abcdefghij', k=9)).title()} Ray: Yes, it is so.\n" for _ in range(600)
    )
    contents: dict[str, tuple[bytes, str]] = {
        "empty.txt": (b"", "it is empty"),
        "blank.txt": (b" \n\t\n", "it is empty"),
        "binary.txt": (dice.randbytes(5000), "it is binary"),
        "zip.txt": (
            b"PK\x03\x04" + dice.randbytes(500),
            "zip archive, or a Word document that is damaged: unpack it",
        ),
        "gzip.txt": (gzip.compress(TEXT.encode()), "gzip file: unpack it"),
        "broken.json": (b'{"segments": [{"start": 0, "text": "He', "it is broken JSON: fetch it again"),
        "line.txt": (b"word " * 600_000, "a line of more than"),
        "huge.txt": (b"word\n" * 13_000_000, "65 MB: a transcript has at most 64 MB"),
        "speakers.txt": (names.encode() * 2, "speakers: no episode has more than"),
        "page.html": (PAGE.encode(), "no transcript found"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    expected = {name: (said, "content") for name, (_, said) in contents.items()}
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket.txt"))
    (folder / "dangling.txt").symlink_to(folder / "nowhere.txt")
    expected |= dict.fromkeys(("pipe.txt", "socket.txt"), ("it is no file but a pipe", "source"))
    return expected | {"dangling.txt": ("it is a link to a file that is not there", "source")}


def test_each_bad_file_is_one_line_and_one_row(tmp_path: Path) -> None:
    """Whatever lies beside it, the good text is loaded; each bad one is named with its cause and class."""
    folder = tmp_path / "texts"
    expected = bad_files(folder)
    (folder / "good.txt").write_text(TEXT)
    (folder / ".hidden").write_text("nobody asked for it")
    (tmp_path / "no files").mkdir()
    expected = {str(folder / name): what for name, what in expected.items()} | {
        str(tmp_path / "missing.vtt"): ("no such file or folder", "source"),
        str(tmp_path / "no files"): ("no files in", "source"),
        "/dev/null": ("it is no file but a pipe, a socket or a device", "source"),
        "http://[::1]:1/1.vtt": ("address", "hostile"),
    }
    given = [str(folder), *(name for name in expected if not name.startswith(f"{folder}/"))]
    home = tmp_path / "home"
    result = command(home, "import", *given, "--json", check=False)

    answer = json.loads(result.stdout)
    assert result.returncode == 1
    assert [(one["source"], one["turns"]) for one in answer["imported"]] == [(str(folder / "good.txt"), 3)]
    found = {one["source"]: one for one in answer["failed"]}
    assert found.keys() == expected.keys()
    for source, (said, kind) in expected.items():
        assert said in found[source]["message"], source
        assert found[source]["error_class"] == kind, source
        assert source in found[source]["message"]
    lines = [line for line in result.stderr.splitlines() if line.startswith("turntable: ")]
    assert sorted(lines) == sorted(f"turntable: {one['message']}" for one in answer["failed"])
    assert "Traceback" not in result.stderr
    rows = ask(home, "select source, error_class, message from stage_runs where status = 'failed'")
    assert {row["source"]: (row["error_class"], row["message"]) for row in rows} == {
        source: (one["error_class"], one["message"]) for source, one in found.items()
    }
    assert len(ask(home, "from turns")) == 3
    assert len(ask(home, "from transcripts")) == 1
    assert "agree" in command(home, "verify").stdout


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    """It is imported, alone or in a folder, and shown with a question mark."""
    folder, home = tmp_path / "texts", tmp_path / "home"
    folder.mkdir()
    name = os.fsencode(folder) + b"/caf\xe9.txt"
    Path(os.fsdecode(name)).write_text(TEXT)
    (answer,) = json.loads(command(home, "import", str(folder), "--json").stdout)["imported"]
    assert answer["source"] == f"{folder}/caf?.txt"
    alone = command(home, "import", os.fsdecode(name))
    assert "caf?.txt: labelled, 3 turns" in alone.stderr
    assert [row["origin"] for row in ask(home, "from transcripts")] == [f"{folder}/caf?.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "nonsense"), "there is no format 'nonsense': choose one of pdf, docx, rtf,"),
        (("--episode", "nobody"), "nothing ingested yet"),
        (("--explain", "--format", "vtt"), "one.txt: the WebVTT has no cue"),
        (("",), "an empty name: give a file"),
    ],
)
def test_a_wrong_word_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """What the user says wrong of all texts is said once."""
    (tmp_path / "one.txt").write_text("Hello.\n")
    result = command(tmp_path / "home", "import", str(tmp_path / "one.txt"), *arguments, check=False)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


FULL = """
import errno, os
from flows import artifacts
fsync, left = artifacts._fsync, iter(range(9))
def full(path):
    if next(left, None) is None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    fsync(path)
artifacts._fsync = full
from flows.cli import main
main()
"""


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """The disk fills up in the middle: one line for all texts, nothing half there, and the next run goes on."""
    folder, home = tmp_path / "texts", tmp_path / "home"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Talk number {number} of many\n\nAnn Lee: Why?\nBob Ray: So.\n")
    result = subprocess.run(
        [sys.executable, "-c", FULL, "--home", str(home), "import", str(folder)],
        env=environment(None), capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr == "turntable: no space left on the disk: free some and run the same command again\n"
    assert not list(home.rglob("*.tmp"))
    command(home, "import", str(folder))
    assert len(ask(home, "from transcripts")) == 3
    assert "agree" in command(home, "verify").stdout


def test_urls(tmp_path: Path, httpserver: HTTPServer) -> None:
    """Through the guarded client: what is there is imported, whatever it is called; the rest is one line each."""
    text = "Pourquoi un disque tourne\nTranscript\nÉlise Là: Déjà vu ?\nBob Ray: Où ça — là.\nÉlise Là: Ça va.\n"
    czech = "Proč se deska točí dokola\nTranscript\nJiří Král: Proč?\nBob Ray: Točí se.\n"
    served = httpserver.expect_request
    served("/ok.vtt").respond_with_data(text, content_type="audio/mpeg")
    served("/utf16").respond_with_data(text.encode("utf-16-le"), content_type="text/plain; charset=utf-16le")
    served("/latin1").respond_with_data(
        text.replace("—", "-").encode("latin-1"), content_type="text/plain; charset=ISO-8859-1"
    )
    served("/czech").respond_with_data(czech.encode("iso-8859-2"), content_type="text/plain; charset=iso-8859-2")
    served("/moved").respond_with_data("", status=302, headers={"Location": httpserver.url_for("/there")})
    served("/there").respond_with_data(TEXT, content_type="text/plain")
    served("/gone").respond_with_data("no", status=404)
    served("/large").respond_with_data(b"word\n" * 4_100_000, content_type="text/plain")
    served("/page").respond_with_data(PAGE, content_type="text/html")
    served("/out").respond_with_data("", status=302, headers={"Location": "http://169.254.169.254/latest"})
    good = ["/ok.vtt", "/utf16", "/latin1", "/czech", "/moved"]
    bad = {
        "/gone": ("source", "does not have it"),
        "/large": ("content", "larger than the 20000000 bytes"),
        "/page": ("content", "no transcript found"),
        "/out": ("hostile", "169.254.169.254"),
    }
    home = tmp_path / "home"
    urls = [f"{httpserver.url_for(path)}?token=s3cret" for path in (*good, *bad)]
    variables = {"check": False, "TURNTABLE_ALLOW": "127.0.0.1"}
    result = command(home, "import", *urls, "--json", **variables)
    if '"error_class": "transient"' in result.stdout:  # a machine under load lost a connection: what the line says
        print(result.stdout)
        result = command(home, "import", *urls, "--json", **variables)

    answer = json.loads(result.stdout)
    assert result.returncode == 1
    assert [one["source"] for one in answer["imported"]] == [httpserver.url_for(path) for path in good]
    assert {(one["source"], one["error_class"]) for one in answer["failed"]} == {
        (httpserver.url_for(path), kind) for path, (kind, _) in bad.items()
    }
    for one, (_, said) in zip(answer["failed"], bad.values(), strict=True):
        assert said in one["message"]
    names = ask(home, "select distinct origin, speaker_name from turns join transcripts using (transcript_id)")
    assert {row["speaker_name"] for row in names} == {"Élise Là", "Bob Ray", "Jiří Král", "Ann Lee"}
    assert "s3cret" not in result.stdout + result.stderr
    assert "s3cret" not in json.dumps(ask(home, "from transcripts") + ask(home, "from stage_runs"), default=str)
