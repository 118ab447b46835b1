"""STOW-RS (PS3.18 10.5): received objects are judged one by one; scans are kept and queued in the order they came."""

from __future__ import annotations

import re
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset

from lingyin.core.errors import LingyinError
from lingyin.io.dicom.kind import check_ultrasound
from lingyin.io.sniff import Kind, sniff
from lingyin.serve.dicomweb.index import Index, Uids, address, insert
from lingyin.serve.dicomweb.model import Json, read_header, text_element
from lingyin.serve.node.receive import is_own, settle
from lingyin.serve.settings import Settings
from lingyin.serve.store import Arrival, Store

# PS3.18 table I.2-2
MISMATCH = 0xA900  # data set does not match
CANNOT_UNDERSTAND = 0xC000
NOT_SUPPORTED = 0x0122  # SOP class
UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_storing = threading.Lock()  # the same object may come twice at the same time


@dataclass(frozen=True)
class Outcome:
    """What became of one part: its identifiers as far as they are known, and why it was not taken."""

    sop_class: str = ""
    sop: str = ""
    study: str = ""
    series: str = ""
    failure: int | None = None


@dataclass(frozen=True)
class _Taken:
    path: Path
    header: Dataset


def store(
    paths: Sequence[Path], wanted_study: str | None, settings: Settings, queue: Store, index: Index
) -> tuple[list[Outcome], list[str]]:
    """Keeps and queues the scans among received files, all that are good or none.

    Args:
        paths: files as received, in the order they came.
        wanted_study: Study Instance UID that all must have; None: any.
        settings: folders and limits.
        queue: where the scans wait.
        index: where they are listed.

    Returns:
        What became of each file, and the new studies of ours.

    Raises:
        QueueFullError: too many would wait; nothing is kept.
        OSError: the disk is full or may not be written; nothing is kept.
    """
    with _storing:
        outcomes: list[Outcome] = []
        taken: list[_Taken] = []
        for path in paths:
            outcome, header = _judge(path, wanted_study)
            outcomes.append(outcome)
            known = {str(each.header.SOPInstanceUID) for each in taken}
            # The first one stays: an identifier never names two objects (PS3.3 C.12.1).
            if header is not None and outcome.sop not in known and not index.has(outcome.sop):
                taken.append(_Taken(path, header))
        return outcomes, _keep(taken, settings, queue) if taken else []


def answer(outcomes: Sequence[Outcome], base: str) -> tuple[int, Json]:
    """Status and body of the answer (PS3.18 10.5.3): 200 all taken, 202 some, 409 none."""
    good = [each for each in outcomes if each.failure is None]
    bad = [each for each in outcomes if each.failure is not None and each.sop]
    other = [each for each in outcomes if each.failure is not None and not each.sop]
    body: Json = {}
    studies = {each.study for each in good}
    if len(studies) == 1:
        body |= text_element("RetrieveURL", address(base, Uids(studies.pop())))
    if good:
        body |= text_element("ReferencedSOPSequence", *(_named(each) | _place(each, base) for each in good))
    if bad:
        body |= text_element("FailedSOPSequence", *(_named(each) | _reason(each) for each in bad))
    if other:
        body |= text_element("OtherFailuresSequence", *(_reason(each) for each in other))
    return (409 if not good else 202 if bad or other else 200), body


def shown_name(header: Dataset) -> str:
    """What the worklist and the report call a scan that came without a file name: nothing of the patient."""
    day = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", str(header.get("StudyDate") or ""))
    numbers = [str(header.get(name) or "") for name in ("SeriesNumber", "InstanceNumber")]
    shown = [number for number in numbers if re.fullmatch(r"\d{1,9}", number)]
    return " ".join(["US", *(["-".join(day.groups())] if day else []), *([".".join(shown)] if shown else [])])


def _judge(path: Path, wanted_study: str | None) -> tuple[Outcome, Dataset | None]:
    try:
        if sniff(path).kind is not Kind.DICOM:
            return Outcome(failure=CANNOT_UNDERSTAND), None
        header = read_header(path)
        names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
        uids = [str(header.get(name) or "") for name in names]
        if header.preamble is None or not header.file_meta.get("TransferSyntaxUID"):  # a file of PS3.10 is asked for
            return Outcome(failure=CANNOT_UNDERSTAND), None
        if not all(len(uid) <= 64 and UID.fullmatch(uid) for uid in uids):
            return Outcome(failure=CANNOT_UNDERSTAND), None
        outcome = Outcome(uids[0], uids[1], uids[2], uids[3])
        if wanted_study not in {None, outcome.study}:
            return replace(outcome, failure=MISMATCH), None
        try:
            check_ultrasound(header, outcome.sop)
        except LingyinError:
            return replace(outcome, failure=NOT_SUPPORTED), None
        if is_own(header):
            return replace(outcome, failure=NOT_SUPPORTED), None
    except OSError:
        raise
    except Exception:  # whatever a damaged data set brings up in the parser
        return Outcome(failure=CANNOT_UNDERSTAND), None
    return outcome, header


def _keep(taken: Sequence[_Taken], settings: Settings, queue: Store) -> list[str]:
    upload = secrets.token_hex(16)
    folder = settings.uploads / upload
    scans = [settings.scans / f"{secrets.token_hex(16)}.dcm" for _ in taken]
    arrivals = [Arrival(shown_name(each.header), upload, f"{number:05}") for number, each in enumerate(taken)]

    def listed(db: sqlite3.Connection, keys: Sequence[str]) -> None:
        for key, each, scan in zip(keys, taken, scans, strict=True):
            insert(db, key, scan.relative_to(settings.data).as_posix(), each.header)

    try:
        folder.mkdir(mode=0o700)
        for each, scan, arrival in zip(taken, scans, arrivals, strict=True):
            settle(each.path, scan)
            _linked(scan, folder / arrival.file)
        return queue.add(arrivals, settings.max_waiting, listed)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for scan in scans:
            scan.unlink(missing_ok=True)
        raise


def _linked(source: Path, target: Path) -> None:
    """A second name for a file, or a copy of it where the file system knows no such thing."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def _place(outcome: Outcome, base: str) -> Json:
    return text_element("RetrieveURL", address(base, Uids(outcome.study, outcome.series, outcome.sop)))


def _named(outcome: Outcome) -> Json:
    return text_element("ReferencedSOPClassUID", outcome.sop_class) | text_element(
        "ReferencedSOPInstanceUID", outcome.sop
    )


def _reason(outcome: Outcome) -> Json:
    return text_element("FailureReason", outcome.failure)
