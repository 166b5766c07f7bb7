r"""How the rows of a query become lines of JSON or CSV: in SQL, so that DuckDB writes them and loses nothing.

Numbers keep all their digits; what a format has no form for, as a duration or a blob (`\xAA\x00`), is the text
that DuckDB casts it to. `#1` is the first column of what was asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

CELL_CHARACTERS = 100_000  # more than any turn has; no screen takes a longer cell

_INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_FLOAT = re.compile(r"FLOAT|DOUBLE")
_NUMBER = re.compile(rf"{_INTEGER.pattern}|{_FLOAT.pattern}|BIGNUM|DECIMAL\(.*\)")
# What Excel and LibreOffice take for the beginning of a formula, full width too
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = r"^[=+\-@\t\r＝＋－＠]"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer, and the name of its type in DuckDB."""

    name: str
    type: str


def json_line(columns: Sequence[Column]) -> str:
    """Write a row as a JSON object; times are ISO 8601, NaN and infinities still bare."""
    pairs = [
        f"{quoted(json.dumps(column.name, ensure_ascii=False) + ': ')}, {_json(number, column)}"
        for number, column in enumerate(columns, start=1)
    ]
    return f"concat('{{', {_joined(pairs, ', ')}, '}}')"


def csv_line(columns: Sequence[Column], *, safe: bool) -> str:
    """Write a row as CSV; NULL is nothing, an empty text is `""`.

    `safe` puts `'` before what a spreadsheet would take for a formula.
    """
    cells = [
        _csv(f"#{number}::varchar", safe=safe and not _NUMBER.fullmatch(column.type))
        for number, column in enumerate(columns, start=1)
    ]
    return f"concat({_joined(cells, ',')})"


def csv_header(columns: Sequence[Column], *, safe: bool) -> str:
    """Write the names of the columns by the same rules: a pivot makes them of what was stored."""
    return f"concat({_joined([_csv(quoted(column.name), safe=safe) for column in columns], ',')})"


def screen_line(columns: Sequence[Column]) -> str:
    """Write a row as a JSON array: integers and floats as they are, all else as text that is not endless."""
    return f"concat('[', {_joined([_cell(n, c) for n, c in enumerate(columns, start=1)], ',')}, ']')"


def quoted(text: str) -> str:
    """Write text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def _joined(expressions: Sequence[str], between: str) -> str:
    return f", {quoted(between)}, ".join(expressions)


def _json(number: int, column: Column) -> str:
    value = f"#{number}"
    if _NUMBER.fullmatch(column.type):  # to_json takes small decimals for doubles, and floats too
        # .5 is how DuckDB writes a decimal without places before the point, and no number in JSON
        return rf"coalesce(regexp_replace({value}::varchar, '^(-?)\.', '\10.'), 'null')"
    if column.type.startswith("TIMESTAMP") and not column.type.endswith("]"):
        # 2024-02-29 10:00:00+00, as DuckDB has it, is no time for a browser
        value = (
            rf"regexp_replace(regexp_replace({value}::varchar, '^(\d+-\d\d-\d\d) (\d)', '\1T\2'), "
            r"'^(\d+-\d\d-\d\dT.*\+\d\d)$', '\1:00')"
        )
    return f"coalesce(to_json({value})::varchar, 'null')"


def _csv(text: str, *, safe: bool) -> str:
    if safe:
        text = f"if(regexp_matches({text}, {quoted(_FORMULA)}), '''' || {text}, {text})"
    wants_quotes = rf"""regexp_matches({text}, '^$|[",\r\n]')"""
    return f"""coalesce(if({wants_quotes}, '"' || replace({text}, '"', '""') || '"', {text}), '')"""


def _cell(number: int, column: Column) -> str:
    value, text = f"#{number}", f"#{number}::varchar"
    if _FLOAT.fullmatch(column.type):
        shown = f"if(isfinite({value}), to_json({value}), to_json({text}))"
    elif _INTEGER.fullmatch(column.type):
        shown = f"to_json({value})"
    else:
        cut = f"left({text}, {CELL_CHARACTERS}) || '… (' || length({text}) || ' characters)'"
        shown = f"to_json(if(length({text}) > {CELL_CHARACTERS}, {cut}, {text}))"
    return f"coalesce(({shown})::varchar, 'null')"
