"""What tells a label, a heading and a comment apart in texts for the eye: one small text a trap."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from transforms.transcripts import read

Said = tuple[tuple[str | None, str], ...]


@dataclass(frozen=True)
class Trap:
    """A text, and what must be read in it; `chapters` are titles."""

    name: str
    text: str
    said: Said
    chapters: tuple[str, ...] = ()


WHY, ROUND = "Why does a record turn?", "Because it is round."
ANN, BOB = ("Ann Lee", WHY), ("Bob Ray", ROUND)

TRAPS = (
    Trap(
        "a short line between turns is a heading",
        f"Ann Lee: {WHY}\n\nBob Ray: {ROUND}\n\nThe road ahead\n\nAnn Lee: I see.\n\nBob Ray: Do you?",
        (ANN, BOB, ("Ann Lee", "I see."), ("Bob Ray", "Do you?")),
        ("The road ahead",),
    ),
    Trap(
        "a question to somebody is no heading",
        f"Ann Lee: {WHY}\n\nSo what do you think?\n\nBob Ray: {ROUND}\n\nThe road ahead\n\nAnn Lee: I see.",
        (("Ann Lee", f"{WHY}\nSo what do you think?"), BOB, ("Ann Lee", "I see.")),
        ("The road ahead",),
    ),
    Trap(
        "a question about the matter is one, where other headings are",
        f"Ann Lee: {WHY}\n\nWell.\n\nBob Ray: {ROUND}\n\nThe road ahead\n\nAnn Lee: I see.\n\n"
        "Are needles overrated?\n\nBob Ray: No.",
        (("Ann Lee", f"{WHY}\nWell."), BOB, ("Ann Lee", "I see."), ("Bob Ray", "No.")),
        ("The road ahead", "Are needles overrated?"),
    ),
    Trap(
        "the heading between the title Transcript and the first label",
        f"On records\n\nTranscript\n\nThe shape\n\nAnn Lee: {WHY}\n\nBob Ray: {ROUND}",
        (ANN, BOB),
        ("The shape",),
    ),
    Trap(
        "a paragraph that ends in a sound is no heading",
        f"Ann Lee: {WHY}\n\nBob Ray: {ROUND}\n\nAnd flat. [laughter]\n\nAnn Lee: I see.",
        (ANN, ("Bob Ray", f"{ROUND}\nAnd flat."), ("Ann Lee", "I see.")),
    ),
    Trap(
        "a line broken at a width goes on, whatever it begins with",
        "Ann Lee: Why does a record turn so slowly, I wonder, and why was\n"
        "COVID-19: a long story, the year in which people bought so many\nof them.\n\n"
        "Bob Ray: Because it is round, and because the motor under it was\nbuilt for that and for nothing else.",
        (
            (
                "Ann Lee",
                "Why does a record turn so slowly, I wonder, and why was COVID-19: a long story, the year in which "
                "people bought so many of them.",
            ),
            (
                "Bob Ray",
                "Because it is round, and because the motor under it was built for that and for nothing else.",
            ),
        ),
    ),
    Trap(
        "readers' comments are behind the transcript",
        f"Ann\n\n{WHY}\n\nBob\n\n{ROUND}\n\nAnn\n\nI see.\n\nBob\n\nDo you?\n\n2 Comments\n\nJoe77\n\nGreat episode.",
        (("Ann", WHY), ("Bob", ROUND), ("Ann", "I see."), ("Bob", "Do you?")),
    ),
    Trap(
        "initials mean the one full name that has them",
        f"Ann Lee: {WHY}\nMaria de la Cruz: {ROUND}\nAL: I see.\nMDLC: Do you?\nAL: I do.",
        (
            ANN,
            ("Maria de la Cruz", ROUND),
            ("Ann Lee", "I see."),
            ("Maria de la Cruz", "Do you?"),
            ("Ann Lee", "I do."),
        ),
    ),
    Trap(
        "named in full at first and by the last name from then on",
        f"Ann LEE\n\n{WHY}\n\nBob RAY\n\n{ROUND}\n\nLEE\n\nI see.\n\nRAY\n\nDo you?\n\nLEE\n\nI do.\n\nRAY\n\nGood.",
        tuple(zip(("Ann LEE", "Bob RAY") * 3, (WHY, ROUND, "I see.", "Do you?", "I do.", "Good."), strict=True)),
    ),
    Trap(
        "a show that writes its names small",
        f"ann lee\n\n{WHY}\n\nbob ray\n\n{ROUND}\n\nann lee\n\nI see.\n\nbob ray\n\nDo you?\n\nann lee\n\nI do.\n\n"
        "jean-luc moreau (guest)\n\nSo do I.",
        (
            ("ann lee", WHY),
            ("bob ray", ROUND),
            ("ann lee", "I see."),
            ("bob ray", "Do you?"),
            ("ann lee", "I do."),
            ("jean-luc moreau", "So do I."),
        ),
    ),
    Trap(
        "a header says who somebody is, not what somebody said",
        f"Title: Records: what now?\nHost: Ann Lee\nGuest: Bob Ray\n\nTranscript\n\nAnn Lee: {WHY}\nBob Ray: {ROUND}",
        (ANN, BOB),
    ),
    Trap(
        "a title with a colon is no turn",
        f"Records: what now?\n\nTranscript\n\nAnn Lee: {WHY}\n\nBob Ray: {ROUND}\n\nAnn Lee: I see.",
        (ANN, BOB, ("Ann Lee", "I see.")),
    ),
    Trap(
        "a number behind the colon is no clock",
        f"SPEAKER_00: {WHY}\n\nSPEAKER_01: 40 years of it.\n\nSPEAKER_00: I see.",
        (("SPEAKER_00", WHY), ("SPEAKER_01", "40 years of it."), ("SPEAKER_00", "I see.")),
    ),
    Trap(
        "rights below the last turn are not said",
        f"ANN LEE, HOST: {WHY}\n\nBOB RAY: {ROUND}\n\nLEE: I see.\n\n"
        "Copyright © 2024 The Long Groove. All rights reserved. Visit our website's pages for the terms of use of "
        "this text, which was made in a hurry.",
        (("ANN LEE", WHY), ("BOB RAY", ROUND), ("ANN LEE", "I see.")),
    ),
    Trap(
        "a time alone behind the name",
        f"Ann: 0:04\n{WHY}\nBob: 0:09\n{ROUND}\nAnn: 0:12\nI see.",
        (("Ann", WHY), ("Bob", ROUND), ("Ann", "I see.")),
    ),
    Trap(
        "names in a script without capitals",
        "主持人：为什么唱片会转？\n李华：因为它是圆的。\n主持人：问题很简单：谁来付钱？\n李华：大家。",
        (
            ("主持人", "为什么唱片会转？"),
            ("李华", "因为它是圆的。"),
            ("主持人", "问题很简单：谁来付钱？"),
            ("李华", "大家。"),
        ),
    ),
    Trap(
        "Markdown: the header of keys, headings that name, a heading that is a chapter",
        f"---\ntitle: On records\nguests:\n  - Bob Ray\n---\n\n## The shape\n\n### Ann Lee\n\n{WHY}\n\n### Bob Ray\n\n"
        f"{ROUND}\n\n## The motor\n\n### Ann Lee\n\nI *see*.\n\n### Cy Poe\n\nMe too.",
        (ANN, BOB, ("Ann Lee", "I see."), ("Cy Poe", "Me too.")),
        ("The shape", "The motor"),
    ),
    Trap(
        "captions cut to a width are sentences, each with the time of its first row",
        "0:03\nWhy does a record turn like\n0:05\nthat?\n0:08\nBecause it is round, and it was\n0:09\nalways so.\n"
        "English (auto-generated)",
        ((None, "Why does a record turn like that?"), (None, "Because it is round, and it was always so.")),
    ),
)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_traps(trap: Trap) -> None:
    """Each text is read as its author meant it."""
    published = read(trap.text.encode())
    assert tuple((turn.speaker, turn.text) for turn in published.turns) == trap.said
    assert tuple(chapter.title for chapter in published.chapters) == trap.chapters
