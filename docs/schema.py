"""Write the tables, views and macros of the warehouse into docs/sql.md: `python docs/schema.py`.

Names, types and meanings are the comments of the database itself, so that the page cannot tell otherwise.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

PAGE = Path(__file__).parent / "sql.md"
# Most read first; what is not named here follows by name.
FIRST = (
    "best_turns", "talk_time", "exchanges", "interruptions", "speaker_overlaps", "silences", "monologues",
    "speaker_pairs", "guests", "transcript_quality", "processing", "recognizers", "sporc_turns", "sporc_episodes",
    "seglst", "turns", "words", "transcripts", "episodes", "podcasts", "renditions", "chapters", "sections",
    "events", "transcript_speakers", "speaker_segments",
)  # fmt: skip
_SECTION = re.compile(r"(<!-- schema: .*? -->\n).*?(<!-- end of schema -->)", re.DOTALL)


def main() -> None:
    """Write the section anew."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def renewed(page: str) -> str:
    """Return the page with the schema as it is."""
    return _SECTION.sub(lambda found: f"{found[1]}\n{schema()}\n{found[2]}", page)


def schema() -> str:
    """Describe every table, view and macro of a new warehouse in Markdown."""
    from warehouse.store import migrate, opened, rows

    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "new.duckdb") as con:
        migrate(con)
        tables = rows(
            con,
            "select table_name, comment from duckdb_tables() union all "
            "select view_name, comment from duckdb_views() where not internal order by table_name",
        )
        columns = rows(
            con,
            "select table_name, column_name, lower(data_type), comment from duckdb_columns() "
            "where not internal order by table_name, column_index",
        )
        macros = rows(
            con,
            "select function_name, array_to_string(parameters, ', '), comment from duckdb_functions() "
            "where not internal and comment is not null order by function_type = 'macro', function_name",
        )
    order = {name: number for number, name in enumerate(FIRST)}
    parts = []
    for table, about in sorted(tables, key=lambda row: (order.get(row[0], len(order)), row[0])):
        own = [f"| `{name}` | {_short(kind)} | {comment} |" for of, name, kind, comment in columns if of == table]
        parts.append(
            "\n".join([f"### {table}\n\n{about}\n", "| column | type | meaning |", "|---|---|---|", *own, ""])
        )
    own = [f"| `{name}({parameters})` | {comment} |" for name, parameters, comment in macros]
    return "\n".join([*parts, "### Macros\n", "| macro | meaning |", "|---|---|", *own, ""])


def _short(kind: str) -> str:
    return kind.replace("timestamp with time zone", "timestamptz").replace('"', "")


if __name__ == "__main__":
    main()
