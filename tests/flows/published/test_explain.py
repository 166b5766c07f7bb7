"""How a text marks who speaks, as a person says it with `--grammar` and sees it with `--explain`."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rich.cells import cell_len

from flows.display import grammar_view
from flows.display.table_layout import draw
from flows.locations import at_path
from flows.published.explanation import Explanation, explain
from flows.published.import_texts import Imported, reparse_texts
from flows.published.linking import Hints
from flows.settings import Settings
from tests.conftest import rows_of
from tests.golden import expectation, inputs
from tests.support.homes import import_text, publish
from tests.support.pages import ROOT
from transforms import transcripts
from transforms.errors import ContentError, SourceError
from transforms.transcripts.assemble import SURE_LABELS
from transforms.transcripts.grammar.candidates import Form, candidates
from transforms.transcripts.grammar.choose import DOUBTFUL
from transforms.transcripts.grammar.template import parse_template
from transforms.transcripts.html.html_blocks import read_blocks
from transforms.transcripts.prose.marks import marked_lines

PAGE = (ROOT / "docs" / "transcripts.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(.+)` \| `(.+)` \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)

DASHED = """Minutes of May

Ann Lee - Why does a record turn, and who found out that it does?
Note: the sound is bad here.
Bob Ray - Because it is round, and because somebody pushed it once.
Note: he laughs at this.
Ann Lee - I see, and I thank you for that.
Note: this is the end.
"""
MARKED = "\n\n".join(
    f"**{name}:** {said}"
    for name, said in (
        ("Ann Lee", "Why does a record turn?"),
        ("Bob Ray", "Because it is round."),
        ("Ann Lee", "And who found out?"),
        ("Bob Ray", "Nobody knows his name."),
    )
)
NOBODY = (
    "A talk\n\nTranscript\n\n"
    + "Every record begins on a lathe, and nobody knows who built the first one.\n\n" * 3
)


def of_word(text: str) -> bytes:
    """A Word document of these paragraphs."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.split("\n") if line)
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
        )
    return file.getvalue()


CONTAINERS = {
    "text": DASHED.encode(),
    "page": ("<html><body>" + "".join(f"<p>{x}</p>" for x in DASHED.split("\n") if x) + "</body></html>").encode(),
    "word": of_word(DASHED),
    "rtf": ("{\\rtf1\\ansi " + DASHED.replace("\n", "\\par\n") + "}").encode(),
    "scraped": f"TITLE: Minutes of May CHANNEL: The Groove\n---TRANSCRIPT---\n{DASHED}".encode(),
}


def names_in(data: bytes, template: str) -> list[str | None]:
    """Who speaks, in order, in a text that is read by a grammar."""
    return [turn.speaker for turn in transcripts.read(data, grammar=parse_template(template)).turns]


# --- the template language


@pytest.mark.parametrize(("template", "line", "who", "says"), ROWS, ids=[row[0] for row in ROWS])
def test_a_template_of_the_page_reads_its_line(template: str, line: str, who: str, says: str) -> None:
    """Two people in turn, in a text of such lines: both are named, and nothing else is."""
    template, line = template.replace("\\|", "|"), line.replace("\\|", "|").replace("⏎", "\n")
    other = "BO RAY" if who.isupper() else "Bo Ray"
    text = "\n\n".join(line.replace(who, name) for name in (who, other) * 3)
    found = transcripts.read(text.encode(), grammar=parse_template(template))

    assert [(turn.speaker, turn.text) for turn in found.turns] == [(who, says), (found.turns[1].speaker, says)] * 3
    assert (found.turns[1].speaker or "").casefold() == "bo ray"


def test_a_bracket_ends_a_label_of_one_letter() -> None:
    """`L) R` is a template, and reads what it says."""
    found = transcripts.read(b"Q) Why?\n\nA) So it is.\n\nQ) And then?\n", grammar=parse_template("L) R"))

    assert [turn.speaker for turn in found.turns] == ["Q", "A", "Q"]


def test_the_page_has_templates() -> None:
    """The table is found."""
    assert len(ROWS) > 10


LINES = """Ann Lee: Why?
**Ann Lee:** [00:12] Why?
**[00:12] Ann Lee:** Why?
*Ann Lee* Why?
***Ann Lee*** - Why?
[00:12] Ann Lee: Why?
Ann Lee (00:12):
Ann Lee
### [00:12] Ann Lee
[Ann Lee] [00:12] Why?
<ann> Why?
【安】 为什么?
安：为什么?
- Ann Lee: Why?
1. Ann Lee: Why?
>> Ann Lee: Why?
> Ann Lee: Why?
| 00:12 | **Ann Lee** | Why? |
ANN LEE. Why does it?
Ann Lee — Why?
Ann Lee\tWhy?
Ann Lee  Why?"""
ELEMENTS = """<div><div class="meta"><span class="who">Ann</span> 0:12</div><div class="said">Why?</div>
<p><cite>Ann:</cite> Why?</p><h3>Ann <time>0:12</time></h3><table><tr><td>Ann</td><td>Why?</td></tr></table>
<p><b>Ann</b><br>Why?</p><ul><li><a>Ann</a>: Why?</li></ul></div>"""


def forms() -> Iterator[Form]:
    """Every form that is seen in these lines and elements."""
    blocks = read_blocks(etree.HTML(ELEMENTS))
    for i, line in enumerate((*marked_lines(LINES.split("\n")), *blocks)):
        yield from (one.form for one in candidates(line, i))


def test_a_template_that_is_shown_can_be_given() -> None:
    """What `--explain` and the messages name works with `--grammar`, whatever marks and elements are in it."""
    found = set(forms())
    wrong = {form.template: form.core for form in found if not parse_template(form.template).covers(form.core)}

    assert len(found) > 25
    assert wrong == {}


@pytest.mark.parametrize("template", ["", "R", "T R", "Q: R", "L R", "[T] R⏎L:"])
def test_what_is_no_template_is_one_line(template: str) -> None:
    """It says what the letters mean."""
    with pytest.raises(
        SourceError, match=r"--grammar .* does not say how a label is set off: write L for it"
    ) as told:
        parse_template(template)
    assert "\n" not in str(told.value)


# --- a grammar that is given


@pytest.mark.parametrize("data", CONTAINERS.values(), ids=CONTAINERS)
def test_a_grammar_that_is_given_counts_in_every_container(data: bytes) -> None:
    """Each of two ways to read one text, against what it says by itself; what is said is sure."""
    assert names_in(data, "L - R") == ["Ann Lee", "Bob Ray", "Ann Lee"]
    assert set(names_in(data, "L: R")) >= {"Note"}
    assert set(names_in(data, "L: R")) <= {"Note", None}


def test_a_grammar_that_is_given_counts_in_captions() -> None:
    """It names whom the file alone does not, and is kept apart from voices."""
    data = (ROOT / "tests/golden/vtt/a-note-now-and-then.vtt").read_bytes()

    assert not transcripts.read(data).speakers
    assert set(names_in(data, "L: R")) == {None, "Note", "Warning"}
    assert "nobody_named" not in transcripts.read(data, grammar=parse_template("L: R")).flags


@pytest.mark.parametrize(
    "names", [["Ann Lee"] * 4, ["Ann Lee", "Bo Ray", "Cem Oz", "Dee Fox"]], ids=["one", "once"]
)
def test_a_grammar_that_is_given_is_sure_of_one_person_and_of_many_once_each(names: list[str]) -> None:
    """Found out, both are doubts: are the answers somebody's, is it a list? Who gives the grammar has answered."""
    said = ["The harbour was closed.", "The road was long.", "The wall was of stone.", "Every record turns."]
    data = "\n\n".join(f"{name}: {words}" for name, words in zip(names, said, strict=True)).encode()
    given, found = transcripts.read(data, grammar=parse_template("L: R")), transcripts.read(data)

    assert [turn.speaker for turn in given.turns] == [turn.speaker for turn in found.turns]
    assert (given.parse_confidence, "labels_uncertain" in given.flags) == (1.0, False)
    assert "labels_uncertain" in found.flags


def test_a_grammar_that_is_given_is_doubted_where_others_are_named_otherwise() -> None:
    """Not as a whole, but it may have found one of several who speak; where nobody else is named, it is sure."""
    found = transcripts.read(DASHED.encode(), grammar=parse_template("L: R"))
    sure = transcripts.read(DASHED.encode(), grammar=parse_template("L - R"))

    assert found.parse_confidence == DOUBTFUL
    assert "labels_uncertain" in found.flags
    assert sure.parse_confidence is not None
    assert sure.parse_confidence > SURE_LABELS
    assert "labels_uncertain" not in sure.flags


@pytest.mark.parametrize(
    ("text", "template", "way_out"),
    [
        (MARKED, "L - R", r"try --grammar '\*\*L:\*\* R', the likeliest \(\d\d%\), or leave it out"),
        (DASHED, "[L] R", r"try --grammar 'L - R', the likeliest \(\d\d%\), or leave it out"),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Why?\n",
            "L: R",
            "read as vtt, it says itself who speaks: leave",
        ),
        (NOBODY, "L: R", "leave it out"),
    ],
)
def test_a_grammar_that_fits_nothing_is_one_line(text: str, template: str, way_out: str) -> None:
    """It names what is likelier, if anything is; and that can be given."""
    grammar = parse_template(template)
    with pytest.raises(ContentError, match=f"^--grammar: no speaker is set off as .*; .*{way_out}") as told:
        transcripts.read(text.encode(), grammar=grammar)
    assert "\n" not in str(told.value)
    if found := re.search(r"try --grammar '(.+)', the", str(told.value)):
        assert transcripts.read(text.encode(), grammar=parse_template(found[1])).speakers


# --- how sure it is


def test_confidence_is_known_where_the_format_does_not_say_who_speaks() -> None:
    """Not for captions with voices; a text in which nobody is named says so, whatever its container."""
    assert transcripts.read(b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Why?\n").parse_confidence is None
    assert (transcripts.read(MARKED.encode()).parse_confidence or 0) > 0.9
    page = (
        "<html><body><h1>Transcript</h1>"
        + NOBODY.partition("Transcript")[2].replace("\n\n", "<p>")
        + "</body></html>"
    )
    timed = "".join(f"0:0{n} Why does it turn, and why does it not?\n" for n in range(9))
    for text in (NOBODY, page, timed):
        found = transcripts.read(text.encode())
        assert "nobody_named" in found.flags
        assert found.parse_confidence is not None


def test_a_text_that_is_read_without_its_labels_has_no_grammar() -> None:
    """What was seen in it is the runner-up, in texts, scraped pages and web pages of all golden pairs."""
    pairs = [path for path in inputs() if "nobody_named" in expectation(path).get("flags", ())]
    read = [transcripts.explain(path.read_bytes(), **expectation(path).get("read_as", {})) for path in pairs]
    nobody = [(x.format, draft.grammar) for x, draft in read if "nobody_named" in x.flags]

    assert {name for name, _ in nobody} >= {"timed", "scraped", "webpage"}
    assert [name for name, grammar in nobody if grammar is None or grammar.form or grammar.labels] == []


def test_every_flag_is_on_the_page() -> None:
    """Those of all golden pairs: their texts are of every kind."""
    golden = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/golden/*/*.json"))
    flags = {
        flag
        for listed in re.findall(r'^"flags": \[(.*)\]', golden, re.MULTILINE)
        for flag in re.findall(r"\w+", listed)
    }

    assert flags
    assert {flag for flag in flags if f"`{flag}`" not in PAGE} == set()


# --- what a person sees


def told(tmp_path: Path, text: str, grammar: str | None = None) -> Explanation:
    """How a text is read."""
    path = tmp_path / "one.txt"
    path.write_text(text)
    return explain(at_path(path), Hints(grammar=grammar), Settings(home=tmp_path))


@pytest.mark.parametrize("width", [60, 80])
def test_the_grammar_stands_above_the_blocks_and_both_fit(tmp_path: Path, width: int) -> None:
    """By name: what was found, what was next, how sure; then a line a block."""
    found = told(tmp_path, DASHED)
    (_, summary), (_, blocks) = (
        draw(grammar_view.summary(found), width),
        draw(grammar_view.blocks(found), width, 1),
    )

    said = " ".join(" ".join(summary).split())
    assert re.search(r"grammar L - R \(\d\d%\): 3 labels of 2 speakers on 7 lines runner-up \S.* \(\d+%\)", said)
    assert max(map(cell_len, (*summary, *blocks))) <= width
    assert len(blocks) == 7
    assert [line.split()[1] for line in blocks] == ["metadata", *("turn", "goes") * 3]


def test_a_grammar_that_was_given_says_so(tmp_path: Path) -> None:
    """With what the text itself tells of it, and what it would have been."""
    rows = dict(grammar_view.summary(told(tmp_path, DASHED, "L: R")).rows)

    assert re.match(r"L: R \(as you say, \d+% by itself\): 3 labels of 1 speaker", rows["grammar"])
    assert rows["runner-up"].startswith("L - R (")


def test_doubted_labels_are_counted(tmp_path: Path) -> None:
    """What is set off like a label and is none, by itself."""
    lines = [f"{name}: We thought of that for years, did we not, {name}?" for name in ("Ann Lee", "Bob Ray") * 8]
    lines[7:7] = ["Here is what I mean by that: it goes round."]
    found = told(tmp_path, "\n\n".join(lines))

    assert found.grammar
    assert found.grammar.doubted == {"Here is what I mean by that": 1}
    assert dict(grammar_view.summary(found).rows)["doubted"] == "Here is what I mean by that 1"


def test_a_text_without_a_grammar_says_why(tmp_path: Path) -> None:
    """The format says who speaks, or nobody does."""
    captions = told(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Why?\n")
    nobody = told(tmp_path, NOBODY)

    assert ("grammar", "none needed: the format has a form of its own") in grammar_view.summary(captions).rows
    assert captions.grammar is None
    assert re.match(r"none \(\d+%\): nobody is named", dict(grammar_view.summary(nobody).rows)["grammar"])
    assert {row[2] for row in grammar_view.blocks(nobody).rows if row[1] == "turn"} == {"(nobody)"}


# --- kept with the text


def test_a_grammar_is_kept_for_reparse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another parser reads the text by it again; what comes out alike is no change, what does not is one."""
    settings, path = Settings(home=tmp_path / "home"), tmp_path / "one.txt"
    path.write_text(DASHED)
    import_text(settings, path, Hints(grammar="L: R"))
    publish(settings)
    turns = "select speaker_name, text from turns order by turn_index"
    sure = "select parse_confidence > 0.8, format from transcripts"
    before = rows_of(settings.snapshot, turns)
    assert {name for name, _ in before} == {"Note"}
    assert rows_of(settings.snapshot, sure) == [(True, "labelled")]

    monkeypatch.setattr(transcripts, "METHOD", "transcripts-of-tomorrow")
    (again,) = reparse_texts(settings)
    assert isinstance(again, Imported)
    assert not again.is_new
    assert rows_of(settings.snapshot, turns) == before

    import_text(settings, path, Hints())
    publish(settings)
    assert {name for name, _ in rows_of(settings.snapshot, turns)} == {"Ann Lee", "Bob Ray"}


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [({"parse_confidence": 0.5}, False), ({"chapters": ()}, True), ({"turns": ()}, True)],
    ids=["confidence", "chapters", "turns"],
)
def test_reparse_tells_a_text_whose_rows_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], is_new: bool
) -> None:
    """Each is staged again; what people read of it decides whether it came out anew."""
    settings, path, read = Settings(home=tmp_path / "home"), tmp_path / "one.md", transcripts.read
    path.write_text(f"# A talk\n\n## The groove\n\n{MARKED}\n\n## The end\n\n{MARKED}")
    import_text(settings, path)
    publish(settings)
    assert rows_of(settings.snapshot, "select count(*) from chapters") == [(2,)]

    monkeypatch.setattr(transcripts, "METHOD", "transcripts-of-tomorrow")
    monkeypatch.setattr(transcripts, "read", lambda data, **options: replace(read(data, **options), **changes))
    (again,) = reparse_texts(settings)
    assert isinstance(again, Imported)
    assert again.is_new is is_new
    assert rows_of(settings.snapshot, "select count(*) from load_log") == [(2,)]
