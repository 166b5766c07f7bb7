"""Word documents (DOCX), as Otter, Rev, Teams and Descript export them: their paragraphs as those of a page.

What is bold or a heading stays so. The text of a document is its `word/document.xml`.

Example:

    <w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>
      <w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Ann Lee:</w:t></w:r><w:r><w:t> Why does it turn?</w:t></w:r></w:p>
      <w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Bo Chan:</w:t></w:r><w:r><w:t> Because it is round.</w:t></w:r></w:p>
    </w:body></w:document>
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from io import BytesIO
from itertools import groupby
from typing import Any

from transforms.errors import ContentError
from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.html import webpage
from transforms.transcripts.plain import plain_formats
from transforms.transcripts.shared.xml_tree import parse_xml

BODY = "word/document.xml"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SHOWN = {f"{_W}tab": "\u2003", f"{_W}br": "\n", f"{_W}cr": "\n"}
_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
_HEADING = re.compile(
    r"(?:heading|berschrift|titre|t[ií]?tulo|titolo|kop|rubrik|overskrift)[ -]?(\d)|(title)$", re.IGNORECASE
)
_ROOT = re.compile(r"\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*)*<w:document[\s>]", re.DOTALL)


def unpack(data: bytes, largest: int) -> bytes | None:
    """Take the text out of a document's archive; `None` where it is another archive, damaged or locked.

    Raises:
        ContentError: it is larger than it may be.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if BODY not in archive.namelist():
                return None
            if archive.getinfo(BODY).file_size > largest:
                msg = f"it is a Word document of more than {largest / 1e6:.0f} MB of text: no transcript has"
                raise ContentError(msg)
            with archive.open(BODY) as body:
                return body.read(largest)
    except ContentError:
        raise
    except Exception:  # what damage and passwords raise in zipfile and zlib shares no class
        return None


def fits(text: Text) -> bool:
    """Check for the XML of such a document."""
    return _ROOT.match(text.head) is not None


def parse(text: Text) -> Draft:
    """Read the document as what its plain text is, if that is sure, else as a page.

    Raises:
        ContentError: it is not sound, or nothing in it is a transcript.
    """
    shown = text.text.replace(_STRICT, _W.strip("{}"))
    body = next(parse_xml(Text(shown), "Word document").iter(f"{_W}body"), None)
    if body is None:
        msg = "no transcript found: the Word document has no text"
        raise ContentError(msg)
    paragraphs = list(body.iter(f"{_W}p"))
    lines = (line for p in paragraphs for line in "".join(s for s, _ in _runs(p)).split("\n"))
    if draft := plain_formats.read_by_lines(Text("\n".join(lines))):
        return draft
    return webpage.parse(replace(text, text=f"<html><body>{''.join(_blocks(body))}</body></html>"))


def _blocks(parent: Any) -> Iterator[str]:
    """Write paragraphs and tables as HTML."""
    for node in parent:
        if node.tag == f"{_W}p":
            tag = _tag(node)
            yield f"<{tag}>{''.join(map(_marked, _stretches(node)))}</{tag}>"
        elif node.tag == f"{_W}tbl":
            yield f"<table>{''.join(map(_row, node.iterchildren(f'{_W}tr')))}</table>"
        elif node.tag in (f"{_W}sdt", f"{_W}sdtContent"):
            yield from _blocks(node)


def _row(row: Any) -> str:
    cells = ("".join(_blocks(cell)) for cell in row.iterchildren(f"{_W}tc"))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _tag(paragraph: Any) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    match = _HEADING.search(style.get(f"{_W}val", "")) if style is not None else None
    return f"h{min(max(int(match[1] or 1), 1), 6)}" if match else "p"


def _stretches(paragraph: Any) -> Iterator[tuple[str, bool]]:
    for bold, runs in groupby(_runs(paragraph), key=lambda run: run[1]):
        yield "".join(shown for shown, _ in runs), bold


def _marked(stretch: tuple[str, bool]) -> str:
    shown = escape(stretch[0]).replace("\n", "<br>")
    return f"<strong>{shown}</strong>" if stretch[1] and shown.strip() else shown


def _runs(paragraph: Any) -> Iterator[tuple[str, bool]]:
    """Yield the stretches of a paragraph, and whether each is bold; what was struck out is not there."""
    for run in paragraph.iter(f"{_W}r"):
        bold = run.find(f"{_W}rPr/{_W}b")
        is_bold = bold is not None and bold.get(f"{_W}val", "true") not in ("0", "false", "off")
        shown = "".join(_SHOWN.get(node.tag, "") if node.tag != f"{_W}t" else node.text or "" for node in run)
        if shown:
            yield shown, is_bold


FORMAT = Format("docx", "Word documents", example_of(__doc__), fits, parse)
