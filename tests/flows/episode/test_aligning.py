"""A published text and what was heard of its episode tell of each other, whichever came first."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from flows.artifacts import Store
from flows.episode.later_stages.align_stage import tell_persons
from flows.episode.later_stages.decoded import Decoded
from flows.episode.user_choices import name_voice, pin_transcript
from flows.loader import load_and_publish
from flows.locations import at_path
from flows.published.import_texts import Imported, import_texts, reparse_texts
from flows.published.linking import Hints
from flows.settings import Said, Settings
from flows.sources.episodes import find_named
from flows.sources.found import PublisherExtras
from flows.upkeep.rebuild import rebuild
from flows.upkeep.verify import verify
from tests.conftest import DEMO_AUDIO, command, write_wav
from tests.support.documents import empty_warehouse
from tests.support.feeds import Page, publisher
from tests.support.homes import ingest
from transforms.alignment import forcing
from transforms.audio.decoding import decode
from transforms.errors import ContentError, SourceError
from transforms.records import Chapter, Podcast, SpeakerSegment, TranscriptLink, Word
from transforms.voices.person import Identity

pytestmark = pytest.mark.system  # twenty homes are made and compared

ANN = (
    "Welcome back to the show about things that go round. Today we ask why a record turns, and who keeps it from "
    "stopping when the needle is heavy.",
    "And the belt between them, what does that do for the sound in a room like this one?",
)
BOB = (
    "A record turns because a motor under the plate never rests. In nineteen ninety one I built one with my own "
    "hands out of a sewing machine.",
    "It keeps the shaking of the motor away from the stone that reads the groove. Without it you hear a hum.",
)
SAID = [(name, text) for pair in zip(ANN, BOB, strict=True) for name, text in zip("AB", pair, strict=True)]
NAMES = {"A": "Ann Lee", "B": "Bob Ray"}
TALK = "Why a record turns\n\n" + "\n".join(f"{NAMES[who]}: {text}" for who, text in SAID)
PACE = 0.4  # seconds a word


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home whose user may fetch from this machine."""
    settings = Settings(home=tmp_path / "home", allow=("127.0.0.1",))
    empty_warehouse(settings.warehouse)
    return settings


def audio(folder: Path, seed: int) -> Path:
    """Write a minute of noise: what is said in it, `hear` says."""
    path = folder / "Why a record turns.wav"
    write_wav(path, np.random.default_rng(seed).normal(0, 0.1, 60 * 16_000))
    return path


def hear(
    settings: Settings,
    folder: Path,
    shift: float = 0.0,
    extras: PublisherExtras | None = None,
    talk: list[tuple[str, str]] = SAID,
    title: str | None = None,
    voices: str = "AB",
    guid: str | None = None,
    seed: int = 1,
) -> str:
    """Ingest the talk as if it had been heard, with one word wrong; the id of its episode."""
    words, segments, now = [], [], shift
    for number, (_, text) in enumerate(talk):
        start = now
        for word in text.replace("sewing", "sowing").split():
            words.append(Word(word, round(now, 2), round(now + PACE - 0.05, 2), 0.9, None, None))
            now += PACE
        segments.append(SpeakerSegment(start, now, f"SPEAKER_0{'ABC'.index(voices[number % len(voices)])}"))
    (found,) = find_named(at_path(audio(folder, seed)), 1, settings.reach).episodes
    found = replace(found, known_extras=extras)
    if guid:
        feed = Podcast("show", "The Long Groove", None, "https://cdn.example/feed", None, "en")
        known = replace(
            found.episode, episode_id="of-a-feed", podcast_id="show", guid=guid, title=title or TALK[:18]
        )
        found = replace(found, podcast=feed, episode=known)
    joined = ingest(settings, found, Said(title=title), tuple(words), tuple(segments))
    return joined.episode.episode_id


def publish_text(
    settings: Settings, folder: Path, text: str = TALK, name: str = "Why a record turns.txt"
) -> Imported:
    """Import a text that lies beside the audio."""
    path = folder / name
    path.write_text(text)
    (result,) = import_texts([at_path(path)], Hints(), settings)
    assert isinstance(result, Imported), result
    return result


def ask(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        return con.execute(query).fetchall()


TURNS = """
    select
        source, speaker_label, speaker_name, name_source, name_confidence, t.start_time, t.end_time, time_source,
        text
    from turns t join transcripts s using (transcript_id) order by source, turn_index, s.transcript_id
"""


BOTH = "from turns t join transcripts using (transcript_id)"
PUBLISHED = f"{BOTH} where format is not null order by turn_index"


def rows(settings: Settings) -> list[Any]:
    """All that the transcripts hold, whenever it was made."""
    tables = [f"from {table} order by all" for table in ("words", "gaps", "evals", "name_evidence")]
    queries = [TURNS, *tables, "select * exclude (created_at) from transcripts order by all"]
    with duckdb.connect(str(settings.snapshot), read_only=True) as con:
        return [con.execute(query).fetchall() for query in queries]


def documents(settings: Settings) -> int:
    return len(Store(settings.home).all("stage"))


@pytest.mark.parametrize("first", ["audio", "text"])
def test_text_and_audio_tell_of_each_other(settings: Settings, tmp_path: Path, first: str) -> None:
    """The text has the times of the audio, the voices the names of the text; once done it is done."""
    steps = [lambda: hear(settings, tmp_path), lambda: publish_text(settings, tmp_path)]
    for step in steps if first == "audio" else reversed(steps):
        step()
    found = ask(settings, TURNS)
    heard, published = [row for row in found if row[0] == "asr"], [row for row in found if row[0] == "publisher"]
    assert [row[1:5] for row in heard] == [
        ("SPEAKER_00", "Ann Lee", "aligned", 1.0),
        ("SPEAKER_01", "Bob Ray", "aligned", 1.0),
    ] * 2
    assert [row[2:4] for row in published] == [("Ann Lee", "publisher"), ("Bob Ray", "publisher")] * 2
    assert [row[5:8] for row in published] == [(*row[5:7], "aligned") for row in heard]
    assert ask(settings, "select count(*), count(start_time) from words where time_source <> 'asr'") == [(94, 94)]
    ((wer, share, label_error),) = ask(settings, "select aligned_wer, share, label_error from evals")
    assert (wer, label_error) == (pytest.approx(1 / 94, abs=0.001), 0.0)
    assert share > 0.98
    assert ask(settings, "select model, episodes, words from recognizers") == [(None, 1, 94)]
    judged = "select aligned_cp_words, aligned_cp_errors, tcp_errors, names, aligned_share, der < 0.05 from evals"
    assert ask(settings, judged) == [(94, 1, 1, 0, 1.0, True)]
    assert ask(settings, "select podcast, episodes, cpwer < 0.02 from recognizers_by_show") == [(None, 1, True)]
    assert ask(settings, "select source, aligned_share > 0.98 from transcripts where is_best") == [
        ("publisher", True)
    ]
    before, staged = rows(settings), documents(settings)
    for step in steps:
        step()
    reparse_texts(settings)
    assert documents(settings) == staged
    assert rows(settings) == before
    assert verify(settings, deep=True) == ()
    rebuild(settings)
    assert rows(settings) == before


def test_a_text_that_is_offered_beside_the_audio(settings: Settings, tmp_path: Path) -> None:
    """It is fetched first, and aligned before anything is loaded; the second time nothing is new."""
    with publisher() as there:
        there.pages["/1.vtt"] = Page(cues(0.1).encode(), headers={"Content-Type": "text/vtt"})
        link = TranscriptLink(f"{there.url}/1.vtt", "text/vtt", "en", None)
        for _ in range(2):
            hear(settings, tmp_path, extras=PublisherExtras(transcripts=(link,)))
    assert ask(settings, "select linked_by, audio_path is not null from episodes") == [("file", True)]
    assert documents(settings) == 4  # each of two as it was and as it is
    assert ask(settings, "select aligned_share > 0.98 from transcripts where format is not null") == [(True,)]
    names = "select distinct speaker_name, name_source from turns where time_source = 'asr' order by 1"
    assert ask(settings, names) == [("Ann Lee", "aligned"), ("Bob Ray", "aligned")]
    assert verify(settings, deep=True) == ()


def test_what_goes_wrong_leaves_the_transcripts_as_they_were(settings: Settings, tmp_path: Path) -> None:
    """A text whose words are not those of its turns is a fault of ours: it is told, and both are there."""
    hear(settings, tmp_path)
    store = Store(settings.home)
    (folder,) = store.all("stage").values()
    manifest = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(manifest[:-20])  # what was heard cannot be read any more
    publish_text(settings, tmp_path)
    assert ask(settings, "select source, aligned_share from transcripts order by 1") == [
        ("asr", None),
        ("publisher", None),
    ]


def test_a_text_of_another_episode_has_no_times(settings: Settings, tmp_path: Path) -> None:
    """It is flagged, and what was heard is the one to read."""
    other = "\n".join(
        f"{who}: On the {n}th of May the bakers of the town open their ovens early, and whoever comes smells it."
        for n in range(4, 8)
        for who in ("Cem Ada", "Dora Eve")
    )
    hear(settings, tmp_path)
    publish_text(settings, tmp_path, other)
    assert ask(settings, "select source, is_best, flags, aligned_share < 0.3 from transcripts order by 1") == [
        ("asr", True, [], None),
        ("publisher", False, ["other_audio"], True),
    ]
    assert ask(
        settings, "select count(*) from turns where time_source = 'aligned' or name_source = 'aligned'"
    ) == [(0,)]
    ((message,),) = ask(settings, "select message from stage_runs where stage = 'align'")
    assert message.startswith("does not match: ")


def test_a_text_of_which_little_aligns_is_flagged(settings: Settings, tmp_path: Path) -> None:
    """Of this audio or not: it has no times, and what was heard is the one to read until a user says otherwise."""
    other = "On the {n}th of May the bakers of the town open their ovens early, and whoever comes by smells it."
    text = f"Ann Lee: {ANN[0]}\n" + "".join(f"Bob Ray: {other.format(n=n)}\n" for n in range(4, 8))
    hear(settings, tmp_path)
    publish_text(settings, tmp_path, text)
    found = "source, is_best, list_contains(flags, 'little_aligned'), aligned_share between 0.15 and 0.3"
    assert ask(settings, f"select {found} from transcripts order by 1") == [
        ("asr", True, False, None),
        ("publisher", False, True, True),
    ]
    assert ask(settings, "select count(*) from turns where time_source = 'aligned'") == [(0,)]
    ((message,),) = ask(settings, "select message from stage_runs where stage = 'align'")
    assert message.startswith("may be of other audio: ")


AD = (
    "This show is brought to you by the lathe works of Leeds, where every bowl is turned by hand since ninety one."
)
INTRO = "Before we begin, a word on the weather, which was so bad that our guest came late and wet and cold."
BEST = "select speaker, text_source, text, start_time from best_turns order by turn_index"


def test_the_best_of_both(settings: Settings, tmp_path: Path) -> None:
    """An intro and an ad are heard and not written, the end is written and not said: each is where it belongs."""
    first = BOB[0].partition(". ")
    talk = [("A", INTRO), ("A", ANN[0]), ("B", first[0] + "."), ("C", AD), ("B", first[2]), ("A", ANN[1])]
    hear(settings, tmp_path, talk=talk, voices="AABCBA")
    publish_text(
        settings, tmp_path, TALK + "Ann Lee: And now for something that was cut out of the recording by us.\n"
    )
    assert ask(settings, "select source from transcripts where is_best") == [("merged",)]
    starts = list(itertools.accumulate((PACE * len(text.split()) for _, text in talk), initial=0.0))
    assert ask(settings, BEST) == [
        (who, source, text, pytest.approx(start, abs=0.02))
        for who, source, text, start in zip(
            ("Ann Lee", "Ann Lee", "Bob Ray", "SPEAKER_02", "Bob Ray", "Ann Lee"),
            ("asr", "publisher", "publisher", "asr", "publisher", "publisher"),
            [text for _, text in talk],
            starts[:-1],
            strict=True,
        )
    ]
    before, staged = rows(settings), documents(settings)
    hear(settings, tmp_path, talk=talk, voices="AABCBA")
    reparse_texts(settings)
    assert (rows(settings), documents(settings)) == (before, staged)
    assert verify(settings, deep=True) == ()
    rebuild(settings)
    assert rows(settings) == before


def test_another_transcript_is_pinned(settings: Settings, tmp_path: Path) -> None:
    """By a piece of its id or its kind; that survives a rebuild, and is taken back."""
    episode_id = hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    best = "select source from transcripts where is_best"
    before = rows(settings)
    assert pin_transcript(settings, episode_id, "asr") == "asr"
    rebuild(settings)
    hear(settings, tmp_path)
    assert ask(settings, best) == [("asr",)]
    ((text_id,),) = ask(settings, "select transcript_id from transcripts where source = 'publisher'")
    assert pin_transcript(settings, episode_id, text_id[:8]) == "publisher"
    assert ask(settings, "select source from transcripts where is_pinned") == [("publisher",)]
    with pytest.raises(
        SourceError, match=r"no transcript of this episode is 'vtt': it has publisher \w{8}, asr \w"
    ):
        pin_transcript(settings, episode_id, "vtt")
    assert pin_transcript(settings, episode_id, None) is None
    assert rows(settings) == before
    assert verify(settings, deep=True) == ()


def test_a_merged_transcript_goes_with_its_text(settings: Settings, tmp_path: Path) -> None:
    """Linked to another episode, the text leaves what was heard behind, which is the best again."""
    hear(settings, tmp_path, talk=[("A", INTRO), *SAID], voices="AABAB")
    publish_text(settings, tmp_path)
    assert ask(settings, "select source from transcripts where is_best") == [("merged",)]
    other = publish_text(settings, tmp_path, "Something else\n\nCem Ada: So it is.\nDora Eve: It is.\n", "b.txt")
    import_texts([at_path(tmp_path / "Why a record turns.txt")], Hints(episode=other.episode_id), settings)
    assert ("asr", "Why a record turns") in ask(
        settings, "select source, title from transcripts join episodes using (episode_id) where is_best"
    )
    assert ask(settings, "select flags from transcripts where source = 'merged'") == [(["withdrawn"],)]
    assert verify(settings, deep=True) == ()


def test_a_merged_transcript_moves_with_its_episode(settings: Settings, tmp_path: Path) -> None:
    """A file that turns out to be an item of a feed: all is of that, and nothing is left behind."""
    talk = [("A", INTRO), *SAID]
    hear(settings, tmp_path, talk=talk, voices="AABAB")
    publish_text(settings, tmp_path)
    hear(settings, tmp_path, talk=talk, voices="AABAB", guid="one")
    assert ask(
        settings, "select episode_id, count(*), count(distinct transcript_id) from transcripts group by 1"
    ) == [("of-a-feed", 3, 3)]
    assert ask(settings, "select source, episode_id, flags from transcripts where is_best") == [
        ("merged", "of-a-feed", [])
    ]
    assert verify(settings, deep=True) == ()
    before = rows(settings)
    rebuild(settings)
    assert rows(settings) == before


def test_a_page_of_quotations(settings: Settings, tmp_path: Path) -> None:
    """With less than half of what was said it is not the best; what it has stands in that as it is written."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path, f"Why a record turns\n\nAnn Lee: {ANN[0]}\nBob Ray: It must.\n")
    is_partial = "list_contains(flags, 'partial_text')"
    assert ask(settings, f"select source, is_best, {is_partial} from transcripts order by 1") == [
        ("asr", False, False),
        ("merged", True, False),
        ("publisher", False, True),
    ]
    heard = [text.replace("sewing", "sowing") for _, text in SAID[1:]]
    assert ask(settings, "select speaker, text_source, text from best_turns order by turn_index") == [
        ("Ann Lee", "publisher", ANN[0]),
        ("SPEAKER_01", "asr", heard[0]),
        ("Ann Lee", "asr", heard[1]),
        ("SPEAKER_01", "asr", heard[2]),
    ]


GERMAN = (
    "Willkommen zu der Sendung über die Dinge, die sich drehen. Heute fragen wir, warum sich eine Platte dreht "
    "und wer sie davon abhält, stehen zu bleiben, wenn die Nadel schwer ist.",
    "Eine Platte dreht sich, weil der Motor unter dem Teller nie ruht. Ich habe einen mit meinen eigenen Händen "
    "aus einer Nähmaschine gebaut, und das war im Jahr neunzehnhundert, als noch keiner von uns wusste, wie.",
)


def test_a_text_in_another_language_proves_nothing(settings: Settings, tmp_path: Path) -> None:
    """The words that it uses all the time tell: it is flagged, not timed, and not the best."""
    hear(settings, tmp_path)
    talk = zip(NAMES.values(), GERMAN, strict=True)
    publish_text(settings, tmp_path, "Why a record turns\n\n" + "".join(f"{who}: {text}\n" for who, text in talk))
    is_foreign = "list_contains(flags, 'other_language')"
    assert ask(settings, f"select source, is_best, aligned_share, {is_foreign} from transcripts order by 1") == [
        ("asr", True, None, False),
        ("publisher", False, None, True),
    ]
    assert ask(settings, "from evals") == []
    ((message,),) = ask(settings, "select message from stage_runs where stage = 'align'")
    assert message == "is in another language than what was heard of its episode"
    staged = documents(settings)
    reparse_texts(settings)
    assert documents(settings) == staged
    assert verify(settings, deep=True) == ()


@pytest.mark.parametrize(
    ("text", "is_foreign"), [("Sie dreht sich immer weiter im Kreis herum. ", True), ("", False)]
)
def test_a_text_that_says_its_language(settings: Settings, tmp_path: Path, text: str, is_foreign: bool) -> None:
    """Few words are believed what they say; words that were heard are of no other language, whatever they say."""
    hear(settings, tmp_path)
    head = "WEBVTT\nKind: captions\nLanguage: de"
    few = f"{head}\n\n00:00.000 --> 00:20.000\n{text * 4}\n"
    captions = few if text else cues(0.1).replace("WEBVTT", head)
    publish_text(settings, tmp_path, captions, "Why a record turns.vtt")
    told = "select language, aligned_share is null, list_contains(flags, 'other_language') from transcripts"
    assert ask(settings, f"{told} where format is not null") == [("de", is_foreign, is_foreign)]


def test_a_summary_in_prose_does_not_match(settings: Settings, tmp_path: Path) -> None:
    """It has turns and the words of the subject, in another order."""
    hear(settings, tmp_path)
    told = (
        "Ann and Bob talk about what turns. She asks him why a record turns and what the belt does for its sound. "
    )
    told += "He has built a motor of a sewing machine, and says that a belt keeps its shaking away from the stone."
    publish_text(settings, tmp_path, f"Why a record turns\nTranscript\n\n{told}\n")
    assert ask(settings, "select source, is_best, flags from transcripts order by 1") == [
        ("asr", True, []),
        ("publisher", False, ["nobody_named", "other_audio"]),
    ]


def test_two_texts_that_disagree_name_nobody(settings: Settings, tmp_path: Path) -> None:
    """Of one voice each says another name, and both fit; where one says less of a name, it is the same."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    publish_text(settings, tmp_path, TALK.replace("Bob Ray:", "Bob:").replace("Ann Lee:", "Cem Ada:"), "b.txt")
    assert ask(settings, NAMED) == [("SPEAKER_00", None, None), ("SPEAKER_01", "Bob Ray", "aligned")]
    assert ask(settings, "select count(*) from evals") == [(2,)]
    assert verify(settings, deep=True) == ()


def test_an_episode_that_comes_again_with_another_ad(settings: Settings, tmp_path: Path) -> None:
    """The text moves to the clock of what was heard last; names are on both, and the newest is read."""
    hear(settings, tmp_path, guid="one")
    publish_text(settings, tmp_path)
    hear(settings, tmp_path, talk=[("C", AD), *SAID], voices="CABAB", guid="one", seed=2)
    seconds = pytest.approx(len(AD.split()) * PACE, abs=0.1)
    assert ask(settings, f"select t.start_time, t.time_source {PUBLISHED}")[0] == (seconds, "aligned")
    named = (
        f"select speaker_name, name_source, count(distinct transcript_id) {BOTH} where source = 'asr' group by all"
    )
    assert set(ask(settings, named)) == {("Ann Lee", "aligned", 2), ("Bob Ray", "aligned", 2), (None, None, 1)}
    only_here = "select kind, word_count, start_time, end_time from gaps where other_id is not null"
    assert ask(settings, only_here) == [("audio", len(AD.split()), 0.0, seconds)]
    assert ask(settings, "select source, text_source, text from best_turns where start_time = 0") == [
        ("merged", "asr", AD)
    ]
    assert verify(settings, deep=True) == ()
    before = rows(settings)
    rebuild(settings)
    assert rows(settings) == before


CHAPTERS = "select title, start_time, end_time, source from chapters where transcript_id is null order by 2"


def test_chapters_of_a_feed_move_to_another_audio_file(settings: Settings, tmp_path: Path) -> None:
    """They are where they were, behind the ad that the second file has in its middle."""
    starts = list(itertools.accumulate((PACE * len(text.split()) for _, text in SAID), initial=0.0))
    named = (Chapter(0, "Why", 0.0, starts[2]), Chapter(1, "The belt", starts[2], starts[4]))
    extras = PublisherExtras(chapters=named, chapters_source="psc")
    for seed, talk in enumerate([SAID, [*SAID[:2], ("C", AD), *SAID[2:]]]):
        hear(
            settings, tmp_path, talk=talk, voices="ABCAB"[: 5 if seed else 2], guid="one", seed=seed, extras=extras
        )
    later = PACE * len(AD.split())
    expected = [
        ("Why", 0.0, pytest.approx(starts[2] + later, abs=0.01), "psc"),
        ("The belt", *(pytest.approx(starts[n] + later, abs=0.01) for n in (2, 4)), "psc"),
    ]
    assert ask(settings, CHAPTERS) == expected
    publish_text(settings, tmp_path)  # a text that comes later has them on the same clock
    assert ask(settings, CHAPTERS) == expected
    assert verify(settings, deep=True) == ()
    before = rows(settings)
    rebuild(settings)
    assert (ask(settings, CHAPTERS), rows(settings)) == (expected, before)


def test_a_text_without_speakers_has_the_voices(settings: Settings, tmp_path: Path) -> None:
    """Paragraphs are parted where the voice changes; a name that a user gives is that of both."""
    episode_id = hear(settings, tmp_path)
    publish_text(
        settings, tmp_path, "Why a record turns\nTranscript\n\n" + " ".join(text for _, text in SAID) + "\n"
    )
    assert ask(settings, f"select speaker_label, speaker_name, text {PUBLISHED}") == [
        (f"SPEAKER_0{n % 2}", None, text) for n, (_, text) in enumerate(SAID)
    ]
    name_voice(settings, episode_id, "SPEAKER_01", "Bob Ray")
    named = (
        f"select distinct source, speaker_name, name_source {BOTH} where speaker_label = 'SPEAKER_01' order by 1"
    )
    assert ask(settings, named) == [("asr", "Bob Ray", "user"), ("publisher", "Bob Ray", "user")]
    assert verify(settings, deep=True) == ()


def test_captions_have_the_names_of_another_text(settings: Settings, tmp_path: Path) -> None:
    """One text names nobody, another one does: the voices bring the names of the one to the other."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    plain = "Why a record turns\nTranscript\n\n" + " ".join(text for _, text in SAID) + "\n"
    publish_text(settings, tmp_path, plain, "Why a record turns.md")
    found = ask(
        settings, f"select distinct speaker_label, speaker_name, name_source {BOTH} where time_source = 'aligned'"
    )
    assert {("SPEAKER_00", "Ann Lee", "aligned"), ("SPEAKER_01", "Bob Ray", "aligned")} <= set(found)


@pytest.mark.parametrize("named", [True, False])
def test_whose_voice_it_is_reaches_both(settings: Settings, tmp_path: Path, named: bool) -> None:
    """What a text names keeps that name, and both say who it is; a text without speakers has the voice's."""
    episode_id = hear(settings, tmp_path)
    plain = "Why a record turns\nTranscript\n\n" + " ".join(text for _, text in SAID) + "\n"
    publish_text(settings, tmp_path, TALK if named else plain)
    ((heard,),) = ask(settings, "select transcript_id from transcripts where format is null")
    bob = Identity("bob", "Robert Ray", "voice", 0.9, 0.8, 0.7, "other", "SPEAKER_00", "voices-1")
    decoded = Decoded(Store(settings.home))
    assert len(tell_persons(settings, episode_id, {heard: {"SPEAKER_01": bob}}, (), decoded)) == 2
    load_and_publish(settings)
    told = f"select distinct source, speaker_name, name_source {BOTH} where speaker_id = 'bob' order by 1"
    of_text = ("Bob Ray", "publisher") if named else ("Robert Ray", "voice")
    of_sound = ("Bob Ray", "aligned") if named else ("Robert Ray", "voice")
    assert ask(settings, told) == [("asr", *of_sound), ("publisher", *of_text)]
    assert ask(settings, "select * exclude (transcript_id) from voices") == [("SPEAKER_01", *astuple(bob))]
    assert ask(settings, "select speaker_name, aliases from speakers") == [
        ("Robert Ray", ["Bob Ray"] if named else [])
    ]
    surer = replace(bob, confidence=0.99, score=0.95)
    assert tell_persons(settings, episode_id, {heard: {"SPEAKER_01": surer}}, (), decoded) == ()
    name_voice(settings, episode_id, "SPEAKER_01", "Bo")
    assert ask(settings, "from voices") == []  # who it is is anybody's guess until voices are compared again
    assert verify(settings, deep=True) == ()


def test_a_name_wins_and_can_be_taken_back(settings: Settings, tmp_path: Path) -> None:
    """What a user says stands over what was found, in a warehouse made anew too."""
    episode_id = hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    before = rows(settings)
    assert name_voice(settings, episode_id, "SPEAKER_01", "Robert Ray") == 2
    name_voice(settings, episode_id, "SPEAKER_01", "Rob Ray")
    names = f"select distinct speaker_name, name_source {BOTH} where source = 'asr' order by 1"
    assert ask(settings, names) == [("Ann Lee", "aligned"), ("Rob Ray", "user")]
    rebuild(settings)
    hear(settings, tmp_path)
    assert ask(settings, names) == [("Ann Lee", "aligned"), ("Rob Ray", "user")]
    name_voice(settings, episode_id, "SPEAKER_01", None)
    assert rows(settings) == before
    name_voice(settings, episode_id, "SPEAKER_01", "Rob Ray")  # the same as once before is news again
    assert ask(settings, names) == [("Ann Lee", "aligned"), ("Rob Ray", "user")]
    assert verify(settings, deep=True) == ()


@pytest.mark.parametrize(
    ("label", "name", "error", "says"),
    [
        ("SPEAKER_07", "Jan", SourceError, "its labels are SPEAKER_00, SPEAKER_01"),
        ("SPEAKER_00", "—!", ContentError, "is no name"),
        ("SPEAKER_00", "", ContentError, "is no name"),
        ("SPEAKER_00", "n" * 201, ContentError, "is no name"),
    ],
)
def test_what_is_no_name_or_no_voice(
    settings: Settings, tmp_path: Path, label: str, name: str, error: type[Exception], says: str
) -> None:
    episode_id = hear(settings, tmp_path)
    with pytest.raises(error, match=says):
        name_voice(settings, episode_id, label, name)


INTRODUCED = [
    ("A", "Good evening, I'm Ann Lee, and with me is Bob Raye. Bob, why does a record turn?"),
    ("B", "Thank you, Ann. It turns because a motor under the plate never rests, as Jan Motte wrote."),
]
NAMED = f"select distinct speaker_label, speaker_name, name_source {BOTH} where time_source = 'asr' order by 1"


def test_voices_that_no_text_names_say_who_they_are(settings: Settings, tmp_path: Path) -> None:
    """The sentences stand beside the names; a text or a user wins over them, and without them they are back."""
    title = "Why a record turns, with Bob Ray"
    episode_id = hear(settings, tmp_path, talk=INTRODUCED, title=title)
    introduced = [("SPEAKER_00", "Ann Lee", "introduced"), ("SPEAKER_01", "Bob Ray", "introduced")]
    assert ask(settings, NAMED) == introduced
    assert ask(settings, "select kind, speaker_name, quote from name_evidence where speaker_name = 'Ann Lee'") == [
        ("self", "Ann Lee", "Good evening, I'm Ann Lee, and with me is Bob Raye."),
        ("addressed", "Ann Lee", "Thank you, Ann."),
    ]
    before, staged = rows(settings), documents(settings)
    hear(settings, tmp_path, talk=INTRODUCED, title=title)
    assert documents(settings) == staged
    name_voice(settings, episode_id, "SPEAKER_01", "Robert Ray")
    assert ask(settings, NAMED)[1] == ("SPEAKER_01", "Robert Ray", "user")
    assert ask(settings, "select distinct speaker_name from name_evidence") == [("Ann Lee",)]
    name_voice(settings, episode_id, "SPEAKER_01", None)
    assert rows(settings) == before
    rebuild(settings)
    assert rows(settings) == before
    talk = zip(("Anna Lee", "Bob Ray"), INTRODUCED, strict=True)
    publish_text(settings, tmp_path, f"{title}\n\n" + "".join(f"{name}: {text}\n" for name, (_, text) in talk))
    assert ask(settings, NAMED)[0] == ("SPEAKER_00", "Anna Lee", "aligned")
    quotes = "select speaker_name, kind, weight, turn_index, quote from name_evidence"
    assert ask(settings, quotes)[0] == ("Anna Lee", "aligned", 1.0, 0, INTRODUCED[0][1])
    assert verify(settings, deep=True) == ()


def cues(shift: float, ad: float = 0.0) -> str:
    """Write the talk as captions, the second half of them `ad` seconds later."""
    written, now = "WEBVTT\n\n", shift
    for number, (who, text) in enumerate(SAID):
        now += ad if number == 2 else 0.0
        end = now + PACE * len(text.split())
        written += f"00:{now:06.3f} --> 00:{min(end, 59.999):06.3f}\n<v {NAMES[who]}>{text}\n\n"
        now = end
    return written


def test_times_of_its_own_stay_where_they_are_those_of_the_audio(settings: Settings, tmp_path: Path) -> None:
    hear(settings, tmp_path)
    publish_text(settings, tmp_path, cues(0.3), "Why a record turns.vtt")
    times = f"select t.start_time, t.time_source {PUBLISHED}"
    assert ask(settings, times)[:2] == [
        (0.3, "publisher"),
        (pytest.approx(0.3 + 28 * PACE, abs=0.01), "publisher"),
    ]


def test_times_of_another_edition_are_those_of_the_audio(settings: Settings, tmp_path: Path) -> None:
    """Ours has eight seconds of an ad before all: the times that the text brings are of no use here."""
    hear(settings, tmp_path, shift=8.0)
    publish_text(settings, tmp_path, cues(0.0), "Why a record turns.vtt")
    times = f"select t.start_time, t.time_source {PUBLISHED}"
    assert ask(settings, times)[0] == (8.0, "aligned")


def test_a_text_that_leaves_takes_its_names_along(settings: Settings, tmp_path: Path) -> None:
    """Linked to another episode, it says nothing any more of who is heard in this one."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    (tmp_path / "Why a record turns.txt").unlink()
    (tmp_path / "other").mkdir()
    other = publish_text(
        settings, tmp_path / "other", "Something else\n\nCem Ada: So it is.\nDora Eve: It is.\n", "b.txt"
    )
    moved = tmp_path / "moved.txt"
    moved.write_text(TALK)
    import_texts([at_path(moved)], Hints(episode=other.episode_id), settings)
    assert ask(settings, "select count(*) from turns where name_source = 'aligned'") == [(0,)]
    assert ask(settings, "from evals") == []
    assert verify(settings, deep=True) == ()


def test_what_others_tell_is_no_news_of_the_episode(settings: Settings, tmp_path: Path) -> None:
    """What was said of it last stands, also where a transcript that was staged before is told of after."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    path = tmp_path / "Why a record turns.txt"
    (one,) = import_texts([at_path(path)], Hints(title="Round and round"), settings)
    assert isinstance(one, Imported)
    assert ask(settings, "select title from episodes") == [("Round and round",)]
    name_voice(settings, one.episode_id, "SPEAKER_00", "Anna Lee")
    assert ask(settings, "select title from episodes") == [("Round and round",)]
    assert verify(settings, deep=True) == ()


def test_a_summary_is_not_aligned(settings: Settings, tmp_path: Path) -> None:
    """It has sections and no turns: that is no sign of other audio."""
    hear(settings, tmp_path)
    summary = (
        "Why a record turns\nKey takeaways\nA record turns because it is round.\nTable of contents\n"
        "• The shape • The motor\nThe shape\nThe talk begins with the shape of a record, which is round.\n"
        "The motor\nIt goes on to the motor.\n"
    )
    publish_text(settings, tmp_path, summary)
    assert ask(settings, "select source, flags from transcripts where format is not null") == [("publisher", [])]


MISHEARD = range(12, 28)  # the second sentence of the demo, from 6.137 to 11.161 s


def hear_demo(settings: Settings, folder: Path) -> list[str]:
    """Ingest the first sentences of the demo, one of them misheard, as if tiny.en had heard them; all words."""
    words, heard = [], []
    for caption in DEMO_AUDIO.with_suffix(".vtt").read_text().split("\n\n")[1:7]:
        span, line = caption.split("\n")
        start, end = (float(time.rpartition(":")[2]) for time in span.split(" --> "))
        said = line.partition(">")[2].removesuffix("</v>").split()
        for n, word in enumerate(said):
            times = (start + (end - start) * place / len(said) for place in (n, n + 0.9))
            heard.append(Word("zokk" if len(words) in MISHEARD else word, *times, 0.9, None, None))
            words.append(word)
    heard = [word for n, word in enumerate(heard) if n not in MISHEARD or n % 2]
    path = folder / "Why a record turns.wav"
    write_wav(path, decode(DEMO_AUDIO).samples[: 19 * 16_000] / 32768)
    (found,) = find_named(at_path(path), 1, settings.reach).episodes
    ingest(settings, found, words=tuple(heard), model="tiny.en")
    return words


@pytest.mark.parametrize("first", ["audio", "text"])
def test_what_was_misheard_is_found_in_the_audio(models: Path, tmp_path: Path, first: str) -> None:
    """A sentence of which no word was heard as written has its seconds, whichever came first, and only once."""
    settings = Settings(home=tmp_path / "home", models=models, device="cpu")
    text = DEMO_AUDIO.with_suffix(".vtt").read_text().partition("\n\n00:00:19")[0]
    plain = "Why a record turns\nTranscript\n\n" + " ".join(re.findall(r"(?<=>)[^<\n]+(?=<)", text)) + "\n"
    steps = [lambda: hear_demo(settings, tmp_path), lambda: publish_text(settings, tmp_path, plain)]
    for step in steps if first == "audio" else reversed(steps):
        step()
    words = ask(settings, TIMED)
    assert [words[MISHEARD[n]][0] for n in (0, -1)] == ["I'm", "living."]
    assert words[MISHEARD[0]][1] == pytest.approx(6.137, abs=0.4)
    assert words[MISHEARD[-1]][2] == pytest.approx(11.161, abs=0.2)
    assert {words[place][3] for place in MISHEARD} == {"aligned"}
    starts = [start for _, start, *_ in words]
    assert starts == sorted(starts)
    assert ask(settings, "select count(*) from gaps where kind = 'text'") == [(0,)]
    runs = "select method, model from stage_runs where stage = 'align'"
    assert ask(settings, runs) == [(forcing.METHOD, "tiny.en")]
    before, staged = rows(settings), documents(settings)
    reparse_texts(settings.model_copy(update={"models": tmp_path / "nowhere"}))  # what is found stays found
    assert (documents(settings), rows(settings)) == (staged, before)
    rebuild(settings)
    assert rows(settings) == before
    assert verify(settings, deep=True) == ()


def test_without_a_model_what_was_misheard_has_no_time(tmp_path: Path) -> None:
    """Nothing is fetched for it; it has its seconds as soon as the model is there."""
    settings = Settings(home=tmp_path / "home", models=tmp_path / "models", device="cpu")
    words = hear_demo(settings, tmp_path)
    publish_text(settings, tmp_path, "Why a record turns\nTranscript\n\n" + " ".join(words) + "\n")
    found = ask(settings, TIMED)
    assert {found[place][3] for place in MISHEARD} <= {None, "interpolated"}
    assert not settings.models.exists()


TIMED = """
    select word, w.start_time, w.end_time, w.time_source
    from words w join transcripts using (transcript_id) where format is not null order by word_index
"""


def test_two_transcripts_are_compared(settings: Settings, tmp_path: Path) -> None:
    """By the text that judges both; what no text judges is named, with the way out."""
    hear(settings, tmp_path)
    publish_text(settings, tmp_path)
    hear(settings, tmp_path, talk=[(who, text.replace("record", "reckoned")) for who, text in SAID])
    ids = [row[0] for row in ask(settings, "select transcript_id from evals order by errors")]
    done = command(settings.home, "eval", *(one[:8] for one in ids), "--json")
    found = json.loads(done.stdout)
    assert (found["recommended"], found["metric"], found["is_sure"]) == (ids[0][:8], "cpwer", False)
    assert [one["words"] for one in found["scores"]] == [94, 94]
    better, worse = (100 * one["cpwer"] for one in found["scores"])
    assert better < worse
    told = command(settings.home, "eval", *(one[:8] for one in ids)).stdout
    assert f"take {ids[0][:8]}: {better:.1f} against {worse:.1f} % words wrong or of another speaker" in told
    refused = command(settings.home, "eval", "base", ids[0], check=False)
    assert refused.returncode == 1
    assert "no published text judges 'base': judged are none" in refused.stderr
