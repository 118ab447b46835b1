"""What the node knows, in SQLite: images that wait for analysis, results that wait for delivery. Survives any kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lingyin.serve.database import Database, now

# An image at hand whenever the process ended, this often, is not tried again. Many, because a node that somebody kills
# again and again must lose nothing; an image that is to blame waits behind all others meanwhile.
MAX_CRASHES = 12
CRASHED = "the program ended while it read this image, many times; it is not tried again"


@dataclass(frozen=True)
class Image:
    """A received instance; `file` is its name in the folder of images."""

    sop_instance: str
    sop_class: str
    study: str
    sender: str
    file: str
    expected: int | None = None


@dataclass(frozen=True)
class Result:
    """An object for the peer; `file` is its path within the folder of results."""

    sop_instance: str
    sop_class: str
    transfer_syntax: str
    file: str
    seq: int = 0
    attempts: int = 0


class State:
    """Images, results and their events in a `Database`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recover(self) -> list[str]:
        """Takes up again what a killed process had begun; returns files of images that ended it too often."""
        with self._database.transaction() as db:
            rows = db.execute(
                "UPDATE images SET state='dead', error=? WHERE state='running' AND attempts>=? RETURNING file",
                (CRASHED, MAX_CRASHES),
            ).fetchall()
            db.execute("UPDATE images SET state='waiting' WHERE state='running'")
        return [row["file"] for row in rows]

    def has(self, sop_instance: str) -> bool:
        """Whether this instance was received, or is a result of ours that came back."""
        return self.held([sop_instance]) != {}

    def held(self, sop_instances: Iterable[str]) -> dict[str, str]:
        """SOP class of each of these instances that the node keeps."""
        found: dict[str, str] = {}
        with self._database.reading() as db:
            for each in sop_instances:
                row = db.execute(
                    "SELECT sop_class FROM images WHERE sop_instance=? "
                    "UNION ALL SELECT sop_class FROM results WHERE sop_instance=? LIMIT 1",
                    (each, each),
                ).fetchone()
                if row is not None:
                    found[each] = row["sop_class"]
        return found

    def receive(self, image: Image, at: float) -> bool:
        """Notes a stored image; False where it was there before."""
        with self._database.transaction() as db:
            return _changed(
                db.execute(
                    "INSERT OR IGNORE INTO images (sop_instance, sop_class, study, sender, file, expected, received) "
                    "VALUES (?,?,?,?,?,?,?)",
                    (image.sop_instance, image.sop_class, image.study, image.sender, image.file, image.expected, at),
                )
            )

    def claim(self, quiet_since: float, instances: int | None) -> tuple[int, str] | None:
        """Number and file of the image to analyse next, now marked as running: the least tried, then the longest here.

        Complete: nothing came since `quiet_since`, or it holds as many images as were announced, or `instances`.
        """
        with self._database.transaction() as db:
            row = db.execute(
                "UPDATE images SET state='running', attempts=attempts+1 WHERE seq=("
                " SELECT waiting.seq FROM images AS waiting JOIN ("
                "  SELECT study, max(received) AS last, count(*) AS count, max(expected) AS announced FROM images"
                "  WHERE study IN (SELECT study FROM images WHERE state='waiting') GROUP BY study"
                " ) AS whole USING (study)"
                " WHERE waiting.state='waiting' AND (last<=? OR count>=coalesce(?, announced))"
                " ORDER BY waiting.attempts, waiting.seq LIMIT 1) RETURNING seq, file",
                (quiet_since, instances),
            ).fetchone()
        return None if row is None else (row["seq"], row["file"])

    def release(self, seq: int) -> None:
        """Puts a claimed image back that is through no fault of its own not analysed."""
        with self._database.transaction() as db:
            db.execute("UPDATE images SET state='waiting', attempts=attempts-1 WHERE seq=? AND state='running'", (seq,))

    def finish(self, seq: int, triage: str, results: Sequence[Result], due: float) -> None:
        """Ends an image as analysed and queues its results, both or neither."""
        with self._database.transaction() as db:
            db.execute("UPDATE images SET state='done', triage=?, error=NULL WHERE seq=?", (triage, seq))
            db.executemany(
                "INSERT INTO results (image, sop_instance, sop_class, transfer_syntax, file, due) VALUES (?,?,?,?,?,?)",
                [(seq, each.sop_instance, each.sop_class, each.transfer_syntax, each.file, due) for each in results],
            )

    def give_up(self, seq: int, error: str) -> None:
        """Ends an image that cannot be analysed."""
        with self._database.transaction() as db:
            db.execute("UPDATE images SET state='dead', error=? WHERE seq=?", (error, seq))

    def due(self, at: float, limit: int) -> list[Result]:
        """Results to send now, the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT * FROM results WHERE state='waiting' AND due<=? ORDER BY seq LIMIT ?", (at, limit)
            ).fetchall()
        return [
            Result(
                row["sop_instance"],
                row["sop_class"],
                row["transfer_syntax"],
                row["file"],
                row["seq"],
                row["attempts"],
            )
            for row in rows
        ]

    def sent(self, seq: int, warning: str | None) -> None:
        """Notes that the peer has a result."""
        with self._database.transaction() as db:
            db.execute("UPDATE results SET state='sent', attempts=attempts+1, error=? WHERE seq=?", (warning, seq))

    def missed(self, seq: int, error: str, due: float | None) -> None:
        """Notes a failed delivery; tried again at `due`, never where that is None."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE results SET state=?, attempts=attempts+1, error=?, due=coalesce(?, due) WHERE seq=?",
                ("dead" if due is None else "waiting", error, due, seq),
            )

    def dead(self) -> dict[str, list[tuple[str, str]]]:
        """File and reason of everything given up, by table."""
        with self._database.reading() as db:
            return {
                table: [
                    (row["file"], row["error"] or "") for row in db.execute(f"SELECT * FROM {table} WHERE state='dead'")
                ]
                for table in ("images", "results")
            }

    def revive(self, due: float) -> list[str]:
        """Queues everything given up again, as if new; returns its files."""
        with self._database.transaction() as db:
            rows = db.execute(
                "UPDATE images SET state='waiting', attempts=0 WHERE state='dead' RETURNING file"
            ).fetchall()
            rows += db.execute(
                "UPDATE results SET state='waiting', attempts=0, due=? WHERE state='dead' RETURNING file", (due,)
            ).fetchall()
            db.execute("UPDATE commitments SET state='waiting', attempts=0, due=? WHERE state='dead'", (due,))
        return [row["file"] for row in rows]

    def files(self) -> set[str]:
        """Names of all images."""
        with self._database.reading() as db:
            return {row["file"] for row in db.execute("SELECT file FROM images")}

    def note(self, what: str, file: str, reason: str | None = None) -> None:
        """Writes a line into the book of events, which is never shortened."""
        with self._database.transaction() as db:
            db.execute("INSERT INTO events (at, what, file, reason) VALUES (?,?,?,?)", (now(), what, file, reason))

    def counts(self) -> Mapping[str, dict[str, int]]:
        """How many rows of each table are in which state."""
        with self._database.reading() as db:
            return {table: _by_state(db, table) for table in ("images", "results", "commitments")}


def _by_state(db: sqlite3.Connection, table: str) -> dict[str, int]:
    rows: list[Any] = db.execute(f"SELECT state, count(*) AS n FROM {table} GROUP BY state").fetchall()
    return {row["state"]: row["n"] for row in rows}


def _changed(cursor: sqlite3.Cursor) -> bool:
    return cursor.rowcount > 0
