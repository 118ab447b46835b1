"""Queue and worklist: studies enter in order, are claimed by a worker one at a time, and end as done or failed."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lingyin.serve.database import Database, now
from lingyin.serve.records import StudyRecord

# The worklist: what needs a physician first. A scan that failed may hide anything, so it stands before "cannot say".
RANK = {"urgent": 0, "abnormal": 1, "failed": 2, "cannot-say": 3, "normal": 4}
UNRANKED = 9
# Of a report: what its latest signature made it, preliminary before the first one.
STATUS = (
    "CASE WHEN state='done' THEN coalesce((SELECT status FROM reviews WHERE reviews.study=studies.id "
    "ORDER BY reviews.seq DESC LIMIT 1), 'preliminary') END AS status"
)
MAX_ATTEMPTS = 3  # a scan that brought the process down this often is not tried again
CRASHED = "the program ended while it read this scan, several times; it is not tried again"


@dataclass(frozen=True)
class Arrival:
    """A scan that was received: `file` within the folder `upload`, or `member` of that archive."""

    name: str
    upload: str
    file: str
    member: str | None = None
    mm_per_px: float | None = None


@dataclass(frozen=True)
class Job:
    """A study that a worker has claimed."""

    id: str
    scan: Arrival


class QueueFullError(Exception):
    """The studies would exceed the queue."""


class Store:
    """Studies in a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recover(self) -> int:
        """Queues again what a killed process left running; returns how many. One that did so too often has failed."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE studies SET state='failed', rank=?, error=name || ': ' || ?, finished=? "
                "WHERE state='running' AND attempts>=?",
                (RANK["failed"], CRASHED, now(), MAX_ATTEMPTS),
            )
            return db.execute(
                "UPDATE studies SET state='queued', stage=NULL, progress=0 WHERE state='running'"
            ).rowcount

    def add(
        self,
        arrivals: Sequence[Arrival],
        max_waiting: int,
        also: Callable[[sqlite3.Connection, Sequence[str]], None] | None = None,
    ) -> list[str]:
        """Queues scans, all or none, and returns their new ids.

        Args:
            arrivals: the scans, in order.
            max_waiting: most studies that may wait.
            also: called with the ids within the same transaction.

        Raises:
            QueueFullError: more than `max_waiting` would wait.
        """
        ids = [secrets.token_urlsafe(16) for _ in arrivals]
        with self._database.transaction() as db:
            if _waiting(db) + len(arrivals) > max_waiting:
                raise QueueFullError
            db.executemany(
                "INSERT INTO studies (id, name, upload, file, member, mm_per_px, created) VALUES (?,?,?,?,?,?,?)",
                [
                    (key, each.name, each.upload, each.file, each.member, each.mm_per_px, now())
                    for key, each in zip(ids, arrivals, strict=True)
                ],
            )
            if also is not None:
                also(db, ids)
        return ids

    def claim(self) -> Job | None:
        """The study that has waited longest, now marked as running; None when none waits."""
        with self._database.transaction() as db:
            row = db.execute(
                "UPDATE studies SET state='running', attempts=attempts+1 WHERE seq="
                "(SELECT seq FROM studies WHERE state='queued' ORDER BY seq LIMIT 1) RETURNING *"
            ).fetchone()
        if row is None:
            return None
        return Job(row["id"], Arrival(row["name"], row["upload"], row["file"], row["member"], row["mm_per_px"]))

    def advance(self, key: str, stage: str, progress: float) -> bool:
        """Notes how far a study is; False where it was deleted meanwhile."""
        with self._database.transaction() as db:
            return _changed(db.execute("UPDATE studies SET stage=?, progress=? WHERE id=?", (stage, progress, key)))

    def finish(self, key: str, triage: str, organ: Mapping[str, str] | None) -> bool:
        """Ends a study as done; False where it was deleted meanwhile."""
        return self._end(key, "done", RANK[triage], triage, organ, None)

    def fail(self, key: str, error: str) -> bool:
        """Ends a study as failed; False where it was deleted meanwhile."""
        return self._end(key, "failed", RANK["failed"], None, None, error)

    def ended_before(self, limit: str) -> list[str]:
        """Studies that ended before a time (ISO 8601 UTC), the oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT id FROM studies WHERE state IN ('done', 'failed') AND finished<? ORDER BY finished", (limit,)
            ).fetchall()
        return [row["id"] for row in rows]

    def retriage(self, key: str, triage: str) -> None:
        """Moves a study that is done in the worklist, after a physician corrected its report."""
        with self._database.transaction() as db:
            db.execute("UPDATE studies SET triage=?, rank=? WHERE id=? AND state='done'", (triage, RANK[triage], key))

    def delete(self, key: str) -> str | None:
        """Removes a study for good; returns the folder of its upload, None where there is no such study."""
        with self._database.transaction() as db:
            row = db.execute("DELETE FROM studies WHERE id=? RETURNING upload", (key,)).fetchone()
        if row is None:
            return None
        self._database.forget()
        return str(row["upload"])

    def get(self, key: str) -> StudyRecord | None:
        """One study, None where there is none."""
        with self._database.reading() as db:
            row = db.execute(f"SELECT *, {STATUS} FROM studies WHERE id=?", (key,)).fetchone()
        return None if row is None else _record(row)

    def page(self, offset: int, limit: int, states: Sequence[str]) -> tuple[int, list[StudyRecord]]:
        """How many studies are in these states, and some of them: the most urgent first, then the latest.

        Those that are not ended come last, in the order in which they will be analysed.
        """
        where = f"state IN ({','.join('?' * len(states))})"
        with self._database.reading() as db:
            total = db.execute(f"SELECT count(*) FROM studies WHERE {where}", tuple(states)).fetchone()[0]
            rows = db.execute(
                f"SELECT *, {STATUS} FROM studies WHERE {where} "
                f"ORDER BY rank, CASE WHEN rank={UNRANKED} THEN seq ELSE -seq END LIMIT ? OFFSET ?",
                (*states, limit, offset),
            ).fetchall()
        return total, [_record(row) for row in rows]

    def waiting(self) -> int:
        """Studies that wait or run."""
        with self._database.reading() as db:
            return _waiting(db)

    def uploads_in_use(self) -> set[str]:
        """Folders of uploads that a study still waits in."""
        with self._database.reading() as db:
            rows = db.execute("SELECT DISTINCT upload FROM studies WHERE state IN ('queued', 'running')").fetchall()
        return {row["upload"] for row in rows}

    def done(self) -> list[str]:
        """Studies that have a report."""
        with self._database.reading() as db:
            return [row["id"] for row in db.execute("SELECT id FROM studies WHERE state='done' ORDER BY seq")]

    def ids(self) -> set[str]:
        """All studies."""
        with self._database.reading() as db:
            return {row["id"] for row in db.execute("SELECT id FROM studies")}

    def _end(
        self, key: str, state: str, rank: int, triage: str | None, organ: Mapping[str, str] | None, error: str | None
    ) -> bool:
        organ_json = None if organ is None else json.dumps(organ, ensure_ascii=False)
        with self._database.transaction() as db:
            return _changed(
                db.execute(
                    "UPDATE studies SET state=?, rank=?, triage=?, organ=?, error=?, stage=NULL, progress=1, "
                    "finished=? WHERE id=?",
                    (state, rank, triage, organ_json, error, now(), key),
                )
            )


def _waiting(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT count(*) FROM studies WHERE state IN ('queued', 'running')").fetchone()[0]
    return count


def _changed(cursor: sqlite3.Cursor) -> bool:
    return cursor.rowcount > 0


def _record(row: sqlite3.Row) -> StudyRecord:
    fields: dict[str, Any] = {
        name: row[name] for name in StudyRecord.model_fields if name not in {"files", "report_sha256"}
    }
    fields["organ"] = None if row["organ"] is None else json.loads(row["organ"])
    return StudyRecord(**fields)
