"""Systems beside each other: processes that answer, turns that alternate, truth that is joined and scored."""

from __future__ import annotations

import json
import sys
import textwrap
from argparse import Namespace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from flows.bench.compare import BenchRun, Contender, compare, find_episodes, ratio, read_episode, summarize
from flows.bench.process import System, SystemFailedError
from flows.bench.speech_scores import Errors, Utterance
from flows.commands.measure import report
from tests.benchmarks.join_episodes import episodes_of, join
from tests.conftest import ROOT, command, environment, write_wav
from tests.support import warm
from transforms.audio.decoding import decode
from transforms.errors import ContentError, SourceError
from transforms.records import SpeakerSegment

DEMO = ROOT / "flows" / "demo" / "why-a-record-turns.ogg"
TRUTH = ROOT / "tests" / "data" / DEMO.stem


def child(tmp_path: Path, body: str) -> tuple[str, ...]:
    """Write a program that answers as `body` says."""
    path = tmp_path / "child.py"
    head = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom flows.bench.process import serve\n"
    path.write_text(head + textwrap.dedent(body))
    return sys.executable, str(path)


@pytest.mark.system
def test_what_libraries_print_is_no_answer(tmp_path: Path) -> None:
    """Standard output belongs to the answers; the memory of the process that works is measured."""
    program = """
        def load():
            print("loading, please wait")
            def hear(path):
                print("working")
                block = bytearray(80_000_000)
                block[::4096] = b"x" * len(block[::4096])
                import time; time.sleep(0.3)
                return {"seconds": 0.5, "heard": path.name}
            return hear
        serve(load)
        """
    with System("it", child(tmp_path, program)) as system:
        answer = system.hear(Path("a.wav"))

    assert (answer["seconds"], answer["heard"]) == (0.5, "a.wav")
    if sys.platform == "linux":
        assert answer["peak_memory"] - (system.loaded_memory or 0) > 70_000_000


@pytest.mark.system
def test_a_system_that_fails_says_why(tmp_path: Path) -> None:
    """While loading; at one file, and it goes on with the next; dying, with its last words."""
    with pytest.raises(SystemFailedError, match=r"^it: ImportError: no such package$"):
        System(
            "it", child(tmp_path, "def load(): raise ImportError('no such\\npackage')\nserve(load)")
        ).__enter__()
    program = """
        import os
        def hear(path):
            if path.name == "bad": raise ValueError("not this one")
            if path.name == "worse":
                sys.stderr.write("out of luck\\n"); sys.stderr.flush(); os._exit(9)
            return {"seconds": 1.0}
        serve(lambda: hear)
        """
    with System("it", child(tmp_path, program)) as system:
        with pytest.raises(SystemFailedError, match=r"^it: ValueError: not this one$"):
            system.hear(Path("bad"))
        assert system.hear(Path("good"))["seconds"] == 1.0
        with pytest.raises(SystemFailedError, match=r"^it died \(exit 9\): out of luck$"):
            system.hear(Path("worse"))


def test_systems_take_turns_and_are_scored(tmp_path: Path, clip: Path) -> None:
    """A B, B A; one that does not start is told of and left out; errors are counted once."""
    program = """
        def load():
            def hear(path):
                assert path.suffix == sys.argv[2], path
                return {"seconds": float(sys.argv[1]), "utterances": [["", 0.0, 2.0, "hello there world"]]}
            return hear
        serve(load)
        """
    python, script = child(tmp_path, program)
    quick = Contender("quick", (python, script, "2", ".npy"), "words")
    slow = Contender("slow", (python, script, "5", ".wav"), "words", wav=True)
    broken = Contender("broken", (python, "-c", "raise SystemExit('no weights')"), "words")
    (tmp_path / "clip.stm").write_text("clip 1 A 0.0 2.0 Hello there, world!\n")
    failures: list[str] = []

    runs = list(
        compare(
            [quick, broken, slow],
            [read_episode(clip, tmp_path / "clip.stm")],
            repeats=2,
            on_failure=failures.append,
        )
    )

    assert [one.system for one in runs] == ["quick", "slow", "slow", "quick"]
    assert failures == ["broken died (exit 1): no weights"]
    assert [one.wer for one in runs] == [Errors(0, 3), Errors(0, 3), None, None]
    assert {one.duration for one in runs} == {19.0}
    found = ratio(runs, "quick", "slow")
    assert found is not None
    assert (found.of_medians, found.least, found.most) == (2.5, 2.5, 2.5)
    assert [one.speed for one in summarize(runs)] == [9.5, 3.8]


def hearing(system: str, episode: str, repeat: int, seconds: float) -> BenchRun:
    """A hearing of ten seconds of audio."""
    return BenchRun(system, episode, repeat, 10.0, seconds, None, None, None, None, None, 5, 3)


def test_a_ratio_is_of_medians_over_what_both_heard() -> None:
    """An outlier moves the spread, not the ratio; what only one heard does not count."""
    ours = [hearing("a", "x", n, seconds) for n, seconds in enumerate([1.0, 1.0, 4.0])]
    theirs = [hearing("b", "x", n, 3.0) for n in range(3)] + [hearing("b", "y", 0, 100.0)]

    found = ratio([*ours, *theirs], "a", "b")

    assert found is not None
    assert (found.of_medians, found.least, found.most) == (3.0, 0.75, 3.0)
    assert ratio(ours, "a", "b") is None
    cut_off = ratio([*ours, *theirs[:1]], "a", "b")  # the other one came no further than the first repeat
    assert cut_off is not None
    assert (cut_off.of_medians, cut_off.least, cut_off.most) == (3.0, 3.0, 3.0)


def test_the_report_gives_medians_and_ratios_with_their_spread(capsys: pytest.CaptureFixture[str]) -> None:
    """Systems in one order in every episode, although they took turns; × real time is the median's."""
    ours = [hearing("turntable words", name, n, seconds) for name in "xy" for n, seconds in enumerate([1, 2, 9])]
    theirs = [hearing("faster-whisper", name, n, 4.0) for name in "yx" for n in range(3)]

    report([*ours[:3], *theirs, *ours[3:]], [], as_json=False)

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        *(["x", "turntable"], ["x", "faster-whisper"], ["y", "turntable"], ["y", "faster-whisper"]),
        *(["all", "turntable"], ["all", "faster-whisper"], ["turntable", "words"]),
    ]
    assert [line[-2] for line in lines[1:-1]] == ["5.0", "2.5"] * 3
    assert " ".join(lines[-1]) == "turntable words is 2.00 × as fast as faster-whisper (0.44 to 4.00)"


def test_truth_is_found_beside_the_audio(tmp_path: Path, clip: Path) -> None:
    """Without any truth the folder is refused; a damaged one is named, with the line."""
    target = tmp_path / "one.wav"
    target.write_bytes(clip.read_bytes())
    with pytest.raises(SourceError, match="holds no audio with a truth beside it"):
        find_episodes(tmp_path)
    (tmp_path / "one.stm").write_text(";; a comment\n\none 1 Ann_Lee 0.5 1.5 Good morning.\n")
    (tmp_path / "one.rttm").write_text("SPEAKER one 1 0.500 1.000 <NA> <NA> Ann_Lee <NA> <NA>\n")

    (episode,) = find_episodes(tmp_path)

    assert episode.utterances == (Utterance("Ann_Lee", 0.5, 1.5, "Good morning."),)
    assert episode.speech == (SpeakerSegment(0.5, 1.5, "Ann_Lee"),)
    (tmp_path / "one.stm").write_text("one 1 Ann 0.5 1.5 Good morning.\none 1 Ann half 1.5\n")
    with pytest.raises(ContentError, match=r"one\.stm, line 2 is not STM"):
        find_episodes(tmp_path)


def test_a_long_episode_is_made_of_different_ones(tmp_path: Path, demo_samples: np.ndarray) -> None:
    """Truth moves along with its audio; taken again, an episode is another: nothing repeats."""
    for n, name in enumerate(("one", "two")):
        write_wav(tmp_path / f"{name}.wav", demo_samples[n * 160_000 : (n + 1) * 160_000])
        (tmp_path / f"{name}.stm").write_text(f"{name} 1 Ann 1.000 3.000 words of {name}\n")
        (tmp_path / f"{name}.rttm").write_text(f"SPEAKER {name} 1 1.000 2.000 <NA> <NA> Ann <NA> <NA>\n")
    episodes = episodes_of([tmp_path])

    pieces = join(tmp_path / "long.wav", episodes, seconds=40.0, seed=1)

    long = read_episode(tmp_path / "long.wav")
    samples = decode(long.audio).samples
    assert 40 <= len(samples) / 16_000 < 55
    assert [piece.episode.name for piece in pieces[:2]] == ["one", "two"]
    assert all(one.episode is not other.episode for one, other in pairwise(pieces))
    assert long.utterances is not None
    assert long.speech is not None
    assert [one.text for one in long.utterances] == [f"words of {piece.episode.name}" for piece in pieces]
    assert {one.speaker for one in long.utterances} == {"one:Ann", "two:Ann"}
    for piece, said, spoken in zip(pieces, long.utterances, long.speech, strict=True):
        assert said.start_time == pytest.approx(piece.start + 1 / piece.tempo, abs=2e-3)
        assert spoken.end_time == pytest.approx(piece.start + 3 / piece.tempo, abs=2e-3)
    first = decode(episodes[0].audio).samples
    assert np.array_equal(samples[: len(first)], first)  # once as it is,
    again = next(piece for piece in pieces[2:] if piece.episode.name == "one")
    copy = samples[int(again.start * 16_000) :][: len(first)]
    assert again.tempo != 1
    assert not np.array_equal(copy, first[: len(copy)])  # then never again


def test_bench_scores_a_folder(tmp_path: Path, models: Path, clip: Path) -> None:
    """The command: both qualities, episode by episode and in total; all as JSON."""
    folder = tmp_path / "episodes"
    folder.mkdir()
    (folder / "clip.wav").write_bytes(clip.read_bytes())
    for suffix, end in ((".stm", 4), (".rttm", None)):
        lines = TRUTH.with_suffix(suffix).read_text().splitlines(keepends=True)
        starts = [float(line.split()[3]) for line in lines]
        ends = [float(line.split()[4]) + (0 if end else start) for line, start in zip(lines, starts, strict=True)]
        kept = [line for line, stop in zip(lines, ends, strict=True) if stop < 19]
        (folder / f"clip{suffix}").write_text("".join(kept))

    surroundings = environment(None, {"TURNTABLE_MODEL": "tiny.en"})
    asked = ("--home", str(tmp_path), "bench", str(folder), "--device", "cpu", "--json")
    done = warm.run(warm.hasty, *asked, environment=surroundings)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failed"] == []
    total = {one["system"]: one for one in found["total"]}
    assert set(total) == {"turntable accurate", "turntable fast"}
    assert total["turntable accurate"]["wer"] < 0.1
    assert total["turntable accurate"]["cpwer"] < 0.1
    assert total["turntable accurate"]["der"] < 0.2
    assert all(one["speed"] > 0 for one in found["total"])


def test_others_hear_the_same_episode(models: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one would put together: faster-whisper's words, pyannote's speakers, each word at one of these."""
    from flows.bench.systems import LOADERS

    monkeypatch.setenv("TURNTABLE_MODEL", "tiny.en")
    hear = LOADERS["stack"](Namespace(quality="fast", batch=8, voices=None, device="cpu"))

    answer = hear(clip)

    assert "repairs record players" in " ".join(text for _, _, _, text in answer["utterances"])
    assert len({speaker for speaker, _, _, _ in answer["utterances"]}) == 2
    assert len({speaker for speaker, _, _ in answer["speech"]}) == 2
    assert answer["seconds"] > 0


@pytest.mark.system
def test_bench_refuses_in_one_line(tmp_path: Path) -> None:
    """A folder without truth, somebody unknown: one line each, exit code 1."""
    refused = command(tmp_path, "bench", str(tmp_path), check=False)
    assert refused.returncode == 1
    assert "holds no audio with a truth beside it" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "a.stm").write_text("a 1 A 0 1 hello\n")
    refused = command(tmp_path, "bench", str(tmp_path), "--against", "nobody", check=False)
    assert refused.returncode == 1
    assert "'nobody'" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
