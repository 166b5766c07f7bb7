"""Voices across episodes in a home: found, named, merged, split, forgotten; the two people of the demo speak."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from flows.artifacts import Made, Store, read
from flows.episode.user_choices import name_voice
from flows.home.private import write_bytes
from flows.settings import Settings
from flows.upkeep.rebuild import rebuild
from flows.upkeep.verify import verify
from flows.voices import persons, switch
from flows.voices.decisions import read_decisions
from flows.voices.forgetting import forget, remember
from flows.voices.listing import list_told, list_voices
from flows.voices.printing import STAGE
from flows.voices.recognizing import catch_up, recognize
from tests.conftest import DEMO, command, write_wav
from tests.support.homes import ingest_file
from transforms.errors import ContentError, SourceError
from transforms.records import SpeakerSegment, Word
from transforms.speech.models import MODELS
from warehouse.search.finding import Search, search

pytestmark = pytest.mark.system  # a network embeds voices

RATE = 16_000
PAUSE = 0.5


@pytest.fixture(scope="module")
def sentences(demo_samples: np.ndarray) -> dict[str, list[np.ndarray]]:
    """What each of the two people of the demo says, sentence by sentence."""
    rows = (DEMO.parent.parent / "tests" / "data" / "why-a-record-turns.rttm").read_text().splitlines()
    said: dict[str, list[np.ndarray]] = {}
    for row in (line.split() for line in rows):
        start, seconds = float(row[3]), float(row[4])
        said.setdefault(row[7], []).append(demo_samples[round(start * RATE) : round((start + seconds) * RATE)])
    return {"Mara": said["Mara_Quill"], "Idris": said["Idris_Vane"]}


@pytest.fixture(scope="module")
def heard(
    sentences: dict[str, list[np.ndarray]], models: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """A home with three episodes that is on: one of both, one of both more quietly, one of Idris alone."""
    folder = tmp_path_factory.mktemp("heard")
    settings = Settings(home=folder / "home", models=models)
    switch.turn_on(settings.home, unnamed=False)
    casts = {
        "first": (["Mara", "Idris"], 0, 1.0),
        "second": (["Idris", "Mara"], 1, 0.1),
        "third": (["Idris"], 2, 0.5),
    }
    ids = {
        name: hear(settings, folder / f"{name}.wav", {who: sentences[who][part::3] for who in cast}, gain)
        for name, (cast, part, gain) in casts.items()
    }
    return settings.home, ids


@pytest.fixture
def home(heard: tuple[Path, dict[str, str]], models: Path, tmp_path: Path) -> tuple[Settings, dict[str, str]]:
    """A copy of it."""
    shutil.copytree(heard[0], tmp_path / "home")
    return Settings(home=tmp_path / "home", models=models), heard[1]


def hear(settings: Settings, path: Path, cast: dict[str, list[np.ndarray]], gain: float = 1.0) -> str:
    """Ingest an episode in which some people speak one after the other: SPEAKER_00 is the first; its id."""
    pieces, segments, words, now = [], [], [], 0.0
    for number, said in enumerate(cast.values()):
        for sentence in said:
            seconds = len(sentence) / RATE
            segments.append(SpeakerSegment(round(now, 3), round(now + seconds, 3), f"SPEAKER_0{number}"))
            words.append(Word("word", round(now, 3), round(now + seconds, 3), 0.9, None, None))
            pieces += [gain * sentence, np.zeros(round(PAUSE * RATE), np.float32)]
            now += seconds + PAUSE
    write_wav(path, np.concatenate(pieces))
    return ingest_file(settings, path, None, tuple(words), tuple(segments)).episode.episode_id


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        return con.execute(query).fetchall()


TURNS = """
    select distinct title, speaker_label, speaker_name, name_source, speaker_id is not null
    from turns join episodes using (episode_id) order by all
"""


def shown(settings: Settings) -> list[tuple[Any, ...]]:
    """Who speaks where, by the snapshot."""
    return ask(settings, TURNS)


def rows(settings: Settings) -> list[Any]:
    """All that the snapshot says of voices."""
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        return [con.execute(f"from {table} order by all").fetchall() for table in ("voices", "speakers", "turns")]


def why(settings: Settings) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Who each voice is and why, by title and label."""
    table = list_voices(settings)
    found = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return {(one["title"], one["speaker_label"]): (one["speaker"], one["why"]) for one in found}


NOBODY = [
    ("first", "SPEAKER_00", None, None, False),
    ("first", "SPEAKER_01", None, None, False),
    ("second", "SPEAKER_00", None, None, False),
    ("second", "SPEAKER_01", None, None, False),
    ("third", "SPEAKER_00", None, None, False),
]
IDRIS = [
    NOBODY[0],
    ("first", "SPEAKER_01", "Idris Vane", "user", True),
    ("second", "SPEAKER_00", "Idris Vane", "voice", True),
    NOBODY[3],
    ("third", "SPEAKER_00", "Idris Vane", "voice", True),
]


def name_idris(settings: Settings, ids: dict[str, str]) -> None:
    """Say once who he is."""
    name_voice(settings, ids["first"], "SPEAKER_01", "Idris Vane")
    recognize(settings)


def test_nothing_is_kept_before_it_is_switched_on(
    sentences: dict[str, list[np.ndarray]], models: Path, tmp_path: Path
) -> None:
    """Then what was heard before is caught up with; again, nothing is new."""
    settings = Settings(home=tmp_path / "home", models=models)
    episode = hear(settings, tmp_path / "first.wav", {"Idris": sentences["Idris"][::2]})
    hear(settings, tmp_path / "second.wav", {"Idris": sentences["Idris"][1::2]})
    name_voice(settings, episode, "SPEAKER_00", "Idris Vane")
    assert recognize(settings) == 0
    assert not Store(settings.home).all(STAGE)
    assert ask(settings, "from voices") == []

    since = switch.turn_on(settings.home, unnamed=False)
    assert since.on_since is not None
    assert switch.turn_on(settings.home, unnamed=True).on_since == since.on_since
    assert catch_up(settings) == 0
    assert len(Store(settings.home).all(STAGE)) == 2
    assert recognize(settings) == 2
    assert [row[2:4] for row in shown(settings)] == [("Idris Vane", "user"), ("Idris Vane", "voice")]
    before, made = rows(settings), Store(settings.home).all(STAGE)
    assert (catch_up(settings), recognize(settings)) == (0, 0)
    assert (rows(settings), Store(settings.home).all(STAGE)) == (before, made)


def test_who_was_named_once_is_found_again(home: tuple[Settings, dict[str, str]]) -> None:
    """By voice, with what it rests on; in a warehouse made anew, too. Who was not named stays unknown."""
    settings, ids = home
    assert shown(settings) == NOBODY
    name_idris(settings, ids)
    assert shown(settings) == IDRIS
    ((name, aliases, episodes, voices, named, sure),) = ask(
        settings, "select * exclude (speaker_id) from speakers"
    )
    assert (name, aliases, episodes, voices, named) == ("Idris Vane", [], 3, 3, 1)
    assert sure >= 0.8
    found = ask(
        settings, "select score > margin, margin > 0.1, like_label, calibration from voices where score > 0"
    )
    assert found == [(True, True, "SPEAKER_01", "voices-1")] * 2
    assert why(settings)["second", "SPEAKER_00"] == ("Idris Vane", "like SPEAKER_01 of first")
    nobody, reason = why(settings)["second", "SPEAKER_01"]
    assert nobody is None
    assert str(reason).startswith("nearest is Idris Vane: ")
    before = rows(settings)
    assert verify(settings, deep=True) == ()
    rebuild(settings)
    assert rows(settings) == before
    name_voice(settings, ids["first"], "SPEAKER_01", None)
    recognize(settings)
    assert shown(settings) == NOBODY


def test_who_says_it_wins_over_the_sound(home: tuple[Settings, dict[str, str]]) -> None:
    """A user calls a voice that was found by another name: it is another person, who sounds the same."""
    settings, ids = home
    name_idris(settings, ids)
    name_voice(settings, ids["third"], "SPEAKER_00", "Ivo Dane")
    recognize(settings)
    assert shown(settings)[4] == ("third", "SPEAKER_00", "Ivo Dane", "user", True)
    # in the second episode he is as much like the one as like the other
    assert shown(settings)[2] == NOBODY[2]
    assert str(why(settings)["second", "SPEAKER_00"][1]).startswith("as close to I")


def test_persons_are_merged_and_parted_again(home: tuple[Settings, dict[str, str]]) -> None:
    settings, ids = home
    name_idris(settings, ids)
    name_voice(settings, ids["third"], "SPEAKER_00", "I. Vane")
    recognize(settings)
    before = rows(settings)
    assert "alike to 0.9" in persons.merge(settings, "i vane", "Idris Vane")
    assert ask(settings, "select speaker_name, aliases, voices from speakers") == [("Idris Vane", ["I. Vane"], 3)]
    assert shown(settings)[2:] == [IDRIS[2], NOBODY[3], ("third", "SPEAKER_00", "I. Vane", "user", True)]
    with pytest.raises(SourceError, match="are one person already"):
        persons.merge(settings, "I. Vane", "Idris Vane")
    rebuild(settings)
    persons.undo_merge(settings, "I. Vane")
    assert rows(settings) == before
    with pytest.raises(SourceError, match="nothing to take back"):
        persons.undo_merge(settings, "I. Vane")
    persons.merge(settings, "I. Vane", "Idris Vane")  # the same again is news again
    assert len(ask(settings, "from speakers")) == 1


def test_a_polluted_profile_is_restored_by_split(home: tuple[Settings, dict[str, str]]) -> None:
    """Mara is called Idris by mistake: he is found nowhere any more, until her voice is split from him."""
    settings, ids = home
    name_idris(settings, ids)
    name_voice(settings, ids["second"], "SPEAKER_01", "Idris Vane")
    recognize(settings)
    assert ask(settings, "from voices") == []
    for voice in (("first", "SPEAKER_01"), ("second", "SPEAKER_01")):
        assert "unlike other voices called Idris Vane" in str(why(settings)[voice][1])
    ((transcript_id,),) = ask(
        settings,
        "select distinct transcript_id from turns join episodes using (episode_id) where title = 'second'",
    )
    voice = transcript_id, "SPEAKER_01"
    persons.split(settings, "Idris Vane", voice)
    assert [row for row in shown(settings) if row[4]] == [IDRIS[1], IDRIS[2], IDRIS[4]]
    assert shown(settings)[3] == ("second", "SPEAKER_01", "Idris Vane", "user", False)
    with pytest.raises(SourceError, match="is not Idris Vane"):
        persons.split(settings, "Idris Vane", voice)
    persons.undo_split(settings, voice)
    assert ask(settings, "from voices") == []


def test_a_person_is_called_otherwise(home: tuple[Settings, dict[str, str]]) -> None:
    settings, ids = home
    name_idris(settings, ids)
    persons.rename(settings, "Idris Vane", "Dr Idris Vane")
    assert ask(settings, "select speaker_name, aliases from speakers") == [("Dr Idris Vane", ["Idris Vane"])]
    assert shown(settings)[4] == ("third", "SPEAKER_00", "Dr Idris Vane", "voice", True)
    both = [search(settings.snapshot, Search("word*", speaker=who)).rows for who in ("Dr Idris", "Idris Vane")]
    assert both[0] == both[1] != []
    assert persons.undo_rename(settings, "Dr Idris Vane")
    assert shown(settings) == IDRIS
    with pytest.raises(ContentError, match="is no name"):
        persons.rename(settings, "Idris Vane", "—")
    with pytest.raises(SourceError, match="none of those whose voices are known: Idris Vane"):
        persons.rename(settings, "Nobody", "Somebody")
    with pytest.raises(ContentError, match="at most 200"):
        persons.rename(settings, "Idris Vane", "I" * 201)


def test_of_two_who_are_called_alike_nobody_is_taken(home: tuple[Settings, dict[str, str]]) -> None:
    """Who is called so now is meant, not who was once; of two of them neither is merged, renamed or forgotten."""
    settings, ids = home
    name_idris(settings, ids)
    name_voice(settings, ids["second"], "SPEAKER_01", "Mara Quill")
    recognize(settings)
    persons.rename(settings, "Idris Vane", "Mara Quill")
    for act in (
        lambda: forget(settings, "Mara Quill"),
        lambda: persons.rename(settings, "Mara Quill", "Somebody"),
        lambda: persons.merge(settings, "Mara Quill", "Idris Vane"),
    ):
        with pytest.raises(
            SourceError, match=r"'Mara Quill' is several persons: say the id of the one, [0-9a-f]{8} or"
        ):
            act()
    persons.rename(settings, "Idris Vane", "I. Vane")  # an older name still finds whoever had it alone
    assert persons.rename(settings, "Mara Quill", "M. Quill")


def test_a_person_is_forgotten(home: tuple[Settings, dict[str, str]]) -> None:
    """While it is off: nothing of the voice is left in any file, and no new print is made of it; others stay."""
    settings, ids = home
    name_idris(settings, ids)
    persons.rename(settings, "Idris Vane", "Dr Idris Vane")
    switch.turn_off(settings.home, only_unnamed=False)
    store = Store(settings.home)
    assert {voices for _, voices in kept(store)} == {("SPEAKER_00",), ("SPEAKER_00", "SPEAKER_01")}
    erased = forget(settings, "Dr Idris Vane")
    assert (erased.voiceprints, erased.lost) == (3, ())
    assert sorted(voices for _, voices in kept(store)) == [(), ("SPEAKER_00",), ("SPEAKER_01",)]
    assert [row[:4] for row in shown(settings) if row[3]] == [IDRIS[1][:4]]  # what the user said of the first
    assert ask(settings, "from voices") == []
    assert not store.all("diarize")
    assert not [path for path in settings.home.rglob("*") if path.is_file() and b"Dr Idris" in path.read_bytes()]
    assert verify(settings) == ()
    assert forget(settings, "Idris Vane").voiceprints == 0  # again: nothing is left
    switch.turn_on(settings.home, unnamed=False)
    catch_up(settings)
    recognize(settings)
    assert sorted(voices for _, voices in kept(store)) == [(), ("SPEAKER_00",), ("SPEAKER_01",)]
    assert why(settings)["third", "SPEAKER_00"] == (None, "forgotten")

    with pytest.raises(SourceError, match="nobody called 'Somebody' was forgotten"):
        remember(settings, "Somebody")
    remember(settings, "Dr Idris Vane")  # as he was called, though that name is kept nowhere
    catch_up(settings)
    recognize(settings)
    assert shown(settings) == IDRIS


def kept(store: Store) -> list[tuple[str, tuple[str, ...]]]:
    """The transcripts that have voiceprints, and of which labels."""
    from flows.voices.printing import read_prints

    return [(transcript_id, tuple(sorted(found))) for transcript_id, found in read_prints(store).items()]


def test_who_is_forgotten_is_not_kept_when_he_is_heard_again(
    home: tuple[Settings, dict[str, str]], sentences: dict[str, list[np.ndarray]], tmp_path: Path
) -> None:
    """A new episode in which a user names him: the print is gone as soon as it is known whose it is."""
    settings, ids = home
    name_idris(settings, ids)
    forget(settings, "Idris Vane")
    episode = hear(settings, tmp_path / "fourth.wav", {"Idris": sentences["Idris"]})
    name_idris(settings, {"first": ids["first"]})
    name_voice(settings, episode, "SPEAKER_00", "Idris Vane")
    recognize(settings)
    assert sorted(voices for _, voices in kept(Store(settings.home))) == [(), (), ("SPEAKER_00",), ("SPEAKER_01",)]
    assert why(settings)["fourth", "SPEAKER_00"] == (None, "forgotten")


def test_voices_that_nobody_named_are_compared_by_a_switch_of_its_own(
    home: tuple[Settings, dict[str, str]],
) -> None:
    settings, _ = home
    recognize(settings)
    assert ask(settings, "from speakers") == []
    switch.turn_on(settings.home, unnamed=True)
    recognize(settings)
    assert ask(settings, "select speaker_name, voices, named from speakers order by 2") == [
        (None, 2, 0),
        (None, 3, 0),
    ]
    assert {row[2:4] for row in shown(settings)} == {(None, None)}
    switch.turn_off(settings.home, only_unnamed=True)
    recognize(settings)
    assert ask(settings, "from speakers") == []


def test_without_audio_what_the_diarization_kept_stands_in(home: tuple[Settings, dict[str, str]]) -> None:
    """If it is of the same network; without that, too, nothing is known, and that is said."""
    settings, ids = home
    store = Store(settings.home)
    for stage in (STAGE, "decode"):
        shutil.rmtree(store.artifacts / stage)
    assert catch_up(settings) == 0  # decoded for the moment, and not kept
    assert not store.all("decode")
    for stage in (STAGE, "fetch"):
        shutil.rmtree(store.artifacts / stage)
    assert catch_up(settings) == 3
    name_idris(settings, ids)
    assert "no voiceprint" in str(why(settings)["first", "SPEAKER_01"][1])
    by_campplus = {"models": ["segmentation", MODELS["campplus"].identity]}
    for number, folder in enumerate(store.all("diarize").values()):
        made = Made(read(folder).path.read_bytes())
        how = {**by_campplus, "number": number}
        store.make("diarize", partial(_give, made), method="made-2", suffix=".json", inputs={}, parameters=how)
        shutil.rmtree(folder)
    assert catch_up(settings) == 0


def _give(made: Made, _: Path) -> Made:
    return made


def test_while_it_is_off_the_warehouse_says_who_is_who(home: tuple[Settings, dict[str, str]]) -> None:
    settings, ids = home
    name_idris(settings, ids)
    switch.turn_off(settings.home, only_unnamed=False)
    assert [row[0] for row in list_told(settings).rows] == ["Idris Vane"] * 3 + [None] * 2
    with pytest.raises(SourceError, match="voices are not compared"):
        persons.merge(settings, "Idris Vane", "Idris Vane")


def test_what_goes_wrong_keeps_nobody_from_the_transcript(
    sentences: dict[str, list[np.ndarray]], tmp_path: Path
) -> None:
    """Weights that are not those that we know: the episode is loaded, and a row says what went wrong."""
    settings = Settings(home=tmp_path / "home", models=tmp_path / "models")
    weights = settings.models / "campplus" / "campplus_cn_en_common.pt"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"no weights")
    switch.turn_on(settings.home, unnamed=False)
    hear(settings, tmp_path / "first.wav", {"Idris": sentences["Idris"]})
    assert shown(settings) == [NOBODY[0]]
    ((status, error_class, message),) = ask(
        settings, "select status, error_class, message from stage_runs where stage = 'voices'"
    )
    assert (status, error_class) == ("failed", "content")
    assert "campplus" in message


def test_the_commands_ask_once_and_say_what_is_missing(tmp_path: Path) -> None:
    """Where nobody can be asked, only `--yes` switches it on; what is not known is a line that says so."""
    home = tmp_path / "home"
    refused = command(home, "speakers", "on", check=False)
    assert refused.returncode == 1
    assert "biometric" in refused.stderr
    assert max(map(len, refused.stderr.splitlines())) < 120
    assert "`turntable speakers on --yes` says that it is wanted" in refused.stderr
    assert not switch.read(home).is_on
    assert command(home, "speakers", "on", "--yes").stdout.startswith("voices are compared since ")
    unknown = command(home, "speakers", "forget", "Idris Vane", check=False)
    assert "no voice is known as 'Idris Vane'" in unknown.stderr
    for arguments, line in (
        (("merge", "A"), "give who that is, or --undo to take back what was said of 'A'"),
        (("merge", "A", "B", "--undo"), "what is taken back is named by the person alone: leave out 'B'"),
    ):
        wrong = command(home, "speakers", *arguments, check=False)
        assert wrong.returncode == 2
        assert line in " ".join(wrong.stderr.replace("│", " ").split())


def test_a_damaged_switch_is_off(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    switch.turn_on(settings.home, unnamed=True)
    path = settings.home / "speakers.json"
    write_bytes(path, path.read_bytes()[:-9])
    assert switch.read(settings.home) == switch.Switch()
    assert not path.exists()
    assert read_decisions(Store(settings.home)).forgotten == {}
