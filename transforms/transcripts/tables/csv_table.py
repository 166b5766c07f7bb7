"""Tables with a header: comma, semicolon or tab between columns such as speaker, start, end and text.

As Descript, Riverside and Sonix export them, and Whisper writes `.tsv`. The columns are known by their names, in
any order; the unit of the times is what the header says, else what fits the words.

Example:

    Speaker Name,Start Time,End Time,Text
    Ann Lee,00:00:01.000,00:00:02.500,"Why does a record turn, then?"
    Bob Ray,00:00:02.500,00:00:04.000,Because it is round.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from transforms.errors import ContentError
from transforms.transcripts.captions.cues import Clock
from transforms.transcripts.document import Draft, Format, Piece, Text, example_of
from transforms.transcripts.prose.marks import marked_lines, plain
from transforms.transcripts.prose.read import front_matter
from transforms.transcripts.prose.survey import tidied
from transforms.transcripts.shared import json_text
from transforms.transcripts.shared.named_fields import Row, read_rows
from transforms.transcripts.tables.columns import Columns, find_columns

_DELIMITERS = "\t,;|"
_LINES_ABOVE = 6  # some write a title and a date above the header
LONGEST_NAME = 32  # characters of a column
MOST_COLUMNS = 60
LARGEST_FIELD = 10_000_000


def fits(text: Text) -> bool:
    """Check for a text whose header names a column of text and one of times or speakers."""
    return not text.head.startswith(("{", "[", "<", "WEBVTT")) and _header(text) is not None


def _header(text: Text) -> tuple[int, str, list[str], Columns] | None:
    """Find the header: its line from 0, what parts its columns, their names, and what they hold."""
    written = ((at, line) for at, line in enumerate(text.lines) if line.strip())  # a header of YAML left its lines
    for at, line in islice(written, _LINES_ABOVE):
        delimiter = max(_DELIMITERS, key=line.count)
        if not 1 <= line.count(delimiter) < MOST_COLUMNS:
            continue
        names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
        if any(len(name) > LONGEST_NAME for name in names) or len(set(names)) < 2:
            continue
        columns = find_columns(names)
        if columns and (columns.start or columns.speaker) and _goes_on(text, at, delimiter, len(names)):
            return at, delimiter, names, columns
    return None


def _goes_on(text: Text, at: int, delimiter: str, columns: int) -> bool:
    """Check whether the line behind the header is parted as it is."""
    below = next((line for line in text.lines[at + 1 : at + 20] if line.strip()), "")
    return below.count(delimiter) >= columns - 1 or below.count('"') % 2 == 1


def parse(text: Text) -> Draft:
    """Read each row; what stands above the header is metadata.

    Raises:
        ContentError: no header names a column of text, or a field never ends.
    """
    header = _header(text)
    if header is None:
        msg = "the table has no header with a column text and a column start or speaker: add one"
        raise ContentError(msg)
    at, delimiter, names, columns = header
    above = list(front_matter(tidied(marked_lines(text.lines[:at]))))
    above.append(Piece(at + 1, "label", " ".join(name for name in names if name)))
    clock, dropped = Clock(), list[Piece]()
    try:
        rows = list(_rows(text, at, delimiter, names, dropped))
    except csv.Error as error:
        msg = f"the table cannot be read: {error}; a quotation mark may be missing"
        raise ContentError(msg) from error
    pieces = read_rows(rows, columns, clock, dropped)
    return json_text.draft([*above, *dropped, *pieces], clock, "publisher")


def _rows(text: Text, at: int, delimiter: str, names: list[str], dropped: list[Piece]) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_FIELD)
    body = "\n".join(text.lines[at + 1 :])
    # Tabs part columns without any quoting: Whisper writes a lone quotation mark as it is.
    unquoted = delimiter == "\t" and body.count('"') % 2 == 1
    reader = csv.reader(
        StringIO(body), delimiter=delimiter, quoting=csv.QUOTE_NONE if unquoted else csv.QUOTE_MINIMAL
    )
    last = 0
    for row in reader:
        cells = list(map(plain, row)) if delimiter == "|" else row
        line, last = at + 2 + last, reader.line_num
        if not any(cell.strip(" -:") for cell in cells):  # empty, or the rule of a table in Markdown
            continue
        if len(cells) == 1:
            dropped.append(Piece(line, "dropped", cells[0].strip(), "row of one column"))
            continue
        # A text with commas and without quotes stands in the last column.
        values = [*cells[: len(names) - 1], delimiter.join(cells[len(names) - 1 :])]
        yield line, dict(zip(names, values, strict=False))


FORMAT = Format("csv_table", "tables with a header: CSV, TSV", example_of(__doc__), fits, parse)
