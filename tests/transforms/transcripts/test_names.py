"""Names and who is who: what belongs to a name, which labels are one person, and what is left open."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from transforms.transcripts import read
from transforms.transcripts.labels.names import as_written, clean, first_name_first
from transforms.transcripts.labels.people import OFTEN, join_variants

SAID = (
    "So why does a record turn at all, do you think?",
    "Because it is round, and somebody made it so.",
    "I see, and what about the needle, then?",
    "The needle follows the groove, as it always did.",
)


def people(*labels: str) -> set[frozenset[str]]:
    """Who is one person, of labels that stand as often as they are listed; each has a label of its own."""
    speakers = join_variants(Counter(labels))
    one: defaultdict[str, set[str]] = defaultdict(set)
    for label, speaker in speakers.items():
        one[speaker.label].add(label)
    assert len(one) == len(set(speakers.values()))
    return {frozenset(some) for some in one.values()}


def apart(*labels: str) -> bool:
    """Whether each of the labels is somebody else."""
    return people(*labels) == {frozenset({label}) for label in labels}


@pytest.mark.parametrize(
    "labels",
    [
        ("Mr. Hill", "Mrs. Hill"),
        ("Mr. Hill", "Dr. Hill"),
        ("MR. HILL:", "MS. HILL:"),
        ("Herr Hügel", "Frau Hügel", "Hügel"),
        ("M. Colline", "Mme Colline"),
        ("Sr. Peña", "Sra. Peña"),
        ("Mr. Hill", "Judge Hill"),
        ("Mr. Hill", "Chief Justice Hill"),
        ("Mr. Dan Hill", "Mrs. Hill"),
        ("President Hill", "Vice President Hill"),
        ("General Hill", "Attorney General Hill"),
        ("Frau Dr. Hügel", "Herr Dr. Hügel", "Dr. Hügel"),
        ("г-н Холмов", "г-жа Холмов"),
        ("Dr. Ruth Hill", "Mr. Hill", "Hill"),
        ("Dan Hill", "Mr. Hill", "Mrs. Hill", "Hill"),
        ("Judge Hill", "Ruth Hill"),
        ("Don Hill", "Ann Hill"),
        ("M. Hill", "J. Hill"),
    ],
)
def test_two_titles_are_two_people(labels: tuple[str, ...]) -> None:
    """A title is a person's: two that differ are two, and what could be either of them stays itself."""
    assert apart(*labels)


@pytest.mark.parametrize(
    "labels",
    [
        ("Dr. Ruth Hill", "Hill"),
        ("Mr. Hill", "Hill"),
        ("Judge Ruth Hill", "Judge Hill", "Ruth"),
        ("Mister Hill", "Mr Hill"),
        ("Frau Dr. Hügel", "Dr. Hügel", "Frau Hügel"),
        ("Prof. Dr. Ada Hill", "Professor Hill"),
        ("Mr. Hill", "Dan Hill"),
        ("Lee", "Ann Lee", "Ann B. Lee"),
    ],
)
def test_one_title_or_none_joins(labels: tuple[str, ...]) -> None:
    """Less of a name is the one person who is called by more."""
    assert people(*labels) == {frozenset(labels)}


@pytest.mark.parametrize(
    "labels",
    [
        ("CALLER (LEEDS):", "CALLER (YORK):"),
        ("Man (1)", "Man (2)"),
        ("Interviewer (JH)", "Interviewer (RK)", "Interviewer"),
        ("Audience Member (balcony)", "Audience Member (front)"),
        ("Caller (Leeds, 1)", "Caller (Leeds, 2)"),
        ("Caller, Leeds", "Caller, York"),
        ("Ann (Leeds)", "Ann (York)"),
        ("Mr. Hill (Leeds)", "Mr. Hill (York)"),
        ("Smith, J.", "Smith, K."),
        ("嘉宾（男）", "嘉宾（女）"),
    ],
)
def test_what_stands_in_brackets_tells_apart(labels: tuple[str, ...]) -> None:
    """Where a word is not enough to say who it is, what stands behind it does, and is shown."""
    assert apart(*labels)
    assert {speaker.label for speaker in join_variants(Counter(labels)).values()} == set(map(as_written, labels))


@pytest.mark.parametrize(
    "labels",
    [
        ("Ann Lee (host)", "Ann Lee"),
        ("Ann Lee (host)", "Ann Lee (moderator)"),
        ("Host (BBC)", "Host"),
        ("Ann (host)", "Ann (Host, BBC)", "Ann"),
        ("ANN", "ANN", "ANN", "ANN (SADLY)", "ANN (IN TEARS)"),
        ("MAN (V.O.)", "MAN (CONT'D)", "MAN", "MAN (laughing)"),
    ],
)
def test_a_role_and_a_manner_tell_nobody_apart(labels: tuple[str, ...]) -> None:
    """A role is said once and left out then; a full name has several; plays say how something is said."""
    assert people(*labels) == {frozenset(labels)}


def test_who_is_called_by_a_role_has_no_name() -> None:
    """What is shown to tell two callers apart is no name."""
    speakers = join_variants({"Caller (Leeds)": 1, "Caller (York)": 1})

    assert [(one.label, one.name, one.role) for one in speakers.values()] == [
        ("Caller (Leeds)", None, "Leeds"),
        ("Caller (York)", None, "York"),
    ]


@pytest.mark.parametrize(
    ("label", "name", "role"),
    [
        ("Olive Tranter (Lowmoor) (Lab):", "Olive Tranter", "Lowmoor, Lab"),
        ("Ana Ruiz (BBC) (host)", "Ana Ruiz", "BBC, host"),
        ("Ana Ruiz [BBC] (host) (she)", "Ana Ruiz", "BBC, host, she"),
        ("Ana Ruiz (host (BBC))", "Ana Ruiz", "host, BBC"),
        ("Ana Ruiz, host (BBC)", "Ana Ruiz", "host, BBC"),
        ("Host [Ana Ruiz] (BBC)", "Ana Ruiz", "Host, BBC"),
        ("[Ana Ruiz] (host)", "Ana Ruiz", "host"),
        ("Ana Ruiz, PhD (BBC)", "Ana Ruiz, PhD", "BBC"),
        ("(host)", "host", None),
    ],
)
def test_all_that_stands_behind_a_name_is_the_role(label: str, name: str, role: str | None) -> None:
    """However many brackets and commas there are, the name has none of them."""
    assert clean(label) == (name, role)


@pytest.mark.parametrize("ornament", ["◇ ", "◆", "■ ", "● ", "▶ ", "▶\ufe0f ", "★", "☆ ", "➤ ", "※ ", "◆◆ ", "→ "])
def test_ornaments_are_no_part_of_a_name(ornament: str) -> None:
    """What sets a line off is not the name; alone, or in place of one, it is."""
    assert clean(f"{ornament}김현정 (앵커)") == ("김현정", "앵커")
    assert clean(f"{ornament}Ann Lee:") == ("Ann Lee", None)


def test_what_stands_for_a_name_is_kept() -> None:
    """Names that are left out are told apart by what stands for them."""
    assert apart("○○さん", "△△さん", "🎙 Ann", "★", "◆")


@pytest.mark.parametrize(
    ("names", "turned"),
    [
        (["Ruiz, Ana", "Lee, Bo"], ["Ana Ruiz", "Bo Lee"]),
        (["Lee, Ann", "Lee, Bo (Guest)"], ["Ann Lee", "Bo Lee (Guest)"]),
        (
            ["van der Berg, Jan", "García Márquez, Gabriel", "Lee, Bo"],
            ["Jan van der Berg", "Gabriel García Márquez", "Bo Lee"],
        ),
        (["Ann Lee, Reuters", "Bo Chan, Bloomberg"], []),
        (["Ann Lee, Host", "Bo Chan, Producer"], []),
        (["Caller, Leeds", "Caller, York"], []),
        (["Ruiz, Ana", "Bo Lee"], []),
    ],
)
def test_first_names_stand_first(names: list[str], turned: list[str]) -> None:
    """Surnames stand first where several of one text do, not where work or a town stands behind it."""
    assert list(first_name_first(names, marked=False).values()) == turned


@pytest.mark.parametrize(
    "form",
    [
        "{name}: {said}",
        "**{name}:** {said}",
        "{name}   0:{at:02}\n{said}",
        "{name}   0 minutes {at} seconds\n{said}",
        "[{name}] 00:00:{at:02}\n{said}",
    ],
)
def test_first_names_stand_first_in_texts_for_the_eye(form: str) -> None:
    """All labels of a document are turned around, in whatever form they stand."""
    names = ("Ruiz, Ana", "Lee, Bo")
    text = "\n\n".join(form.format(name=names[n % 2], said=SAID[n % 4], at=3 + 7 * n) for n in range(8))

    published = read(text.encode())

    assert [turn.speaker_name for turn in published.turns] == ["Ana Ruiz", "Bo Lee"] * 4


@pytest.mark.parametrize(
    "damaged", ["Dalia Medes", "Dalia Mendez", "Dalia Menndes", "Dalia Mednes", "Dlia Mendes"]
)
def test_a_damaged_name_is_the_one_that_it_is_near(damaged: str) -> None:
    """One letter missing, more, another or moved, once beside many: it is the same person, also for short."""
    assert people(*["Dalia Mendes"] * OFTEN, damaged, "Dalia", "Bo Ray") == {
        frozenset({"Dalia Mendes", damaged, "Dalia"}),
        frozenset({"Bo Ray"}),
    }


@pytest.mark.parametrize(
    "labels",
    [
        (*["Daniel Hill"] * OFTEN, "Daniela Hill"),
        (*["Mario Hill"] * OFTEN, "Maria Hill"),
        (*["Ann Hill"] * OFTEN, "Ann Hall"),
        (*["Dalia Mendes"] * OFTEN, "Dora Medes"),
        (*["Dalia Mendes"] * OFTEN, "Dalia Medes", "Dalia Medes"),
        ("Dalia Mendes", "Dalia Medes"),
        (*["Dalia Mendes"] * OFTEN, *["Dalia Mendel"] * OFTEN, "Dalia Mendem"),
        (*["Mr. Dalia Mendes"] * OFTEN, "Mrs. Dalia Medes"),
        (*["Mendes"] * OFTEN, "Medes"),
        (*["Study Group1"] * OFTEN, "Study Group2"),
    ],
)
def test_near_names_may_be_two(labels: tuple[str, ...]) -> None:
    """Two first names, short words, names that come back, and what is near to two are left as they are."""
    assert people(*labels) == {frozenset({label}) for label in labels}


def test_names_without_end_are_joined_in_their_number() -> None:
    """Thousands of people of one name are looked at once each."""
    labels = {f"Caller (town {n})": 1 for n in range(3000)} | {f"Ann{n} Leeds (host)": 1 for n in range(3000)}

    assert len({speaker.label for speaker in join_variants(labels | {"Leeds": 1}).values()}) == 6001
