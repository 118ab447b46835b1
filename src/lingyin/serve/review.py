"""Routes of the physician's work: catalogue, signature, other studies of a patient, agreement, labels."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from lingyin.analyze.verdicts import CATEGORIES
from lingyin.core.errors import InputError, UsageError
from lingyin.core.measurements import load_measurements
from lingyin.core.tree import load_tree
from lingyin.report.reopen import read_study
from lingyin.report.review import sign_report
from lingyin.report.review.labels import export_corrections
from lingyin.serve.parts import Parts, caller, known_study, parts_of
from lingyin.serve.records import Agreement, CatalogueEntry, Prior, Problem, Signed, SignRequest

router = APIRouter(tags=["review"])
_signing = threading.Lock()  # one at a time: each takes seconds of a processor, and two of one study must not cross
PROBLEMS: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


@router.post(
    "/studies/{key}/signature", responses={**PROBLEMS, 409: {"model": Problem}, 422: {"description": "a wrong edit"}}
)
def sign(request: Request, key: str, asked: SignRequest) -> Signed:
    """Applies corrections and signs; every file of the report is made anew.

    `seen_sha256` is the hash of the `report.json` that the signer saw: another one is not signed.
    """
    parts = parts_of(request)
    folder = _folder(request, key)
    with _signing:
        _check_seen(parts, key, folder, asked.seen_sha256)
        try:
            study = sign_report(folder, asked.by, asked.edits, organisation=asked.organisation, comment=asked.comment)
        except UsageError as error:
            raise HTTPException(422, str(error)) from None
        except InputError as error:
            raise HTTPException(409, error.problem) from None
        parts.reviews.note_signature(key, study)
        parts.store.retriage(key, study.triage.value)
        parts.index.take(key)
    signature = study.signatures[-1]
    parts.access.note(caller(request), f"sign {signature.sha256[:16]}", key)
    return Signed(
        status=study.status.value,
        by=signature.by,
        at=signature.at,
        sha256=signature.sha256,
        triage=study.triage.value,
        changes=len(signature.changes),
    )


def _check_seen(parts: Parts, key: str, folder: Path, seen: str) -> None:
    content = (folder / "report.json").read_bytes()
    if hashlib.sha256(content).hexdigest() != seen:
        raise HTTPException(409, "the report is not the one you saw any more; look at it again")
    noted = parts.reviews.latest_hash(key)
    signatures = read_study(folder).signatures
    if noted != (signatures[-1].sha256 if signatures else None):
        raise HTTPException(409, "the report's files were changed outside this server; restore them from a backup")


@router.get("/studies/{key}/others", responses=PROBLEMS)
def others(request: Request, key: str) -> list[Prior]:
    """The other studies of the same patient, the latest first."""
    known_study(request, key)
    return parts_of(request).reviews.others_of(key)


@router.get("/catalogue")
def catalogue() -> list[CatalogueEntry]:
    """What a physician may add to a report: findings of the label tree and measurements, with their names."""
    entries = [
        CatalogueEntry(code=code, name=dict(entry.name), unit=entry.unit) for code, entry in load_measurements().items()
    ]
    tree = load_tree()
    entries += [
        CatalogueEntry(code=code, name=dict(tree[code].name), unit=None)
        for code in tree
        if tree[code].kind in CATEGORIES
    ]
    return entries


@router.get("/agreement")
def agreement(request: Request) -> list[Agreement]:
    """How much of what the program found physicians left as it was, month by month."""
    return parts_of(request).reviews.agreement()


@router.get("/corrections.zip", response_class=Response, responses={404: {"model": Problem}})
def corrections(request: Request) -> FileResponse:
    """All signed reports as training labels for `lingyin adapt`: pictures, masks, tables."""
    parts = parts_of(request)
    folders = [parts.settings.reports / key for key in parts.reviews.signed()]
    if not folders:
        raise HTTPException(404, "no report has been signed yet")
    with tempfile.TemporaryDirectory(dir=parts.settings.temporary) as made:
        export_corrections(folders, Path(made))
        answer = _zipped(parts, Path(made), "corrections.zip")
    parts.access.note(caller(request), "export corrections")
    return answer


@router.get("/studies/{key}/report.zip", response_class=Response, responses=PROBLEMS)
def report_zip(request: Request, key: str) -> FileResponse:
    """All files of a report in one."""
    parts = parts_of(request)
    answer = _zipped(parts, _folder(request, key), "report.zip")
    parts.access.note(caller(request), "view report.zip", key)
    return answer


def _zipped(parts: Parts, folder: Path, name: str) -> FileResponse:
    """The files of a folder as one zip, which goes once it is sent. Links are left out: they may lead elsewhere."""
    with tempfile.NamedTemporaryFile(dir=parts.settings.temporary, suffix=".zip", delete=False) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    pack.write(path, path.relative_to(folder).as_posix())
        packed = Path(file.name)
    return FileResponse(packed, media_type="application/zip", filename=name, background=BackgroundTask(packed.unlink))


def _folder(request: Request, key: str) -> Path:
    if known_study(request, key).state != "done":
        raise HTTPException(409, "the study has no report")
    return parts_of(request).settings.reports / key
