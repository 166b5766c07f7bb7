"""Voices across episodes with truth: who is found, who is taken for somebody else, who stays unknown.

    python tests/benchmarks/voices.py [--make 10] EPISODE…
    python tests/benchmarks/voices.py --many 10000

An episode is an audio file with `NAME.rttm` beside it; a speaker of one name is one person in all of them, and so
are two names of which `--same ONE=OTHER` says that one voice speaks them. `--make`
cuts so many more episodes out of theirs, sentences that were not used before, at another loudness, with noise, by
another codec. All are diarized as `turntable ingest` does it; words stand in for recognised ones. Each person is
named in the first episode that has him (`turntable name`), and should be found in all others; then each one in
turn is named nowhere, and should stay unknown. The second form matches so many made-up voices.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from flows.artifacts import Made, Store  # noqa: E402
from flows.engines import diarizing  # noqa: E402
from flows.engines.shared_engine import EngineClient, SharedEngine  # noqa: E402
from flows.episode import stages  # noqa: E402
from flows.episode.pipeline import Work, load_audio  # noqa: E402
from flows.episode.stages import Processed  # noqa: E402
from flows.episode.user_choices import name_voice  # noqa: E402
from flows.locations import at_path  # noqa: E402
from flows.payloads import DIARIZATION, TRANSCRIPTION, read_json  # noqa: E402
from flows.settings import Options, Settings  # noqa: E402
from flows.sources.episodes import find_named  # noqa: E402
from flows.voices import switch  # noqa: E402
from flows.voices.recognizing import Known, known_voices, recognize  # noqa: E402
from transforms.audio.decoding import SAMPLE_RATE, decode  # noqa: E402
from transforms.records import Segment, SpeakerSegment, Word  # noqa: E402
from transforms.speech.checks import DecodedWindow, Transcription  # noqa: E402
from transforms.voices.person import speaker_id  # noqa: E402
from transforms.voices.voice_matching import Match, VoiceKey, Voices, match  # noqa: E402

Samples = NDArray[np.int16]
# Loudness in dB, noise in dB under the speech, codec and its bits a second.
CONDITIONS = (
    (0, 35, "flac", 0),
    (-26, 35, "libmp3lame", 64_000),
    (-6, 20, "libopus", 24_000),
    (6, 30, "libmp3lame", 32_000),
    (-20, 15, "flac", 0),
    (0, 12, "libmp3lame", 48_000),
    (-12, 25, "libopus", 12_000),
    (3, 20, "libmp3lame", 96_000),
    (-30, 30, "flac", 0),
    (-3, 15, "libopus", 16_000),
)
ENDINGS = {"flac": ".flac", "libmp3lame": ".mp3", "libopus": ".ogg"}
WORD = 0.4  # seconds
ONE_PERSON, SEVERAL = 0.8, "several people"  # share of a label, from which it is one person's


SAME: dict[str, str] = {}  # names of one voice


def truth_of(audio: Path) -> list[SpeakerSegment]:
    """Read who speaks when."""
    rows = (line.split() for line in audio.with_suffix(".rttm").read_text().splitlines() if line)
    return [SpeakerSegment(float(r[3]), float(r[3]) + float(r[4]), SAME.get(r[7], r[7])) for r in rows]


def make_episodes(episodes: Sequence[Path], n: int, folder: Path) -> list[Path]:
    """Cut more episodes out of the sentences of some: two to four people each, each of whom in several."""
    sentences: dict[str, list[Samples]] = defaultdict(list)
    for path in episodes:
        samples = np.asarray(decode(path).samples)
        for one in truth_of(path):
            sentences[one.speaker].append(
                samples[round(one.start_time * SAMPLE_RATE) : round(one.end_time * SAMPLE_RATE)]
            )
    rng, people = np.random.default_rng(1), sorted(sentences)
    shares = {who: [own[k :: _times(own)] for k in range(_times(own))] for who, own in sentences.items()}
    made = []
    for number in range(n):
        size = max(2, round(sum(map(len, shares.values())) / (n - number)))
        cast = sorted(people, key=lambda who: (-len(shares[who]), rng.random()))[:size]
        parts = {who: shares[who].pop() for who in cast if shares[who]}
        made.append(_write(folder / f"made{number}", parts, CONDITIONS[number % len(CONDITIONS)], rng))
    return made


def _times(sentences: list[Samples]) -> int:
    """Say in how many episodes somebody is to be heard, by how much there is of him."""
    return int(np.clip(sum(map(len, sentences)) // (12 * SAMPLE_RATE), 2, 5))


def _write(
    stem: Path, parts: Mapping[str, list[Samples]], condition: tuple[int, int, str, int], rng: np.random.Generator
) -> Path:
    """Write an episode in which the sentences of some people take turns, and its truth."""
    gain, snr, codec, rate = condition
    pieces, lines, now = [np.zeros(SAMPLE_RATE // 2, np.float32)], [], 0.5
    queue = [
        (who, own)
        for k in range(max(map(len, parts.values())))
        for who, o in parts.items()
        for own in o[k : k + 1]
    ]
    for who, own in queue:
        lines.append(f"SPEAKER {stem.name} 1 {now:.3f} {len(own) / SAMPLE_RATE:.3f} <NA> <NA> {who} <NA> <NA>\n")
        pieces += [own.astype(np.float32), np.zeros(SAMPLE_RATE // 3, np.float32)]
        now += (len(own) + SAMPLE_RATE // 3) / SAMPLE_RATE
    speech = np.concatenate(pieces)
    white = np.fft.rfft(rng.standard_normal(len(speech)))
    pink = np.fft.irfft(white / np.sqrt(np.arange(1, len(white) + 1)), len(speech))
    level = np.sqrt(np.mean(speech[np.abs(speech) > 300] ** 2)) * 10 ** (-snr / 20)
    loud = (speech + pink / pink.std() * level) * 10 ** (gain / 20)
    path = stem.with_suffix(ENDINGS[codec])
    _encode(path, np.clip(loud, -32768, 32767).astype(np.int16), codec, rate)
    stem.with_suffix(".rttm").write_text("".join(lines))
    return path


def _encode(path: Path, samples: Samples, codec: str, rate: int) -> None:
    with av.open(str(path), "w") as box:
        stream = box.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        if rate:
            stream.bit_rate = rate
        for start in range(0, len(samples), SAMPLE_RATE):
            frame = av.AudioFrame.from_ndarray(
                samples[None, start : start + SAMPLE_RATE], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = SAMPLE_RATE, start
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))


def ingest(settings: Settings, path: Path) -> tuple[str, str]:
    """Diarize an episode and load it, with words that stand in for recognised ones; episode and transcript."""
    store = Store(settings.home)
    (found,) = find_named(at_path(path), 1, settings.reach).episodes
    fetched = stages.fetch(store, found.location, settings, lambda _: None)
    decoded = stages.decode(store, fetched, path.name)
    options = Options().filled(settings)
    diarized = diarizing.diarize(store, decoded, options, settings, lambda _: None, lambda _: None)
    words = tuple(_words(read_json(DIARIZATION, diarized).exclusive))
    segment = Segment(0.0, stages.seconds_of(decoded), " ".join(w.word for w in words), None, words)
    window = DecodedWindow(0.0, stages.seconds_of(decoded), (segment,), -0.1, 0.0, 1.0, 1.0, 0.0, "batched")
    said = Transcription((window,), "en", 0.99, stages.seconds_of(decoded))
    transcribed = store.make(
        "transcribe",
        lambda _: Made(TRANSCRIPTION.dump_json(said), facts={"language": "en"}),
        method="made-1",
        suffix=".json",
        inputs={"samples": decoded.sha256},
        parameters={},
    )
    heard = Processed(
        fetched, (decoded,), (transcribed,), diarized, stages.attribute(store, transcribed, diarized)
    )
    work = Work(found, options, settings, EngineClient(SharedEngine(settings)))
    joined, name, _ = load_audio(work, heard, stages.make_turns(store, heard), None)
    return joined.episode.episode_id, name


def _words(segments: Sequence[SpeakerSegment]) -> Iterator[Word]:
    for segment in segments:
        for start in np.arange(segment.start_time, segment.end_time - 0.1, WORD):
            yield Word("word", float(start), min(float(start) + WORD, segment.end_time), 0.9, None, None)


def true_persons(settings: Settings, transcript_id: str, audio: Path) -> dict[str, str]:
    """Return who each label is: whom it overlaps most, if that is four fifths of it; else `several people`."""
    from warehouse.snapshot import open_snapshot

    with open_snapshot(settings.snapshot) as con:
        sql = "select speaker_label, start_time, end_time from speaker_segments where transcript_id = ?"
        heard = [
            SpeakerSegment(start, end, label) for label, start, end in con.execute(sql, [transcript_id]).fetchall()
        ]
    overlap: dict[str, Counter[str]] = defaultdict(Counter)
    for one in heard:
        for true in truth_of(audio):
            shared = min(one.end_time, true.end_time) - max(one.start_time, true.start_time)
            overlap[one.speaker][true.speaker] += max(shared, 0.0)
    return {
        label: who if seconds >= ONE_PERSON * found.total() else SEVERAL
        for label, found in overlap.items()
        for who, seconds in found.most_common(1)
        if seconds
    }


def run(episodes: Sequence[Path], n_made: int, kept: Path | None) -> None:
    """Ingest all episodes, name everybody once, and print who is found."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = kept or Path(temporary)
        settings = Settings(home=folder / "home")
        switch.turn_on(settings.home, unnamed=False)
        every = [*episodes, *make_episodes(episodes, n_made, folder)]
        names = {}
        for path in every:
            names[path] = ingest(settings, path)
        known = known_voices(settings, unnamed=False)
        truth = {
            (transcript_id, label): who
            for path, (_, transcript_id) in names.items()
            for label, who in true_persons(settings, transcript_id, path).items()
        }
        began = time.perf_counter()
        first = _name_once(settings, names, truth, known)
        known = known_voices(settings, unnamed=False)
        took = time.perf_counter() - began
        print(f"{len(every)} episodes, {len(truth)} voices, {len(first)} people; naming took {took:.0f} s")
        _print_found(known, truth, first)
        _print_unknown(known, truth, first)


def _name_once(
    settings: Settings, names: Mapping[Path, tuple[str, str]], truth: Mapping[VoiceKey, str], known: Known
) -> dict[str, VoiceKey]:
    """Name each person in the first episode in which his voice has a print."""
    first: dict[str, VoiceKey] = {}
    for episode_id, transcript_id in names.values():
        for label in known.prints[transcript_id]:
            who = truth.get((transcript_id, label))
            if who not in (None, SEVERAL, *first) and known.has_print((transcript_id, label)):
                first[who] = transcript_id, label
                name_voice(settings, episode_id, label, who.replace("_", " "))
    recognize(settings)
    return first


def _print_found(known: Known, truth: Mapping[VoiceKey, str], first: Mapping[str, VoiceKey]) -> None:
    """Print how many people are found again in their other episodes, and how many voices are taken for others."""
    by_id = {speaker_id(who.replace("_", " ")): who for who in first}
    wanted = {(key[0], who) for key, who in truth.items() if who in first and key[0] != first[who][0]}
    matches = {
        key: by_id[one.person] for key, one in known.decided.items() if key in truth and isinstance(one, Match)
    }
    found = {(key[0], who) for key, who in matches.items() if truth.get(key) == who}
    wrong = {key: who for key, who in matches.items() if truth.get(key) not in (who, SEVERAL)}
    several = [key for key, who in truth.items() if who == SEVERAL]
    print(f"labels that are several people: {len(several)}, matched: {len(matches.keys() & set(several))}")
    share = 100 * len(wanted & found) / max(1, len(wanted))
    print(f"found again: {len(wanted & found)} of {len(wanted)} ({share:.1f} %)")
    mistakes = [(truth.get(key), other) for key, other in wrong.items()]
    print(f"taken for somebody else: {len(wrong)} of {len(truth.keys() & known.decided.keys())} {mistakes}")
    for key, one in known.decided.items():
        if key in truth and not isinstance(one, Match):
            print(f"  not found: {truth.get(key)} ({one.reason}, {one.score:.2f}, next {one.other})")
    for transcript_id, prints in known.prints.items():
        for label, one in prints.items():
            if one.fault:
                print(f"  no print: {truth.get((transcript_id, label))} ({one.fault}, {one.seconds:.1f} s)")


def _print_unknown(known: Known, truth: Mapping[VoiceKey, str], first: Mapping[str, VoiceKey]) -> None:
    """Print how many voices are taken for somebody if the person is named nowhere."""
    keys = [key for key in truth if known.has_print(key)]
    vectors = np.array([known.prints[key[0]][key[1]].vector for key in keys], np.float32)
    taken = []
    for who in first:
        named = {key: other for other, key in first.items() if other != who}
        decided = match(Voices(keys, vectors), named)
        taken += [
            (who, one.person, one.score)
            for key, one in decided.items()
            if truth[key] == who and isinstance(one, Match)
        ]
    total = sum(key in keys for key in truth)
    print(f"unknown people taken for somebody: {len(taken)} of {total} {taken}")


def many(n: int) -> None:
    """Match made-up voices: a quarter of them named, of as many people."""
    rng = np.random.default_rng(0)
    people = rng.normal(size=(n // 4, 192))
    keys = [(f"{k // 3:06}", f"SPEAKER_{k % 3:02}") for k in range(n)]
    who = rng.integers(len(people), size=n)
    vectors = people[who] + rng.normal(scale=0.5, size=(n, 192))
    voices = Voices(keys, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    began = time.process_time()
    decided = match(voices, {key: str(one) for key, one in zip(keys[: n // 4], who[: n // 4], strict=True)})
    took, truth = time.process_time() - began, dict(zip(keys, map(str, who), strict=True))
    found = {key: one.person for key, one in decided.items() if isinstance(one, Match)}
    wrong = sum(person != truth[key] for key, person in found.items())
    print(f"{n} voices: {took:.1f} s of the processor, {len(found)} found, {wrong} wrong")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("episodes", nargs="*", type=Path)
    parser.add_argument("--make", type=int, default=0)
    parser.add_argument("--many", type=int)
    parser.add_argument("--keep", type=Path, help="a folder for the home, to look into it afterwards")
    parser.add_argument("--same", nargs="*", default=[])
    asked = parser.parse_args()
    SAME.update(pair.split("=") for pair in asked.same)
    if asked.many:
        many(asked.many)
    else:
        run(asked.episodes, asked.make, asked.keep)


if __name__ == "__main__":
    main()
