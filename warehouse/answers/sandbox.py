"""`python -m warehouse.answers.sandbox`: one query and its answer, in a process that may be killed.

The first line of standard input is the request, as JSON. No more follows: when the input ends, our parent is gone,
and this process ends with it. The answer goes to standard output, line by line; what went wrong goes to standard
error, as one JSON object.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import duckdb

from transforms import errors
from transforms.errors import ContentError, ResourceError, TurntableError
from transforms.text import strict_json, visible
from warehouse.answers.answer_lines import Column, csv_header, csv_line, json_line, names_of, screen_line
from warehouse.connection import quoted
from warehouse.snapshot import MEMORY, THREADS, one_line, open_snapshot

_ROWS = 1000  # written at once
_ELSE: int = MEMORY // 2  # bytes beside what DuckDB counts: Python, and values that are made and not kept
_GAP = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_EXPLAIN = re.compile(
    rf"{_GAP}explain\b{_GAP}(?:\((?:analyze|format)\b[^)]*\){_GAP}|analyze\b{_GAP})?(.*)",
    re.DOTALL | re.IGNORECASE,
)


def main() -> None:
    """Answer the request; the exit code is 1 where that fails."""
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        with open_snapshot(Path(request["snapshot"])) as con:
            is_arrow = request["form"] == "arrow"
            if is_arrow:
                import pyarrow  # noqa: F401 - it opens files, which is over below
            _confine(request["seconds"])
            if is_arrow:
                _write_arrow(con, request["sql"])
            else:
                for text in written(con, request["sql"], request["form"], request["limit"]):
                    sys.stdout.buffer.write(text.encode())
                    sys.stdout.buffer.flush()
    except BrokenPipeError:  # nobody reads on
        os._exit(1)
    except Exception as error:
        told = _explained(error)
        sys.stderr.write(json.dumps({"error_class": told.error_class, "message": str(told)}))
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # a database that is let go of takes its time


def _die_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _confine(seconds: float) -> None:
    """Take from this process what an answer does not need: files, sockets, endless time and memory."""
    limits = {
        resource.RLIMIT_CPU: int(seconds * THREADS) + 2,
        resource.RLIMIT_DATA: MEMORY + _ELSE,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 0,  # what is open stays open; nothing else can be opened
    }
    for kind, limit in limits.items():
        with suppress(ValueError, OSError):  # not every system has all of them
            resource.setrlimit(kind, (limit, limit))


def written(con: duckdb.DuckDBPyConnection, sql: str, form: str, limit: int | None = None) -> Iterator[str]:
    """Yield the answer to one query in a form of `warehouse.answers.sql`, in pieces of whole lines.

    Raises:
        ContentError: it is no query, or not one.
        duckdb.Error: it is wrong, or asks for more than reading.
    """
    sql.encode()  # DuckDB has no line for what is no Unicode
    source = _source(con, sql)
    described = con.execute(f"from {source} limit 0").description or []
    columns = [Column(name, kind) for name, kind, *_ in described]
    most = "" if limit is None else f" limit {limit}"

    def lines(expression: str) -> Iterator[list[str]]:
        found = con.execute(f"select {expression} from {source} {names_of(columns)}{most}")  # noqa: S608 - it is SQL
        while rows := found.fetchmany(_ROWS):
            yield [line for (line,) in rows]

    if form == "json":
        return _as_json(lines(json_line(columns)))
    if form == "jsonl":
        return (strict_json("\n".join([*batch, ""])) for batch in lines(json_line(columns)))
    if form == "screen":
        names = json.dumps([column.name for column in columns])
        return ("\n".join([*batch, ""]) for batch in chain([[names]], lines(screen_line(columns))))
    safe = form == "csv-safe"
    header = con.execute(f"select {csv_header(columns, safe=safe)}").fetchall()
    batches = chain([[line for (line,) in header]], lines(csv_line(columns, safe=safe)))
    return (visible("\n".join([*batch, ""]), keep="\n\t") for batch in batches)


def _write_arrow(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    import pyarrow as pa

    rows = con.sql(f"from {_source(con, sql)}").to_arrow_reader(_ROWS)
    with pa.ipc.new_stream(sys.stdout.buffer, rows.schema) as stream:
        for batch in rows:
            stream.write_batch(batch)
    sys.stdout.buffer.flush()


def _as_json(batches: Iterator[list[str]]) -> Iterator[str]:
    before = "["
    for batch in batches:
        yield f"{before}\n" + strict_json(",\n".join(batch))
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _source(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Write the one query in a form that `from` takes.

    Raises:
        ContentError: it is no query, or not one.
    """
    kinds = [statement.type for statement in con.extract_statements(sql)]
    if kinds == [duckdb.StatementType.EXPLAIN]:
        explained = _EXPLAIN.fullmatch(sql)
        _source(con, explained[1] if explained else "")  # only of a query: `explain analyze` does what it explains
        plan = ", ".join(f"({quoted(key)}, {quoted(drawn)})" for key, drawn in con.execute(sql).fetchall())
        return f"(from (values {plan}) plan(explain_key, explain_value))"
    if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.MULTI]):  # a pivot becomes several
        msg = (
            "only one query at a time, and only reading: start it with select, from, with, pivot, show or explain"
        )
        raise ContentError(msg)
    return f"(\n{_without_semicolon(sql)}\n)"


def _without_semicolon(sql: str) -> str:
    encoded = sql.encode()
    ends = (
        at for at, kind in duckdb.tokenize(sql) if kind == duckdb.token_type.operator and encoded[at] == ord(";")
    )
    return encoded[: next(ends, len(encoded))].decode()


def _explained(error: Exception) -> TurntableError:
    if isinstance(error, TurntableError):
        return error
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return ResourceError(
            f"the query needs more than the {MEMORY / 1e9:.0f} GB of memory that it gets: ask for less at once"
        )
    cause = one_line(error) if isinstance(error, duckdb.Error) else errors.one_line(error)
    return ContentError(f"the query failed: {cause[:2000]}; `show tables` and `describe best_turns` help")


if __name__ == "__main__":
    main()
