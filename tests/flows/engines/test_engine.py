"""The speech engine as the flows use it: qualities, parts, many episodes, channels, and too little memory."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.artifacts import Artifact, Store
from flows.bench.speech_scores import diarization_errors
from flows.engines import diarizing, model_loading, transcribing
from flows.engines.transcribing import Transcriber, TranscribeRequest
from flows.episode import stages
from flows.episode.batch import ingest_locations
from flows.episode.pipeline import Outcome
from flows.locations import at_path
from flows.payloads import DIARIZATION, TRANSCRIPTION
from flows.settings import Options, Settings
from tests.conftest import DEMO_AUDIO, ROOT, ask, command, environment, started, write_wav
from tests.support.warm import Started, run
from tests.support.words import difference, spoken
from transforms.audio.decoding import count_channels, decode
from transforms.audio.sides import fault
from transforms.errors import Interrupted, ResourceError
from transforms.records import Quality, Word
from transforms.speech.channels import METHOD, converse
from transforms.speech.device import TORCH_CPU, Device
from transforms.speech.pyannote import low_memory, voice_pieces
from transforms.speech.windows import cut_parts

pytestmark = pytest.mark.system

RATE = 16_000
TINY = ("--model", "tiny.en")
BIG, SMALL, CPU = Device("cuda", "float16", 32), Device("cuda", "int8_float16", 2), Device("cpu", "int8", 8)
TORCH_GPU = Device("cuda", "float32", 8)


def options(settings: Settings, quality: Quality = "fast", **more: Any) -> Options:
    """Tiny, quick and of known language, unless a test says otherwise."""
    given = {"model": "tiny.en", "language": "en", "quality": quality, "diarize": False, **more}
    return Options(**given).filled(settings)


@pytest.fixture
def settings(models: Path, tmp_path: Path) -> Settings:
    """A home of its own."""
    return Settings(home=tmp_path / "home", models=models, device="cpu")


def decoded_of(settings: Settings, path: Path) -> Artifact:
    """The decoded audio of a file."""
    store = Store(settings.home)
    return stages.decode(store, stages.fetch(store, at_path(path), settings, lambda _: None), path.name)


def words_of(artifact: Artifact) -> tuple[Word, ...]:
    """The words that were heard."""
    return TRANSCRIPTION.validate_json(artifact.path.read_bytes()).words


def text_of(artifact: Artifact) -> str:
    """What was heard, without case and punctuation."""
    return spoken(words_of(artifact))


def heard(settings: Settings, decoded: Artifact, asked: Options, **more: Any) -> Artifact:
    """The transcription of one recording."""
    (artifact,) = transcribing.transcribe(
        Store(settings.home), [decoded], asked, settings, lambda _: None, lambda _: None, **more
    )
    return artifact


# quality


def test_quality_comes_from_the_settings_unless_asked_for(models: Path) -> None:
    """And it is accurate where nobody says anything."""
    assert Options().filled(Settings()).quality == "accurate"
    assert Options().filled(Settings(quality="fast")).quality == "fast"
    assert Options(quality="accurate").filled(Settings(quality="fast")).quality == "accurate"


def test_each_quality_is_a_result_of_its_own(settings: Settings, clip: Path) -> None:
    """Its own key, for words and for speakers; the same quality again computes nothing."""
    decoded, store = decoded_of(settings, clip), Store(settings.home)
    said: list[str] = []

    both = [heard(settings, decoded, options(settings, quality)) for quality in ("fast", "accurate")]
    again = heard(settings, decoded, options(settings, "fast"))
    who = [
        diarizing.diarize(store, decoded, options(settings, quality), settings, lambda _: None, said.append)
        for quality in ("fast", "accurate")
    ]

    assert again.manifest == both[0].manifest
    assert len({artifact.manifest.key for artifact in (*both, *who)}) == 4
    assert [artifact.manifest.parameters["quality"] for artifact in both] == ["fast", "accurate"]
    assert [artifact.manifest.facts["speakers"] for artifact in who] == [2, 2]
    assert len(model_loading.pipeline.models) == 2  # neither pushed the other one out


@pytest.mark.parametrize(("flag", "value"), [("--quality", "perfect"), ("--channels", "both")])
def test_a_wrong_word_is_a_usage_error(flag: str, value: str, tmp_path: Path) -> None:
    """It names what may be given."""
    result = command(tmp_path, "ingest", "a.mp3", flag, value, check=False)

    assert result.returncode == 2
    assert value in result.stderr


# models that stay


def test_two_threads_that_ask_for_one_model_load_it_once() -> None:
    """The second one waits for the first one's."""
    loads: list[str] = []

    def load(name: str) -> object:
        loads.append(name)
        time.sleep(0.05)
        return object()

    kept = model_loading.ModelCache(load, most=1)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(kept("base"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert loads == ["base"]
    assert len(set(map(id, got))) == 1


def test_the_old_model_goes_before_the_new_one_comes() -> None:
    """Both never need their memory together, and the last ones stay."""
    there: list[tuple[str, int]] = []
    kept = model_loading.ModelCache(lambda name: there.append((name, len(kept.models))) or name, most=2)  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a"):
        assert kept(name) == name

    assert there == [("a", 0), ("b", 1), ("c", 1)]


def test_episodes_of_one_process_share_their_models(
    settings: Settings, clip: Path, tmp_path: Path, demo_samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever quality is asked for, Whisper is loaded once."""
    loads: list[str] = []
    load = model_loading.recognizer.load

    def counted(folder: Path, *more: Any) -> Any:
        loads.append(folder.name)
        return load(folder, *more)

    monkeypatch.setattr(model_loading, "recognizer", model_loading.ModelCache(counted, most=1))
    write_wav(tmp_path / "other.wav", demo_samples[27 * RATE : 35 * RATE])

    for path, quality in ((clip, "fast"), (tmp_path / "other.wav", "accurate"), (clip, "accurate")):
        heard(settings, decoded_of(settings, path), options(settings, quality))

    assert loads == ["tiny.en"]


# int16 from the disk


def test_decoding_to_a_file_gives_the_same_samples(clip: Path, tmp_path: Path) -> None:
    """Read-only and mapped."""
    whole, mapped = decode(clip), decode(clip, into=tmp_path / "samples.npy")

    assert isinstance(mapped.samples, np.memmap)
    assert np.array_equal(whole.samples, mapped.samples)
    assert np.array_equal(np.load(tmp_path / "samples.npy"), whole.samples)
    with pytest.raises(ValueError, match="read-only"):
        mapped.samples[0] = 1


def test_decoding_takes_no_more_memory_for_longer_audio(tmp_path: Path) -> None:
    """An hour (115 MB of samples) costs hardly more than a minute."""
    noise = np.random.default_rng(0).integers(-3000, 3000, 60 * RATE).astype("<i2").tobytes()
    peaks = []
    for minutes in (1, 60):
        with wave.open(str(tmp_path / f"{minutes}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            for _ in range(minutes):
                file.writeframes(noise)
        script = (
            "import resource; from pathlib import Path; from transforms.audio.decoding import decode; "
            f"heard = decode(Path('{tmp_path}/{minutes}.wav'), into=Path('{tmp_path}/{minutes}.npy')); "
            f"assert heard.seconds == {minutes * 60}; "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout) / 1024)

    assert peaks[1] - peaks[0] < 30  # MB


# parts


@pytest.mark.parametrize(("minutes", "n_parts"), [(1, 1), (74, 1), (76, 3), (720, 24)])
def test_long_audio_is_cut_into_parts_of_about_half_an_hour(minutes: int, n_parts: int) -> None:
    """They are the whole, in order, and none is more than a third longer than it should be."""
    samples = np.broadcast_to(np.int16(0), minutes * 60 * RATE)  # a day takes no memory

    spans = cut_parts(samples)

    assert len(spans) == n_parts
    assert [first for first, _ in spans] == [0, *(last for _, last in spans[:-1])]
    assert spans[-1][1] == len(samples)
    assert n_parts == 1 or all(20 * 60 <= (last - first) / RATE <= 40 * 60 for first, last in spans)


def test_parts_are_cut_where_it_is_quiet(demo_samples: np.ndarray) -> None:
    """A cut through the demo falls into a breath."""
    samples = (demo_samples * 32767).astype(np.int16)

    cuts = [first for first, _ in cut_parts(samples, 20.0)][1:]

    loudness = np.sqrt(np.mean(np.square(demo_samples)))
    assert len(cuts) == 4
    for cut in cuts:
        assert np.sqrt(np.mean(np.square(demo_samples[cut - 1600 : cut + 1600]))) < 0.1 * loudness


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory, demo_samples: np.ndarray) -> Path:
    """The first minute of the demo."""
    path = tmp_path_factory.mktemp("minute") / "minute.wav"
    write_wav(path, demo_samples[: 60 * RATE])
    return path


def test_what_is_heard_in_parts_is_what_is_heard_at_once(settings: Settings, minute: Path) -> None:
    """The same words, at the same times."""
    decoded = decoded_of(settings, minute)
    at_once = heard(settings, decoded, options(settings))
    other = settings.model_copy(update={"home": settings.home / "other"})

    in_parts = heard(other, decoded, options(settings), part_seconds=20.0)

    words = [words_of(artifact) for artifact in (at_once, in_parts)]
    assert len(list(other.home.glob("artifacts/transcribe-part/*/*/manifest.json"))) == 3
    assert at_once.manifest.key == in_parts.manifest.key
    assert difference(*words) < 0.03
    assert [w.start_time for w in words[1]] == sorted(w.start_time for w in words[1])
    assert words[1][-1].end_time == pytest.approx(words[0][-1].end_time, abs=0.5)


def hear_in_parts(audio: str) -> None:
    """Hear a minute in six parts, in a process of its own."""
    settings = Settings()
    heard(settings, decoded_of(settings, Path(audio)), options(settings, device="cpu"), part_seconds=10.0)


def test_a_long_run_that_is_killed_goes_on_behind_its_last_part(
    models: Path, minute: Path, tmp_path: Path
) -> None:
    """Kill -9 after the second of six parts: those are not heard again."""
    variables = {"TURNTABLE_HOME": str(tmp_path), "TURNTABLE_MODELS": str(models)}
    process = Started(hear_in_parts, str(minute), environment=environment(None, variables))
    wait_until(lambda: len(made(tmp_path, "transcribe-part")) >= 2, process)
    process.kill()
    before = made(tmp_path, "transcribe-part")

    assert run(hear_in_parts, str(minute), environment=environment(None, variables)).returncode == 0

    after = made(tmp_path, "transcribe-part")
    assert 2 <= len(before) < 6
    assert {name: after[name] for name in before} == before
    assert len(after) == 6
    assert len(made(tmp_path, "transcribe")) == 1


def test_a_long_diarization_goes_on_behind_its_last_part(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the segmentation, then in the embedding; what was kept is what is found at once."""
    decoded, asked = decoded_of(settings, DEMO_AUDIO), options(settings, diarize=True)

    def told(store: Store, most: float) -> Artifact:
        def stop(seconds: float) -> None:
            if seconds >= most:
                msg = "the power went"
                raise Interrupted(msg)

        return diarizing.diarize(store, decoded, asked, settings, stop, lambda _: None, part_seconds=30.0)

    at_once = told(Store(settings.home / "other"), 1e9)
    monkeypatch.setattr(low_memory, "BLOCK_SECONDS", 40.0)
    monkeypatch.setattr(voice_pieces, "PIECES_OF_A_BLOCK", 20)
    seen = []
    for most in (30.0, 70.0):
        with pytest.raises(Interrupted):
            told(Store(settings.home), most)
        seen.append(made(settings.home, "diarize-part"))
    (in_parts,) = [told(Store(settings.home), 1e9)]
    after = made(settings.home, "diarize-part")

    assert [len(parts) for parts in (*seen, after)] == sorted({len(parts) for parts in (*seen, after)})
    assert {name: after[name] for parts in seen for name in parts} == seen[0] | seen[1]
    who = [DIARIZATION.validate_json(artifact.path.read_bytes()).segments for artifact in (at_once, in_parts)]
    assert diarization_errors(*who).rate < 0.01


def made(home: Path, stage: str) -> dict[str, float]:
    """When each finished stage was written, by its key."""
    paths = (home / "artifacts" / stage).glob("*/*/manifest.json")
    return {path.parent.name: path.stat().st_mtime for path in paths}


def wait_until(condition: Callable[[], bool], process: Started) -> None:
    """Wait for something that a process does."""
    deadline = time.monotonic() + 150
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


# channels


@pytest.fixture(scope="module")
def two_channels(tmp_path_factory: pytest.TempPathFactory, demo_samples: np.ndarray) -> Path:
    """Mara on the left for 11 s; Idris on the right, who begins 2 s before she ends."""
    mara, idris = demo_samples[2 * RATE : int(11.2 * RATE)], demo_samples[int(13.5 * RATE) : int(18.7 * RATE)]
    both = np.zeros((15 * RATE, 2), np.float32)
    both[: len(mara), 0] = mara
    start = len(mara) - 2 * RATE
    both[start : start + len(idris), 1] = idris
    path = tmp_path_factory.mktemp("channels") / "two.wav"
    write_stereo(path, both)
    return path


def write_stereo(path: Path, samples: np.ndarray) -> None:
    """Write float samples, shape (n, 2), as 16-bit stereo WAV."""
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def test_each_channel_is_decoded_by_itself(two_channels: Path) -> None:
    """What is on one is not on the other."""
    left, right = (decode(two_channels, channel=n).samples for n in (0, 1))

    assert count_channels(two_channels) == 2
    assert np.abs(left[: 5 * RATE]).max() > 3000
    assert np.abs(right[: 5 * RATE]).max() == 0
    assert np.abs(left[11 * RATE :]).max() == 0
    assert fault(left, right) is None


def test_two_channels_are_the_speakers_and_may_overlap(models: Path, two_channels: Path, tmp_path: Path) -> None:
    """A turn each, both of which overlap, and no diarization that guesses."""
    command(tmp_path, "ingest", str(two_channels), *TINY, "--channels", "split")

    turns = ask(tmp_path, "select speaker, start_time, end_time, is_overlap, text from best_turns order by 2")
    runs = ask(tmp_path, "select stage, method from stage_runs where stage in ('decode', 'diarize', 'transcribe')")
    assert [(turn["speaker"], turn["is_overlap"]) for turn in turns] == [
        ("Mara Quill", True),  # she says so
        ("SPEAKER_01", True),
    ]
    assert "welcome to the long groove" in turns[0]["text"].lower()
    assert "dust with me" in turns[1]["text"]
    assert turns[1]["start_time"] < turns[0]["end_time"] - 1
    assert sorted(run["stage"] for run in runs) == ["decode", "decode", "diarize", "transcribe", "transcribe"]
    assert {run["method"] for run in runs if run["stage"] == "diarize"} == {METHOD}
    command(tmp_path, "verify")
    command(tmp_path, "rebuild")
    assert ask(tmp_path, "select count(*) as n from best_turns") == [{"n": 2}]


@pytest.mark.parametrize("n_channels", [1, 2])
def test_channels_that_say_the_same_are_heard_as_usual(
    n_channels: int, settings: Settings, tmp_path: Path, demo_samples: np.ndarray
) -> None:
    """One line says so."""
    path = tmp_path / "a.wav"
    piece = demo_samples[: 5 * RATE]
    if n_channels == 1:
        write_wav(path, piece)
    else:
        write_stereo(path, np.stack([piece, piece * 0.99], axis=1))
    store, said = Store(settings.home), list[str]()
    fetched = stages.fetch(store, at_path(path), settings, lambda _: None)

    decoded = stages.decode_asked(store, fetched, "a.wav", "split", said.append)

    assert decoded == (stages.decode(store, fetched, "a.wav"),)
    assert len(said) == 1
    assert "it is heard as if --channels mix had been given" in said[0]


def test_what_is_said_in_between_does_not_break_a_turn() -> None:
    """An answer within somebody's sentence stands behind it; one in a pause parts two turns."""

    def say(start: float, *words: str) -> list[Word]:
        return [Word(word, start + n / 2, start + n / 2 + 0.4, 0.9, None, None) for n, word in enumerate(words)]

    asks = [*say(0.0, "so", "how", "does", "it", "turn"), *say(9.0, "I", "see")]
    words, who = converse([asks, [*say(1.1, "hm"), *say(5.0, "it", "is", "driven")]])

    spoken = [(word.speaker, word.word) for word in words]
    assert [word for _, word in spoken] == "so how does it turn hm it is driven I see".split()
    assert [speaker for speaker, _ in spoken] == ["SPEAKER_00"] * 5 + ["SPEAKER_01"] * 4 + ["SPEAKER_00"] * 2
    assert [(s.start_time, s.speaker) for s in who.segments] == [
        (0.0, "SPEAKER_00"),
        (1.1, "SPEAKER_01"),
        (5.0, "SPEAKER_01"),
        (9.0, "SPEAKER_00"),
    ]


# many episodes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, demo_samples: np.ndarray) -> Path:
    """Three pieces of the demo, a copy of the first, and a file that is no audio."""
    folder = tmp_path_factory.mktemp("folder")
    for n in range(3):
        write_wav(folder / f"{n}.wav", demo_samples[n * 14 * RATE : (n + 1) * 14 * RATE])
    shutil.copy(folder / "0.wav", folder / "copy.wav")
    (folder / "broken.mp3").write_bytes(b"<!doctype html><html><body>404</body></html>" * 50)
    return folder


def test_many_episodes_are_heard_together_and_a_damaged_one_harms_none(
    models: Path, folder: Path, tmp_path: Path
) -> None:
    """Three are heard, one is a copy, one is refused with its reason; a second run computes nothing."""
    again = ("ingest", str(folder), *TINY, "--quality", "fast", "--json")

    first = command(tmp_path, *again, check=False)
    before = {stage: made(tmp_path, stage) for stage in ("decode", "transcribe", "diarize", "stage")}
    second = command(tmp_path, *again, check=False)

    outcomes = [json.loads(result.stdout) for result in (first, second)]
    assert [len(one["episodes"]) for one in outcomes] == [4, 4]
    assert [[failed["error_class"] for failed in one["failed"]] for one in outcomes] == [["content"]] * 2
    assert {stage: len(artifacts) for stage, artifacts in before.items()} == {
        "decode": 3,
        "transcribe": 3,
        "diarize": 3,
        "stage": 4,  # a copy is the same episode; who says his name is told of anew
    }
    assert {stage: made(tmp_path, stage) for stage in before} == before
    computed = [set(one["computed"]) >= {"transcribe", "diarize"} for one in outcomes[0]["episodes"]]
    assert computed.count(True) >= 3
    assert not any(one["computed"] for one in outcomes[1]["episodes"])
    assert ask(tmp_path, "select count(*) as n from episodes") == [{"n": 3}]
    command(tmp_path, "verify")


def ingest_batch(folder: str) -> None:
    """Ingest twelve episodes, in a process of its own."""
    settings = Settings()
    done = [
        outcome
        for _, outcome in ingest_locations([at_path(Path(folder))], 1, options(settings, device="cpu"), settings)
    ]
    assert [type(outcome) for outcome in done] == [Outcome] * 12


def test_a_batch_that_is_killed_loses_only_what_was_not_finished(
    models: Path, tmp_path: Path, demo_samples: np.ndarray
) -> None:
    """Kill -9 when some of 12 episodes, more than a batch, are done: they are not computed again."""
    folder, home = tmp_path / "folder", tmp_path / "home"
    folder.mkdir()
    for n in range(12):
        write_wav(folder / f"{n:02}.wav", demo_samples[n * 7 * RATE : (n + 1) * 7 * RATE])
    variables = {"TURNTABLE_HOME": str(home), "TURNTABLE_MODELS": str(models)}
    process = Started(ingest_batch, str(folder), environment=environment(None, variables))
    wait_until(lambda: len(made(home, "transcribe")) >= 2, process)
    process.kill()
    before = {stage: made(home, stage) for stage in ("fetch", "decode", "transcribe")}

    assert run(ingest_batch, str(folder), environment=environment(None, variables)).returncode == 0

    after = {stage: made(home, stage) for stage in before}
    assert 2 <= len(before["transcribe"]) < 12
    assert [len(made_now) for made_now in after.values()] == [12, 12, 12]
    assert all(after[stage][key] == at for stage in before for key, at in before[stage].items())


def spoil(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None]) -> None:
    """Let every recogniser that is loaded from now on be changed."""
    load = model_loading.recognizer.load

    def recognizer(*arguments: Any) -> Any:
        loaded = load(*arguments)
        change(loaded)
        return loaded

    monkeypatch.setattr(model_loading, "recognizer", model_loading.ModelCache(recognizer, most=1))


def test_an_engine_that_breaks_down_costs_what_it_had_under_way(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each episode gets one answer, a damaged file its own; what was under way is heard by itself afterwards."""

    def break_once(loaded: Any) -> None:
        encode, calls = loaded.encode_windows, count()

        def encode_windows(features: Any) -> Any:
            if next(calls) == 0:
                msg = "a bug in the middle of a batch"
                raise ValueError(msg)
            return encode(features)

        loaded.encode_windows = encode_windows

    spoil(monkeypatch, break_once)
    asked = options(settings, "accurate")
    tasks = [TranscribeRequest(decoded_of(settings, folder / f"{n}.wav"), asked) for n in range(3)]
    tasks[1].decoded.path.write_bytes(b"no samples")

    answers = dict.fromkeys(range(3))
    for task, result in Transcriber(Store(settings.home), asked, settings, print).run(tasks):
        number = next(n for n, one in enumerate(tasks) if one is task)
        assert answers[number] is None
        answers[number] = result

    assert isinstance(answers[0], ValueError)
    assert str(answers[0]) == "a bug in the middle of a batch"
    assert isinstance(answers[1], Exception)
    assert "bug" not in str(answers[1])
    assert isinstance(answers[2], Artifact | ValueError)  # a batch may have had it, too
    assert "long groove" in text_of(heard(settings, tasks[0].decoded, asked))


def test_who_was_in_a_batch_that_broke_down_is_transcribed_alone(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is to blame fails by itself; each of the others has its words."""

    def break_over_a_batch(loaded: Any) -> None:
        encode = loaded.encode_windows

        def encode_windows(features: Any) -> Any:
            if len(features) > 1:
                msg = "a bug that two windows meet"
                raise ValueError(msg)
            return encode(features)

        loaded.encode_windows = encode_windows

    spoil(monkeypatch, break_over_a_batch)
    asked = options(settings, "fast", diarize=False)
    sources = [at_path(folder / f"{n}.wav") for n in range(3)]

    done = dict(ingest_locations(sources, 1, asked, settings))

    assert [type(done[source]) for source in sources] == [Outcome] * 3


def test_ctrl_c_while_many_are_heard_ends_at_once(models: Path, folder: Path, tmp_path: Path) -> None:
    """With the exit code of an interruption, and no traceback."""
    process = started(tmp_path, "ingest", str(folder), *TINY, "--quality", "fast")
    wait_until(lambda: len(made(tmp_path, "decode")) >= 2, process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert "turntable: interrupted: run the same command to go on" in said.splitlines()
    assert "Traceback" not in said


# too little memory


class Full:
    """A model that has no memory left for one of its calls, and else is that model."""

    def __init__(self, model: Any, call: str, error: Exception) -> None:
        self.model, self.call, self.error = model, call, error

    def __getattr__(self, name: str) -> Any:
        """Be the model, but for one call."""
        if name == self.call:
            return self.fail
        return getattr(self.model, name)

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """Run, if that is not the call."""
        if self.call == "__call__":
            self.fail()
        return self.model(*arguments, **more)

    def fail(self, *_: Any, **__: Any) -> Any:
        """Have no memory."""
        raise self.error


OUT = RuntimeError("CUDA out of memory. Tried to allocate 20 MiB")


@pytest.fixture
def small_gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception], None]:
    """A machine whose GPU has too little memory at one point; what runs on it runs on the CPU in truth."""
    load_recognizer, load_pipeline = model_loading.recognizer.load, model_loading.pipeline.load
    monkeypatch.setattr(model_loading, "_FAILED", {})
    monkeypatch.setattr(transcribing, "ladder", lambda *_: ((BIG, SMALL, CPU), None))
    monkeypatch.setattr(diarizing, "torch_ladder", lambda _: ((TORCH_GPU, TORCH_CPU), None))

    def make(point: str, error: Exception) -> None:
        def recognizer(folder: Path, device: str, _: str, n_threads: int, batch_size: int, engine: str) -> Any:
            if device == "cuda" and point == "load":
                raise error
            loaded = load_recognizer(folder, "cpu", "int8", n_threads, batch_size, engine)
            if device == "cuda" and point == "encode":
                loaded.encode = loaded.encode_windows = Full(None, "", error).fail
            if device == "cuda" and point == "decode":
                loaded.network, loaded.model = None, Full(loaded.model, "generate", error)
            return loaded

        def pipeline(folders: tuple[Path, ...], device: str, quality: Quality) -> Any:
            if device == "cuda" and point == "load":
                raise error
            loaded = load_pipeline(folders, "cpu", quality)
            return Full(loaded, "__call__", error) if device == "cuda" and point == "diarize" else loaded

        monkeypatch.setattr(model_loading, "recognizer", model_loading.ModelCache(recognizer, most=1))
        monkeypatch.setattr(model_loading, "pipeline", model_loading.ModelCache(pipeline, most=2))

    return make


def test_episodes_that_share_batches_share_the_time(
    settings: Settings, clip: Path, demo_samples: np.ndarray, tmp_path: Path
) -> None:
    """Both come out of one step of the engine: the second one did not take no time at all."""
    write_wav(tmp_path / "other.wav", demo_samples[27 * RATE : 40 * RATE])
    tasks = [
        TranscribeRequest(decoded_of(settings, path), options(settings)) for path in (clip, tmp_path / "other.wav")
    ]
    transcriber = Transcriber(Store(settings.home), options(settings), settings, lambda _: None)

    began = time.monotonic()
    results = list(transcriber.run(tasks))
    elapsed = time.monotonic() - began

    taken = [result.manifest.seconds for _, result in results if isinstance(result, Artifact)]
    speeds = [stages.seconds_of(task.decoded) / took for (task, _), took in zip(results, taken, strict=True)]
    assert max(speeds) < 3 * min(speeds)
    assert sum(taken) < 2 * elapsed


@pytest.mark.parametrize(("point", "error"), [("load", OUT), ("encode", OUT), ("decode", MemoryError("no room"))])
def test_too_little_memory_for_words_goes_down_to_the_cpu(
    point: str,
    error: Exception,
    settings: Settings,
    clip: Path,
    demo_samples: np.ndarray,
    tmp_path: Path,
    small_gpu: Callable[[str, Exception], None],
) -> None:
    """Of one episode and of two that share the engine; every row says why, and nobody tries that GPU again."""
    small_gpu(point, error)
    write_wav(tmp_path / "other.wav", demo_samples[27 * RATE : 40 * RATE])
    one, other = decoded_of(settings, clip), decoded_of(settings, tmp_path / "other.wav")
    asked, said = options(settings, "accurate"), list[str]()

    transcriber = Transcriber(Store(settings.home), asked, settings, said.append)
    both = [
        result for _, result in transcriber.run([TranscribeRequest(one, asked), TranscribeRequest(other, asked)])
    ]
    later = heard(settings, other, options(settings, "fast"))

    assert len(both) == 2
    for result in (*both, later):
        assert isinstance(result, Artifact)
        assert result.manifest.device == "cpu int8"
        assert [line.partition(" failed")[0] for line in result.manifest.warnings] == [str(BIG), str(SMALL)]
        assert stages.done_run(result, "a", "b").message == "; ".join(result.manifest.warnings)
    assert "repairs record players" in text_of(
        both[0] if one.sha256 in both[0].manifest.inputs.values() else both[1]
    )
    assert said == list(both[0].manifest.warnings)
    assert str(error).partition(".")[0] in said[0]
    assert "earlier in this process" in later.manifest.warnings[0]


@pytest.mark.parametrize(("point", "error"), [("load", MemoryError("no room")), ("diarize", OUT)])
def test_too_little_memory_for_voices_goes_down_to_the_cpu(
    point: str, error: Exception, settings: Settings, clip: Path, small_gpu: Callable[[str, Exception], None]
) -> None:
    """Both speakers are found all the same."""
    small_gpu(point, error)
    said: list[str] = []

    who = diarizing.diarize(
        Store(settings.home), decoded_of(settings, clip), options(settings), settings, lambda _: None, said.append
    )

    assert (who.manifest.device, who.manifest.facts["speakers"]) == (str(TORCH_CPU), 2)
    assert list(who.manifest.warnings) == said
    assert [line.partition(" failed")[0] for line in said] == [str(TORCH_GPU)]


def test_too_little_memory_everywhere_is_an_error_that_says_what_to_do(
    settings: Settings, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no manifest is written."""

    def fill(loaded: Any) -> None:
        loaded.encode = loaded.encode_windows = Full(None, "", MemoryError()).fail

    monkeypatch.setattr(model_loading, "_FAILED", {})
    spoil(monkeypatch, fill)

    with pytest.raises(ResourceError, match=r"too little memory on cpu int8 .*: take a smaller model"):
        heard(settings, decoded_of(settings, clip), options(settings))

    assert made(settings.home, "transcribe") == {}
