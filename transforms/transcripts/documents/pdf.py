"""PDF with a text layer: the lines of its pages, read as what they are; running titles and page numbers left out.

Example:

    %PDF-1.4
    1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
    2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
    3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R
      /Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj
    4 0 obj <</Length 153>> stream
    BT /F1 12 Tf 14 TL 50 700 Td (Ann Lee: Why does a record turn?) Tj T* (Bo Chan: Because it is round.) Tj
    T* (Ann Lee: I see, thank you.) Tj ET
    endstream endobj
    trailer <</Root 1 0 R>>
    startxref
    0
    %%EOF
"""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from typing import Any

from transforms.errors import ContentError
from transforms.transcripts.document import Draft, Format, Text, example_of
from transforms.transcripts.plain import plain_formats

MEDIA_TYPE = "application/pdf"
MOST_PAGES = 1_500
FEWEST_LETTERS = 20
_NUMBER = re.compile(
    r"(?:page |seite |página |p\. ?)?[-–— ]*\d{1,4}[-–— ]*(?:(?:of|von|de|sur|/) ?\d{1,4})?", re.IGNORECASE
)
EDGES = 2  # lines at the top and at the bottom that may be running titles
REPEATED_SHARE = 0.6


def extract(data: bytes) -> str:
    """Take the text out of a PDF.

    Raises:
        ContentError: it is locked, damaged, too long, or a picture of its text.
    """
    import pypdf

    try:
        reader = pypdf.PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            msg = "it is a locked PDF: save it without a password and import that"
            raise ContentError(msg)
        pages = _pages(reader)
    except ContentError:
        raise
    except Exception as error:  # a library that promises no class of its own
        msg = "it is a PDF that cannot be read: save its text and import that"
        raise ContentError(msg) from error
    shown = "\n".join(line for page in _without_edges(pages) for line in page)
    if sum(c.isalnum() for c in shown) < FEWEST_LETTERS:
        msg = "it is a PDF without text, of pictures perhaps: run text recognition (OCR) over it and import that"
        raise ContentError(msg)
    return shown


def _pages(reader: Any) -> list[list[str]]:
    if len(reader.pages) > MOST_PAGES:
        msg = f"it is a PDF of {len(reader.pages):,} pages: no transcript has more than {MOST_PAGES:,}"
        raise ContentError(msg)
    return [page.extract_text().split("\n") for page in reader.pages]


def _without_edges(pages: list[list[str]]) -> list[list[str]]:
    """Leave out the page numbers and what stands at the edge of most pages."""
    edges = [[line for line in page if line.strip()] for page in pages]
    counts = Counter(_fold(line) for page in edges for line in {*page[:EDGES], *page[-EDGES:]})
    often = {line for line, count in counts.items() if count > 2 and count >= REPEATED_SHARE * len(pages)}
    return [_inner(page, often) for page in edges]


def _inner(page: list[str], often: set[str]) -> list[str]:
    last = len(page) - EDGES
    return [
        line
        for at, line in enumerate(page)
        if EDGES <= at < last or not (_fold(line) in often or _NUMBER.fullmatch(line.strip()))
    ]


def _fold(line: str) -> str:
    return re.sub(r"\d+", "0", " ".join(line.split()))


def fits(text: Text) -> bool:
    """Check whether a text was taken out of a PDF."""
    return text.media_type == MEDIA_TYPE


def parse(text: Text) -> Draft:
    """Read the lines as what they are.

    Raises:
        ContentError: nothing in them is a transcript.
    """
    return plain_formats.read_plain(text, "PDF")


FORMAT = Format("pdf", "PDF with a text layer", example_of(__doc__), fits, parse)
