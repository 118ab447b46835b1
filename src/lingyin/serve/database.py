"""The SQLite file behind queue, worklist, sessions and audit log: WAL mode, one short transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lingyin.core.paths import packaged


class Database:
    """Hands out connections; safe to use from several threads and processes."""

    def __init__(self, path: Path, schema: Path | None = None, *, durable: bool = False) -> None:
        """Opens or makes the file, with mode 600, and its tables. Raises sqlite3.Error, OSError.

        Args:
            path: the file.
            schema: SQL that makes other tables than the server's.
            durable: a committed transaction outlives a power cut, not only the end of the process.
        """
        path.touch(mode=0o600, exist_ok=True)
        self._path = path
        self._synchronous = "FULL" if durable else "NORMAL"
        # While one connection stays open, closing the others does not write the whole log back every time.
        self._anchor = self._connect(check_same_thread=False)
        self._anchor.execute("PRAGMA journal_mode=WAL")
        tables = schema or packaged("lingyin.serve", "schema.sql")
        self._anchor.executescript(tables.read_text(encoding="utf-8"))

    def close(self) -> None:
        """Closes the file."""
        self._anchor.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection in a writing transaction: committed at the end, rolled back on any error."""
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        finally:
            connection.close()  # an open transaction is rolled back

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads."""
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    def forget(self) -> None:
        """Writes the log back and empties it, so that deleted rows are in no file any more."""
        with self.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _connect(self, *, check_same_thread: bool = True) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=check_same_thread)
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute("PRAGMA secure_delete=ON")
        return connection


def now() -> str:
    """The time as the tables keep it: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")
