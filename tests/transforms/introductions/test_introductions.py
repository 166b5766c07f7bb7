"""Who is heard, by the words of an episode alone: introductions, traps, and what stays without a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.introductions import Introductions, introduce
from transforms.introductions.name_cues import Utterance
from transforms.introductions.possible_names import candidates
from transforms.introductions.spoken_names import Candidate


def heard(*talk: tuple[str, str], known: tuple[str, ...] = ()) -> Introductions:
    """Introduce the voices of a talk, a second a word."""
    turns, now = [], 0
    for index, (label, text) in enumerate(talk):
        words = tuple(text.split())
        turns.append(Utterance(index, label or None, words, now, float(now), float(now + len(words))))
        now += len(words)
    return introduce(turns, map(Candidate, known))


def names(found: Introductions) -> dict[str, str]:
    return {one.speaker_label: one.speaker_name for one in found.names}


GUEST = ("B", "It is a pleasure to talk about records and what they are made of.")


@pytest.mark.parametrize(
    ("talk", "expected"),
    [
        ([("A", "Hello and welcome. I'm Mara Quill, and with me is Idris Vane."), ("B", "Thank you, Mara.")],
         {"A": "Mara Quill"}),
        ([("A", "I'm Mara Quill, and with me is Idris Vane. Idris, thanks a lot."), ("B", "Thank you, Mara.")],
         {"A": "Mara Quill", "B": "Idris Vane"}),
        ([("A", "Welcome back. My guest today is the author Jane van Dyke. Jane, what is it about?"), GUEST],
         {"B": "Jane van Dyke"}),
        ([("A", "I'm your host, as always, Mara Quill."), ("B", "And I'm Idris Vane, repairman.")],
         {"A": "Mara Quill", "B": "Idris Vane"}),
        ([("A", "Mara Quill here, good evening."), ("B", "My name is Ana de la Cruz and I build boats.")],
         {"A": "Mara Quill", "B": "Ana de la Cruz"}),
        ([("A", "Hallo und willkommen, ich bin Jana Weiß."), ("B", "Mein Name ist Jörg Öst.")],
         {"A": "Jana Weiß", "B": "Jörg Öst"}),
        ([("A", "Hi, I'm Mara."), ("B", "And hello from me, my name is Idris.")], {"A": "Mara", "B": "Idris"}),
        ([("A", "We are joined by Dr. Ruth Hill. Ruth, welcome to the show."), GUEST], {"B": "Ruth Hill"}),
        ([("A", "Ruth Hill joins me now. What is new, Ruth?"), GUEST], {"B": "Ruth Hill"}),
    ],
)  # fmt: skip
def test_people_say_who_they_are(talk: list[tuple[str, str]], expected: dict[str, str]) -> None:
    assert names(heard(*talk)) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Guten Abend, ich bin Jana Weiß, und mit mir ist Jörg Öst. Jörg, willkommen.",
            "Vielen Dank, Jana. Schallplatten sind alt.",
        ),
        (
            "Bonsoir, je suis Jana Weiß, et avec moi Jörg Öst. Jörg, bienvenue.",
            "Merci, Jana. Les disques sont vieux.",
        ),
        ("Hola, me llamo Jana Weiß. Nos acompaña Jörg Öst. Jörg, bienvenido.", "Muchas gracias, Jana. Es viejo."),
        (
            "Olá, eu sou Jana Weiß. Comigo está Jörg Öst. Jörg, seja bem-vindo.",
            "Muito obrigado, Jana. Os discos são velhos.",
        ),
        (
            "Buonasera, io sono Jana Weiß. Con me oggi c'è Jörg Öst. Jörg, benvenuto.",
            "Grazie mille, Jana. I dischi sono vecchi.",
        ),
    ],
)
def test_people_are_presented_and_thank_in_five_languages(first: str, second: str) -> None:
    found = heard(("A", first), ("B", second))
    assert names(found) == {"A": "Jana Weiß", "B": "Jörg Öst"}
    assert {(one.kind, one.speaker_name) for one in found.evidence} == {
        ("self", "Jana Weiß"),
        ("addressed", "Jana Weiß"),
        ("presented", "Jörg Öst"),
        ("addressed", "Jörg Öst"),
    }


@pytest.mark.parametrize(
    "talk",
    [
        "Nächste Woche begrüße ich Alma Roth. Gestern war mit mir Alma Roth im Zug.",
        "La semaine prochaine je reçois Alma Roth. La semaine dernière avec moi Alma Roth a chanté.",
        "La próxima semana nos acompaña Alma Roth. Ayer me acompaña Alma Roth a casa.",
        "Na semana passada comigo está Alma Roth. Ontem está comigo Alma Roth.",
        "La prossima settimana con me c'è Alma Roth. Ieri qui con me Alma Roth.",
    ],
)
def test_who_was_or_will_be_there_in_five_languages_is_nobody(talk: str) -> None:
    assert names(heard(("A", talk), GUEST)) == {}


@pytest.mark.parametrize(
    "talk",
    [
        [("A", "Today we talk about Rosalind Franklin and her picture."), GUEST],
        [("A", "Next week I am joined by Alice Rowe. Alice, we cannot wait."), GUEST],
        [("A", "I was joined by Alice Rowe last year and she sang."), GUEST],
        [("A", "She walked in and said, I'm Alice Rowe."), GUEST],
        [("A", "A listener wrote: Dear friends, I'm Tom Baker from Leeds."), GUEST],
        [("A", "I'm Alice Rowe's biggest friend."), GUEST],
        [("A", "I'm Dutch and I'm happy."), GUEST],
        [("A", "I'm Irish American."), GUEST],
        [("A", "This is Open Questions. Good evening."), GUEST],
        [("A", "Thanks to Graham Bell for editing. Thank you, Graham."), GUEST],
        [("A", "London, what a city, you know?"), GUEST],
        [("A", "He spoke to Jan Leike. Jan Leike told him so, and Jan said more."), GUEST],
        [("A", "I'm — and you are?"), GUEST],
        [("A", "I was talking to Jan Leike. Then I kept talking to Jan Leike."), GUEST] * 2,
        [("A", "My friend Jan Leike came, and I said, Jan, you cannot do that. And I told him, Jan, go."), GUEST]
        * 2,
        [("A", "I'm Speaker One."), GUEST],
        [("A", "I'm CEO of OpenAI."), GUEST],
        [("", "Hello, I'm Mara Quill."), GUEST],
    ],
)
def test_who_is_talked_about_is_nobody(talk: list[tuple[str, str]]) -> None:
    assert names(heard(*talk)) == {}


def test_a_letter_that_is_read_does_not_make_its_reader_another() -> None:
    found = heard(
        ("A", "Good evening, I'm Mara Quill."),
        ("B", "Hello, Mara."),
        ("A", "We have mail. Hi Mara, I'm Tom Baker and I have a question about belts."),
        ("B", "Well, Mara, that depends."),
    )
    assert names(found)["A"] == "Mara Quill"
    assert "B" not in names(found)


def test_a_candidate_alone_is_no_name_and_its_spelling_wins() -> None:
    """What the feed says helps to write what was heard."""
    talk = [("A", "I'm Sam Arcafa. With me is Jon Schalman. John, why?"), GUEST]
    assert names(heard(GUEST, known=("Sam Okafor",))) == {}
    assert names(heard(*talk, known=("Sam Okafor", "John Schulman"))) == {"A": "Sam Okafor", "B": "John Schulman"}


ROUND = [
    ("A", "I'm Nora Field. We have three guests around the table to talk about Ada Byron. Sam Okafor plans "
          "streets, Lena Brandt studies heat, and Hugh Castle has been a builder."),
    ("D", "Evening, everybody."),
    ("A", "Lena, why is a city hot?"),
    ("C", "There are three reasons for that."),
    ("A", "Sam, what would you do?"),
    ("B", "Shade on the way to school."),
    ("D", "That is clever, they ask for the next street."),
    ("A", "In a word, what comes first? Hugh?"),
    ("B", "Trees."),
]  # fmt: skip


def test_a_round_of_four() -> None:
    """Three by their answers, the fourth because he alone is left; the evidence is in their own words."""
    found = heard(*ROUND)
    assert names(found) == {"A": "Nora Field", "B": "Sam Okafor", "C": "Lena Brandt", "D": "Hugh Castle"}
    sure = {one.speaker_label: one.confidence for one in found.names}
    assert sure["D"] < min(sure[label] for label in "ABC")
    assert [(e.kind, e.quote, e.turn_index, e.first_word) for e in found.evidence if e.speaker_label in "BC"] == [
        ("addressed", "Lena, why is a city hot?", 2, 32),
        ("addressed", "Sam, what would you do?", 4, 44),
    ]


@pytest.mark.parametrize("missing", ["Hugh?", "and Hugh Castle has been a builder."])
def test_nobody_is_left_over_without_proof_that_he_is_there(missing: str) -> None:
    assert "D" not in names(heard(*((label, text.replace(missing, "")) for label, text in ROUND)))


def test_two_voices_that_say_one_name_have_none() -> None:
    """One of them was split, or somebody repeats the other: nobody can tell."""
    assert names(heard(("A", "I'm Mara Quill."), ("B", "I'm Mara Quill."))) == {}


def test_an_answer_that_comes_much_later_is_nobodys() -> None:
    first = Utterance(0, "A", tuple("We welcome Ruth Hill. Ruth, welcome to you.".split()), 0, 0.0, 5.0)
    late = Utterance(1, "B", tuple(GUEST[1].split()), 8, 60.0, 70.0)
    assert introduce([first, late], ()).names == ()


@given(st.lists(st.tuples(st.sampled_from("AB"), st.lists(st.sampled_from(
    "I'm Mara Quill, and with me is Idris. Thank you, — Dr. van my name welcome, guests joined by ? B.".split()
), min_size=1)), max_size=8))  # fmt: skip
def test_whatever_is_said_a_name_is_one_and_rests_on_words(talk: list[tuple[str, list[str]]]) -> None:
    found = heard(*((label, " ".join(words)) for label, words in talk))
    assert len({one.speaker_name for one in found.names}) == len(found.names)
    for one in found.names:
        assert 0 < one.confidence <= 1
        assert any(e.speaker_label == one.speaker_label and e.quote for e in found.evidence)


def test_candidates_of_a_feed() -> None:
    """Persons first, then whole names in titles and notes; marks, roles and single words are none."""
    notes = "<p>Mara talks to <b>Dr. Idris Vane</b> &amp; Ana de la Cruz.</p><p>Recorded at 12:30, Hosts: —</p>"
    found = candidates(
        ["Mara Quill (host)", "—", "Speaker 1", "Host"], ["#12 Records, with Jane Roe | The Groove", notes]
    )
    assert found == (
        Candidate("Mara Quill", is_announced=True),
        Candidate("Jane Roe"),
        Candidate("Idris Vane"),
        Candidate("Ana de la Cruz"),
    )
