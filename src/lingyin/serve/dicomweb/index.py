"""Which DICOM objects the server holds: received scans and results, each with its file and what searches ask for."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset

from lingyin.serve.database import Database
from lingyin.serve.dicomweb.model import Json, Level, kept, read_header, text_element
from lingyin.serve.dicomweb.query import Query
from lingyin.serve.settings import Settings

log = logging.getLogger(__name__)
GROUPS = {Level.STUDY: "study_uid", Level.SERIES: "study_uid, series_uid", Level.INSTANCE: "sop_uid"}


@dataclass(frozen=True)
class Uids:
    """Where in the tree of DICOM something stands; None: anywhere."""

    study: str | None = None
    series: str | None = None
    sop: str | None = None


def address(base: str, uids: Uids) -> str:
    """Where something can be fetched."""
    names = (("studies", uids.study), ("series", uids.series), ("instances", uids.sop))
    return base + "".join(f"/{name}/{uid}" for name, uid in names if uid is not None)


@dataclass(frozen=True)
class Held:
    """An object at hand: the study of ours it belongs to, and its file."""

    study: str
    uids: Uids
    syntax: str
    path: Path


class Index:
    """Objects in a `Database`; their files lie in the server's data folder."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings

    def has(self, sop_uid: str) -> bool:
        """Whether an object is here."""
        with self._database.reading() as db:
            return db.execute("SELECT 1 FROM instances WHERE sop_uid=? LIMIT 1", (sop_uid,)).fetchone() is not None

    def take(self, key: str) -> None:
        """Lists the results in a report's folder instead of what was listed of them before."""
        folder = self._settings.reports / key
        mark = _mark(folder)
        found = [(path, read_header(path)) for path in sorted((folder / "dicom").glob("*.dcm"))]
        with self._database.transaction() as db:
            db.execute("DELETE FROM instances WHERE study=? AND file LIKE 'reports/%'", (key,))
            for path, header in found:
                insert(db, key, path.relative_to(self._settings.data).as_posix(), header)
            db.execute("INSERT OR REPLACE INTO indexed VALUES (?,?)", (key, mark))

    def catch_up(self, keys: Iterable[str]) -> int:
        """Lists the results of reports that were written or signed without being listed: by an earlier release, or
        just before the process was killed; how many."""
        with self._database.reading() as db:
            marks = {row["study"]: row["mark"] for row in db.execute("SELECT study, mark FROM indexed")}
        late = 0
        for key in keys:
            if marks.get(key) == _mark(self._settings.reports / key):
                continue
            try:
                self.take(key)
                late += 1
            except Exception as error:  # one damaged report must not hide the others
                log.error("the results of study %s cannot be listed: %s", key, type(error).__name__)
        return late

    def forget(self, key: str) -> None:
        """Removes the objects of a study, and the files of its received scans."""
        with self._database.transaction() as db:
            rows = db.execute("DELETE FROM instances WHERE study=? RETURNING file", (key,)).fetchall()
            db.execute("DELETE FROM indexed WHERE study=?", (key,))
        for row in rows:
            path = self._settings.data / row["file"]
            if path.parent == self._settings.scans:
                path.unlink(missing_ok=True)

    def scans(self) -> set[str]:
        """Names of the received scans that are listed."""
        with self._database.reading() as db:
            rows = db.execute("SELECT file FROM instances WHERE file LIKE 'scans/%'").fetchall()
        return {Path(row["file"]).name for row in rows}

    def held(self, uids: Uids) -> list[Held]:
        """The objects at a place of the tree, each once, in the order of their numbers of series and arrival."""
        where, values = _where(uids)
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT min(seq) AS seq, study, study_uid, series_uid, sop_uid, syntax, file FROM instances "
                f"WHERE {where} GROUP BY sop_uid ORDER BY seq",
                values,
            ).fetchall()
        return [
            Held(
                row["study"],
                Uids(row["study_uid"], row["series_uid"], row["sop_uid"]),
                row["syntax"],
                self._settings.data / row["file"],
            )
            for row in rows
        ]

    def search(self, query: Query, uids: Uids) -> Iterator[tuple[Uids, Json]]:
        """Studies, series or objects that meet a query, with their attributes; all of them, whatever its limits."""
        where, values = _where(uids)
        with self._database.reading() as db:
            # Of a group, the columns without a function are those of its first object (SQLite: "bare columns").
            rows = db.execute(
                "SELECT min(seq) AS seq, study_uid, series_uid, sop_uid, attributes, "
                "count(DISTINCT sop_uid) AS objects, count(DISTINCT series_uid) AS series, "
                "group_concat(DISTINCT modality) AS modalities "
                f"FROM instances WHERE {where} GROUP BY {GROUPS[query.level]} ORDER BY seq DESC",
                values,
            ).fetchall()
        for row in rows:
            attributes = json.loads(row["attributes"]) | _counted(query.level, row)
            if query.holds(attributes):
                yield Uids(row["study_uid"], row["series_uid"], row["sop_uid"]), attributes


def insert(db: sqlite3.Connection, key: str, file: str, header: Dataset) -> None:
    """Lists one object within a transaction."""
    db.execute(
        "INSERT OR IGNORE INTO instances (study, study_uid, series_uid, sop_uid, modality, syntax, file, attributes) "
        "VALUES (?,?,?,?,?,?,?,?)",
        (
            key,
            *(str(header.get(name) or "") for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")),
            str(header.get("Modality") or ""),
            str(header.file_meta.get("TransferSyntaxUID") or ""),
            file,
            json.dumps(kept(header), ensure_ascii=False, allow_nan=False),
        ),
    )


def _where(uids: Uids) -> tuple[str, tuple[str, ...]]:
    wanted = {"study_uid": uids.study, "series_uid": uids.series, "sop_uid": uids.sop}
    named = {column: value for column, value in wanted.items() if value is not None}
    return " AND ".join(["1", *(f"{column}=?" for column in named)]), tuple(named.values())


def _counted(level: Level, row: sqlite3.Row) -> Json:
    """What is known of a group as a whole."""
    found = text_element("InstanceAvailability", "ONLINE")
    if level is Level.STUDY:
        found |= text_element("ModalitiesInStudy", *sorted(each for each in row["modalities"].split(",") if each))
        found |= text_element("NumberOfStudyRelatedSeries", row["series"])
        found |= text_element("NumberOfStudyRelatedInstances", row["objects"])
    elif level is Level.SERIES:
        found |= text_element("NumberOfSeriesRelatedInstances", row["objects"])
    return found


def _mark(folder: Path) -> str:
    try:
        return str((folder / "report.json").stat().st_mtime_ns)
    except OSError:
        return ""
