"""What a search finds, and its scores, are those of BM25 written out turn by turn."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.support.documents import EPISODE, publish, staged
from transforms.records import Turn
from warehouse.loading.staging import Staged

# No word has a slip or a stem: too short, and of no language.
WORDS = ("ka", "kar", "mo", "zu", "li", "po", "ve")
OFTEN = (40, 8, 30, 12, 5, 2, 1)
# What is rare, and seldom said with anything else: the best turns may lack it.
ALONE = ("xu", "xu ka", "xu" + 39 * " po")


def document(number: int, chance: random.Random) -> Staged:
    """A transcript of turns of up to forty words, some of them common."""
    texts = [" ".join(chance.choices(WORDS, OFTEN, k=chance.choice([1, 2, 5, 40]))) for _ in range(30)]
    texts += [chance.choice(ALONE) for _ in range(number)]
    turns = tuple(
        Turn(i, "A", None, None, text, 0, len(text.split()), "cue", *[None] * 3) for i, text in enumerate(texts)
    )
    episode = replace(EPISODE, episode_id=f"episode-{number}", language=None)
    return staged(
        number, episode=episode, rendition=None, transcript_id=f"text-{number}", source="publisher", model=None,
        language=None, turns=turns, words=(), speaker_segments=(), stage_runs=(),
    )  # fmt: skip


def counted(part: str, words: list[str]) -> float:
    """How often a part is said in a turn: a phrase, the beginning of words, or a word."""
    if part.startswith('"'):
        phrase = part.strip('"').split()
        return sum(words[at : at + len(phrase)] == phrase for at in range(len(words)))
    if part.endswith("*"):
        return sum(1 if word == part[:-1] else 0.9 for word in words if word.startswith(part[:-1]))
    return words.count(part)


def ranked(texts: dict[tuple[str, int], list[str]], query: list[str], most: int) -> list[float]:
    """The scores of the best turns: of those with most of the parts, and all that are quoted."""
    mean = sum(map(len, texts.values())) / len(texts)
    counts = {part: {turn: n for turn, words in texts.items() if (n := counted(part, words))} for part in query}
    scores: dict[tuple[str, int], float] = {}
    for said in counts.values():
        for turn, tf in said.items():
            rare = math.log(1 + (len(texts) - len(said) + 0.5) / (len(said) + 0.5))
            length = 2 ** (min(int(math.log2(len(texts[turn]))), 15) + 0.5)
            share = tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean))
            scores[turn] = scores.get(turn, 0) + rare * share
    whole = {turn for turn in scores if all(turn in counts[part] for part in query if part.startswith('"'))}
    parts = {turn: sum(turn in said for said in counts.values()) for turn in whole}
    best = [scores[turn] for turn in whole if parts[turn] == max(parts.values())]
    return sorted(best, reverse=True)[:most]


@pytest.mark.parametrize("seed", range(3))
def test_search_finds_the_best_turns(tmp_path: Path, seed: int) -> None:
    """Of words that are common and rare, phrases and beginnings, together or not; of few and of many turns."""
    chance = random.Random(seed)
    snapshot = publish(tmp_path, *(document(number, chance) for number in range(4)))
    parts = [*WORDS, "xu", "xu", "ka*", "k*", '"ka mo"', '"mo zu ka"', '"po ve"', "zz"]
    with duckdb.connect(str(snapshot), read_only=True) as con:
        said = con.execute("select transcript_id, turn_index, string_split(text, ' ') from turns").fetchall()
        texts = {(name, index): words for name, index, words in said}
        for _ in range(25):
            query, most = (
                list(dict.fromkeys(chance.sample(parts, chance.randint(1, 4)))),
                chance.choice([1, 5, 20]),
            )
            found = con.execute("select score from search($1, most := $2)", [" ".join(query), most]).fetchall()
            wanted = ranked(texts, query, most)
            assert [score for (score,) in found] == pytest.approx(wanted, abs=0.001), query


def test_mentions_are_all_places_of_a_phrase(tmp_path: Path) -> None:
    """Of one word and of several in a row, the same one among them twice."""
    chance = random.Random(7)
    snapshot = publish(tmp_path, *(document(number, chance) for number in range(4)))
    with duckdb.connect(str(snapshot), read_only=True) as con:
        said = con.execute("select transcript_id, turn_index, string_split(text, ' ') from turns").fetchall()
        for phrase in ("ka", "ka ka", "mo zu ka", "ka mo ka", "xu ka", "ve ve ve", "zz ka"):
            wanted = {(name, turn): n for name, turn, words in said if (n := counted(f'"{phrase}"', words))}
            rows = con.execute("select transcript_id, turn_index, mentions from mentions($1)", [phrase]).fetchall()
            assert {(name, turn): n for name, turn, n in rows} == wanted
