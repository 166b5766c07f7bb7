"""The answer to a query as a file: CSV, JSON Lines or Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from transforms.errors import ContentError
from transforms.records import Seconds
from warehouse.answers.sql import Form, answer


def write_table(snapshot: Path, query: str, format: str, sink: BinaryIO, *, seconds: Seconds) -> None:
    """Write the answer to a query, piece by piece; `format` is one of `TABLES`.

    Raises:
        ContentError: it is no query, or Parquet has no type for a column.
        ResourceError: it takes more time or memory than it gets.
    """
    if format == "parquet":
        _write_parquet(answer(snapshot, query, "arrow", seconds=seconds), sink)
        return
    for piece in answer(snapshot, query, cast("Form", format), seconds=seconds):
        sink.write(piece)


def _write_parquet(pieces: Iterator[bytes], sink: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pa.ipc.open_stream(io.BufferedReader(_Pieces(pieces)))
        with pq.ParquetWriter(sink, rows.schema, compression="zstd") as file:
            for batch in rows:
                file.write_batch(batch)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        msg = f"Parquet cannot hold it ({str(error).splitlines()[0]}): cast that column to varchar"
        raise ContentError(msg) from error


class _Pieces(io.RawIOBase):
    """Pieces of bytes, read as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes; 0 at the end."""
        self._rest = self._rest or next(self._pieces, b"")
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
