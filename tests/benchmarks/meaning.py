"""How often a search in other words finds the turn that is meant: by words, by vectors, by both.

    python tests/benchmarks/meaning.py

The package of the extra `semantic` is needed. Sixty turns of made-up talk, each with a question that says it in
other words (a third of them in other languages, or in another one than the turn), among the golden transcripts.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[2])  # in this folder `warehouse` is another file

from flows.engines.embedding import embed, embed_query  # noqa: E402
from tests import golden  # noqa: E402
from tests.support.documents import EPISODE, published  # noqa: E402
from transforms.records import Turn  # noqa: E402
from warehouse import store  # noqa: E402
from warehouse.loading.staging import write_staged  # noqa: E402
from warehouse.search.finding import Search, search  # noqa: E402
from warehouse.search.passage_vectors import embed_passages  # noqa: E402
from warehouse.snapshot import open_snapshot  # noqa: E402

# A turn, and below it what somebody asks who remembers it; an empty line begins another episode.
TALK = """
So tell me, how did the two of you meet?
  | first encounter of the couple
We were both stuck in a lift for three hours in Leeds, and by the time they got us out I had her number.
  | trapped in an elevator
My mother never forgave him for being late to our wedding.
  | the groom did not arrive on time
We put away two hundred pounds every month for eleven years, and that became the deposit for this place.
  | saving money for a house
The divorce took longer than the marriage had, and the lawyers got the car.
  | the couple split up
These days I make it a rule that nobody brings a phone to the dinner table.
  | no screens during meals
My daughter moved out in September, and the flat has been far too quiet since.
  | loneliness after children leave home

Everything in the shops got dearer last year, bread most of all, and wages did not follow.
  | inflation and the cost of living
The bank raised its rates four times, so people stopped asking for mortgages.
  | central bank policy and home loans
We let forty people go in one afternoon, and I still see their faces.
  | layoffs at the company
The tax on sugar made drinks smaller rather than healthier.
  | effect of a levy on soft drinks
I started with a stall at the market and a loan from my uncle.
  | how the business began
Then the container ships were stuck outside the harbour for weeks, and our shelves stayed empty.
  | supply chain delays
Nobody in the trade wanted to admit that the customers had simply gone online.
  | retail losing to internet shopping
The union asked for a shorter week at the same pay, and to everybody's surprise they got it.
  | four day working week

The doctors told me I would not walk again, and I ran a marathon two years later.
  | recovery from paralysis
I could not sleep for months; I lay there counting the cracks in the ceiling.
  | insomnia
What nobody tells you about giving birth is how cold you are afterwards.
  | experience of childbirth
The vaccine was ready within a year since the groundwork had been done for a decade.
  | fast development of immunisation
My grandfather smoked forty a day until he was ninety, which is a terrible example.
  | tobacco and long life
You should not take these pills together with grapefruit juice.
  | drug interaction with fruit
He forgot my name first, and then the way home.
  | dementia
She talks to somebody every Tuesday about what happened in the war, and the nightmares have become rarer.
  | therapy for trauma

The glacier above our village has lost half of its ice since I was a boy.
  | climate change melts mountains
We counted the birds each spring, and the swallows simply stopped coming.
  | decline of migratory species
The river came up to the second floor, and we were taken off the roof by a fisherman.
  | flood rescue
There has been no rain here for two summers, so we dig the wells deeper.
  | drought
With the panels on the barn we sell more power than we use.
  | solar energy on the farm
They shut the coal mine, and with it went the school, the baker and the football club.
  | end of mining ruined the town
The whales sing to each other across half an ocean.
  | communication of marine mammals
If you plant beans between the rows you need far less fertiliser.
  | intercropping in agriculture

The chip does in a second what took our whole department a week.
  | computers became faster
We taught the machine to read handwriting by showing it a million envelopes.
  | training a neural network on letters
Somebody guessed the password of the mayor, and all his mail was on the net by noon.
  | hacked email account
The rocket blew up forty seconds after it left the ground, with our satellite on it.
  | failed launch
A telescope is a time machine: the light you see left before there were people.
  | astronomy looks into the past
I wrote the first version in one night, and people still use it thirty years later.
  | old software that survives
The car saw the cyclist, and it decided wrongly what she would do.
  | accident with autonomous vehicle
They wanted to scan every face in the stadium, and the court said no.
  | facial recognition was forbidden

The soup needs an hour on the smallest flame, and you must not stir it.
  | simmer slowly without mixing
We burned down the kitchen on the first evening of the restaurant.
  | fire at the opening
He plays the cello as if he were apologising to it.
  | string musician with a gentle style
The film was cut by a third after the first audience walked out.
  | movie shortened after test screening
I read that novel in prison, four times, since there was nothing else.
  | book behind bars
The goalkeeper was eighteen and had never played in front of more than fifty people.
  | young footballer debut
We lost the final on penalties, and the bus home was silent for six hours.
  | defeat in a shootout
She painted the same tree every day for a year.
  | artist repeats one subject

Die Miete hat sich verdoppelt, und wir mussten aus der Stadt wegziehen.
  | housing became unaffordable
Mein Vater hat nie über den Krieg gesprochen, kein einziges Wort.
  | Schweigen über die Vergangenheit
Der Zug hatte vier Stunden Verspätung, und niemand sagte uns warum.
  | Probleme bei der Bahn
Wir haben den Garten den Bienen überlassen, seitdem blüht alles.
  | Insektenschutz
Im Osten gab es keine Bananen, aber jeder hatte Arbeit.
  | life in the socialist state
Die Lehrerin merkte als erste, dass der Junge nicht lesen konnte.
  | illiteracy of a pupil

Mi abuela cruzó la frontera a pie con tres niños.
  | migrating on foot
El médico del pueblo cobraba en huevos y gallinas.
  | pagar con animales
Nos quedamos sin luz nueve días después del huracán.
  | apagón por la tormenta
Aprendí a nadar a los cincuenta años, y ahora no salgo del mar.
  | learning to swim late in life
El equipo ganó la liga con jugadores que nadie quería.
  | victoria de los desconocidos
El maestro nos prohibía hablar nuestra lengua en el patio.
  | minority language suppressed at school
"""
BEST = 10
LONG = 120  # letters of a turn that says something


def main() -> None:
    """Load the talk, make the vectors, and print what is found of it."""
    episodes = [_pairs(block.strip().splitlines()) for block in TALK.strip().split("\n\n")]
    others = list(_golden())
    with tempfile.TemporaryDirectory() as folder:
        warehouse, snapshot = Path(folder) / "warehouse.duckdb", Path(folder) / "turntable.duckdb"
        texts = [[turn for turn, _ in pairs] for pairs in episodes] + others
        files = {f"{number:04}": _written(Path(folder), number, turns) for number, turns in enumerate(texts)}
        store.load(warehouse, files, {})
        began = time.process_time()
        for _ in embed_passages(warehouse, embed):
            pass
        took, letters = time.process_time() - began, sum(len(turn) for turns in texts for turn in turns)
        store.publish(warehouse, snapshot)
        print(f"vectors of {letters} letters: {took:.1f} s of the processor, {1e6 * took / letters:.0f} a million")
        asked = [(name(n), i, query) for n, pairs in enumerate(episodes) for i, (_, query) in enumerate(pairs)]
        ways = {"by words": _words(snapshot), "by vectors": _vectors(snapshot), "by both": _both(snapshot)}
        for way, find in ways.items():
            places = [_place(find(query), (transcript, turn)) for transcript, turn, query in asked]
            hit, first = sum(place <= BEST for place in places), sum(place == 1 for place in places)
            print(f"{way}: {hit} of {len(places)} among the best {BEST}, {first} first")


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    return [(turn, query.removeprefix("  | ")) for turn, query in zip(lines[::2], lines[1::2], strict=True)]


def _golden() -> Iterator[list[str]]:
    """Yield what others say: the turns of the golden transcripts, each text once."""
    seen: set[str] = set()
    for path in golden.inputs():
        texts = [turn["text"] for turn in golden.expectation(path).get("turns", ()) if len(turn["text"]) > LONG]
        new = [text for text in dict.fromkeys(texts) if text not in seen]
        seen.update(new)
        if new:
            yield new


def name(number: int) -> str:
    """Return the id of a transcript."""
    return f"transcript-{number}"


def _written(folder: Path, number: int, texts: list[str]) -> Path:
    path = folder / f"{number:04}.parquet"
    turns = tuple(
        Turn(i, f"Speaker {i % 2}", None, None, text, 0, len(text.split()), "speaker", None, None, None)
        for i, text in enumerate(texts)
    )
    episode = replace(EPISODE, episode_id=f"episode-{number}", title=f"Episode {number}")
    document = published(transcript_id=name(number), episode=episode, turns=turns, language=None, words=())
    path.write_bytes(write_staged(document))
    return path


Found = list[tuple[str, int]]


def _words(snapshot: Path) -> Callable[[str], Found]:
    return lambda query: [row[-5:-3] for row in search(snapshot, Search(query, most=BEST)).rows]


def _both(snapshot: Path) -> Callable[[str], Found]:
    return lambda query: [
        row[-5:-3] for row in search(snapshot, Search(query, most=BEST, vector=embed_query(query))).rows
    ]


def _vectors(snapshot: Path) -> Callable[[str], Found]:
    def find(query: str) -> Found:
        with open_snapshot(snapshot) as con:
            sql = f"select transcript_id, turn_index from nearest(?, most := {BEST})"
            return con.execute(sql, [embed_query(query)]).fetchall()

    return find


def _place(found: Found, wanted: tuple[str, int]) -> int:
    return found.index(wanted) + 1 if wanted in found else BEST + 1


if __name__ == "__main__":
    main()
