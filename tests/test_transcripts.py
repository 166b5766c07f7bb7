"""Published texts become turns: the shapes, the traps, and what is refused."""

from __future__ import annotations

import re

import pytest

from transforms.errors import ContentError
from transforms.transcripts import FORMATS, explain, read
from transforms.transcripts.names import join_variants

# The name lines end in spaces that do not break, as on the page; the mark stands for them.
POST = """Playback speed
×
Share post
0:00
Transcript

Why a record turns

A talk about grooves

Timestamps

(00:00:00) - The shape
(00:10:05) - The motor

Sponsors

Buy our needles at needles.example.

Transcript

Thanks to Cy Poe for editing this transcript.

(00:00:00) - The shape

Ann Lee~

Why does a record turn?

Bob Ray \u200b

Because it is round. And I also want to stress this: it is flat.

It was not always.

(00:10:05) - The motor

Ann Lee

[laughter] And the motor?

Bob Ray

It turns.

2 Comments
Share
""".replace("~", "\u00a0")

LABELLED = """Transcript
Cold open [00:00:00]
Bob Ray: It is round, and that is the whole of it, as far as I can see.
Ann’s intro [00:00:40]
Ann Lee: Welcome. Two quick notes before that:
Records turn…
“And so do we,” as one listener wrote.
The interview begins [00:02:00]
Ann Lee: Why does it turn?
Bob Ray:It must.
And I also want to stress this: it is flat.
Ann: I see.
"""


def turns(text: str) -> list[tuple[str | None, str]]:
    """Who says what."""
    return [(turn.speaker, turn.text) for turn in read(text.encode()).turns]


def test_post() -> None:
    """A name line opens a turn; chapters are listed once; what the page adds is in no turn."""
    published = read(POST.encode())

    assert published.format == "post"
    assert [(t.speaker, t.text, t.start_time, t.chapter_index) for t in published.turns] == [
        ("Ann Lee", "Why does a record turn?", 0.0, 0),
        (
            "Bob Ray",
            "Because it is round. And I also want to stress this: it is flat.\nIt was not always.",
            None,
            0,
        ),
        ("Ann Lee", "And the motor?", 605.0, 1),
        ("Bob Ray", "It turns.", None, 1),
    ]
    assert [(c.title, c.start_time) for c in published.chapters] == [("The shape", 0.0), ("The motor", 605.0)]
    assert [event.event for event in published.events] == ["[laughter]"]
    assert published.known("title") == "Why a record turns"
    assert published.turns[0].time_source == "chapter"


def test_labelled() -> None:
    """Paragraphs without a label go on with the turn; a sentence with a colon is no label; variants are joined."""
    published = read(LABELLED.encode())

    assert published.format == "labelled"
    assert [(t.speaker, t.chapter_index) for t in published.turns] == [
        ("Bob Ray", 0),
        ("Ann Lee", 1),
        ("Ann Lee", 2),
        ("Bob Ray", 2),
        ("Ann Lee", 2),
    ]
    assert published.turns[1].text.count("\n") == 2
    assert published.parse_coverage == 1.0


def test_highlights_are_not_counted_twice() -> None:
    """Quotes above the transcript that it says again are marked."""
    quote = "Bob Ray: It is round, and that is the whole of it, as far as I can see today."
    text = f"A page\nHighlights\n{quote}\nTranscript\nAnn Lee: Why?\n{quote}\nAnn Lee: I see.\nBob Ray: Yes.\n"

    assert [speaker for speaker, _ in turns(text)] == ["Ann Lee", "Bob Ray", "Ann Lee", "Bob Ray"]
    assert any(name.startswith("highlight") for name, _ in read(text.encode()).metadata)


def test_nobody_is_named() -> None:
    """Captions become sentences, scraped pages paragraphs, lines with times cues; no speaker is made up."""
    captions = read(b"Kind: captions\nLanguage: en\nWhy does a&nbsp;\nrecord turn? It&nbsp;&nbsp;\nis round.\n")
    scraped = read(b"TITLE: Why CHANNEL: Groove URL: https://youtu.be/abcdefghijk\n---TRANSCRIPT---\nOne.\nTwo.\n")
    timed = read(b"0:00 Why does a record turn?\n0:03 Because it is round.\n0:05 I see it now.\n")

    assert [(t.speaker, t.text, t.boundary) for t in captions.turns] == [
        (None, "Why does a record turn?", "sentence"),
        (None, "It is round.", "sentence"),
    ]
    assert [(t.text, t.boundary) for t in scraped.turns] == [("One.", "paragraph"), ("Two.", "paragraph")]
    assert (scraped.known("show"), scraped.known("title")) == ("Groove", "Why")
    assert [(t.start_time, t.boundary) for t in timed.turns] == [(0.0, "cue"), (3.0, "cue"), (5.0, "cue")]


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_example_is_read_as_its_own_format(name: str) -> None:
    """What `turntable formats` shows is true."""
    assert read(FORMATS[name].example.encode()).format == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    """The encoding is found out from the bytes."""
    text = "Zoë Núñez: Ça va?\r\nBob Ray: Très bien.\r\nZoë Núñez: Fin.\r\n"

    assert [turn.speaker for turn in read(text.encode(encoding)).turns] == ["Zoë Núñez", "Bob Ray", "Zoë Núñez"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "empty"),
        (b"PK\x03\x04zip", "zip archive"),
        (b"\x00\x01\x02\x03" * 100, "binary"),
        (b'{"segments": [', "broken JSON"),
        (b"A page about nothing.\n", "no transcript found"),
        (b"x" * 3_000_000, "line of more than"),
        (b"<html><body><p>Nobody speaks here.</p><script>Ann: 1</script></body></html>", "no transcript found"),
    ],
)
def test_what_is_no_transcript_is_refused_in_one_line(data: bytes, reason: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(ContentError, match=reason) as caught:
        read(data)

    assert "\n" not in str(caught.value)


def test_too_many_speakers_are_refused() -> None:
    """A list of names is no transcript."""
    names = "".join(f"Speaker {n}: yes\n" * 2 for n in range(600))

    with pytest.raises(ContentError, match="600 speakers"):
        read(names.encode())


def test_a_name_at_the_end_of_the_file_is_no_turn() -> None:
    """A label with nothing behind it says nothing."""
    assert [who for who, _ in turns("Ann Lee: Why?\nBob Ray: So.\nAnn Lee:\n")] == ["Ann Lee", "Bob Ray"]


def test_two_people_of_one_first_name_stay_two() -> None:
    """Variants are joined only where one person can be meant."""
    joined = join_variants({"Ann Lee": 2, "Ann Poe": 2, "Ann": 1})

    assert {speaker.label for speaker in joined.values()} == {"Ann Lee", "Ann Poe", "Ann"}


@pytest.mark.parametrize("text", [POST, LABELLED], ids=["post", "labelled"])
def test_every_word_of_the_input_is_accounted_for(text: str) -> None:
    """Each line with a word has pieces that hold its words."""
    _, draft = explain(text.encode())
    for number, line in enumerate(text.split("\n"), 1):
        held = " ".join(piece.text for piece in draft.pieces if piece.line == number)
        words = re.findall(r"\w+", line)
        kept = set(re.findall(r"\w+", held))
        assert {word for word in words if word.isalpha()} <= kept, (number, line)
