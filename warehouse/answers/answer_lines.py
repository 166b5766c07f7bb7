r"""How the rows of a query become lines of JSON or CSV: in SQL, so that DuckDB writes them and loses nothing.

Numbers keep all their digits; what a format has no form for, as a duration or a blob (`\xAA\x00`), is the text
that DuckDB casts it to. `c1` is the first column of what was asked: names cost less than numbers where there are
thousands, and what is the same for all columns is said once, in a lambda.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.connection import quoted

CELL_CHARACTERS = 100_000  # more than any turn has; no screen takes a longer cell

_INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_FLOAT = re.compile(r"FLOAT|DOUBLE")
_NUMBER = re.compile(rf"{_INTEGER.pattern}|{_FLOAT.pattern}|BIGNUM|DECIMAL\(.*\)")
# What Excel and LibreOffice take for the beginning of a formula, full width too
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = r"^[=+\-@\t\r＝＋－＠]"
# What to_json writes otherwise than we do: it takes decimals and 32-bit floats for doubles, and has no T in times.
_OTHERWISE = re.compile(r"\b(?:TIMESTAMP|DECIMAL|FLOAT|BIGNUM)\b|TIMESTAMP_")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an answer, and its type in DuckDB."""

    name: str
    kind: Any  # a DuckDBPyType, which duckdb gives no name that 1.5 and 2.0 share

    @property
    def type(self) -> str:
        """Name the type."""
        return str(self.kind)


def names_of(columns: Sequence[Column]) -> str:
    """Name the columns `c1`, `c2`, … of what was asked."""
    return f"t({', '.join(_reference(number) for number, _ in _numbered(columns))})"


def json_line(columns: Sequence[Column]) -> str:
    """Write a row as a JSON object; times are ISO 8601, NaN and infinities still bare."""
    pairs = [f"{_key(column.name)}, {_json(_reference(n), column.kind)}" for n, column in _numbered(columns)]
    return f"concat('{{', {_joined(pairs, ', ')}, '}}')"


def csv_line(columns: Sequence[Column], *, safe: bool) -> str:
    """Write a row as CSV; NULL is nothing, an empty text is `""`.

    `safe` puts `'` before what a spreadsheet would take for a formula.
    """
    texts = [_text(_reference(number), column) for number, column in _numbered(columns)]
    return _csv(texts, [bool(_NUMBER.fullmatch(column.type)) for column in columns], safe=safe)


def csv_header(columns: Sequence[Column], *, safe: bool) -> str:
    """Write the names of the columns by the same rules: a pivot makes them of what was stored."""
    return _csv([quoted(column.name) for column in columns], [False] * len(columns), safe=safe)


def screen_line(columns: Sequence[Column]) -> str:
    """Write a row as a JSON array: integers and floats as they are, all else as text that is not endless."""
    texts = [_text(_reference(number), column) for number, column in _numbered(columns)]
    numbers = [bool(_INTEGER.fullmatch(c.type) or _FLOAT.fullmatch(c.type)) for c in columns]
    cut = f"left(t, {CELL_CHARACTERS}) || '… (' || length(t) || ' characters)'"
    cell = (
        f"if({_flag(numbers)} and t not in ('nan', 'inf', '-inf'), t, "
        f"to_json(if(length(t) > {CELL_CHARACTERS}, {cut}, t))::varchar)"
    )
    cells = _each(texts, f"coalesce({cell}, 'null')")
    return f"concat('[', {cells}, ']')"


def address_of(column: str) -> str:
    """Write the SQL of an address; of what is none, as a path of this machine, nothing is left."""
    return f"case when regexp_matches({column}, '^https?://', 'i') then {column} end"


def _numbered(columns: Sequence[Column]) -> list[tuple[int, Column]]:
    return list(enumerate(columns, start=1))


def _reference(number: int) -> str:
    return f"c{number}"


def _key(name: str) -> str:
    return quoted(json.dumps(name, ensure_ascii=False) + ": ")


def _joined(expressions: Sequence[str], between: str) -> str:
    return f", {quoted(between)}, ".join(expressions)


def _each(texts: Sequence[str], expression: str) -> str:
    """Join what becomes of each text `t`, the `i`-th; a comma between."""
    return f"array_to_string(list_transform([{', '.join(texts)}], lambda t, i: {expression}), ',')"


def _flag(flags: Sequence[bool]) -> str:
    """Return the SQL that says whether the flag of the `i`-th column is set."""
    if len(set(flags)) == 1:
        return str(flags[0]).lower()
    return f"([{', '.join(str(flag).lower() for flag in flags)}])[i]"


def _text(value: str, column: Column) -> str:
    text = f"{value}::varchar"
    return f"replace({text}, '-nan', 'nan')" if _FLOAT.match(column.type) else text  # lists of floats too


def _csv(texts: Sequence[str], numbers: Sequence[bool], *, safe: bool) -> str:
    quotes = """if(regexp_matches({0}, '^$|[",\\r\\n]'), '"' || replace({0}, '"', '""') || '"', {0})"""
    cell = quotes.format("t")
    if safe:
        formula = f"not {_flag(numbers)} and regexp_matches(t, {quoted(_FORMULA)})"
        marked = quotes.format("(chr(39) || t)")
        cell = f"if({formula}, {marked}, {cell})"
    return _each(texts, f"coalesce({cell}, '')")


def _json(value: str, kind: Any, depth: int = 0) -> str:
    """Write a value as JSON, and what it holds by the same rules."""
    if kind.id in _NESTED and _OTHERWISE.search(str(kind)):
        return f"if({value} is null, 'null', {_NESTED[kind.id](value, kind, depth + 1)})"
    if _NUMBER.fullmatch(str(kind)):
        return f"coalesce({_number(value, str(kind))}, 'null')"
    return f"coalesce(to_json({_said(value, kind)})::varchar, 'null')"


def _number(value: str, kind: str) -> str:
    text = f"{value}::varchar"
    # .5 is how DuckDB writes a decimal without places before the point, and no number in JSON
    return rf"regexp_replace({text}, '^(-?)\.', '\10.')" if kind.startswith("DECIMAL") else text


def _said(value: str, kind: Any) -> str:
    """Write a time as ISO 8601; all else stays."""
    if kind.id not in _TIMES:
        return value
    # 2024-02-29 10:00:00+00, as DuckDB has it, is no time for a browser
    text = rf"regexp_replace({value}::varchar, '^(\d+-\d\d-\d\d) (\d)', '\1T\2')"
    if kind.id == "timestamp with time zone":
        text = rf"regexp_replace({text}, '^(\d+-\d\d-\d\dT.*\+\d\d)$', '\1:00')"
    return text


def _json_list(value: str, kind: Any, depth: int) -> str:
    inner = _json(f"x{depth}", kind.children[0][1], depth)
    return f"'[' || array_to_string(list_transform({value}, lambda x{depth}: {inner}), ', ') || ']'"


def _json_struct(value: str, kind: Any, depth: int) -> str:
    parts = [
        (name, _json(f"struct_extract_at({value}, {n})", of, depth))
        for n, (name, of) in enumerate(kind.children, 1)
    ]
    if not parts[0][0]:  # what `row(1, 2)` makes has no names
        return f"concat('[', {_joined([written for _, written in parts], ', ')}, ']')"
    return f"concat('{{', {_joined([f'{_key(name)}, {written}' for name, written in parts], ', ')}, '}}')"


def _json_map(value: str, kind: Any, depth: int) -> str:
    (_, key), (_, of) = kind.children
    name, inner = _said(f"x{depth}.key", key), _json(f"x{depth}.value", of, depth)
    pair = f"to_json({name}::varchar)::varchar || ': ' || {inner}"
    return f"'{{' || array_to_string(list_transform(map_entries({value}), lambda x{depth}: {pair}), ', ') || '}}'"


def _json_union(value: str, kind: Any, depth: int) -> str:
    cases = [
        f"when {quoted(name)} then concat('{{', {_key(name)}, "
        f"{_json(f'union_extract({value}, {quoted(name)})', of, depth)}, '}}')"
        for name, of in kind.children
        if name  # the first one is the tag
    ]
    return f"case union_tag({value})::varchar {' '.join(cases)} end"


_TIMES = frozenset(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamp with time zone"))
_NESTED = {
    "list": _json_list,
    "array": _json_list,
    "struct": _json_struct,
    "tuple": _json_struct,
    "map": _json_map,
    "union": _json_union,
}
