"""Routes of the studies: upload, worklist, one study, the files of its report, and deletion."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, HTTPException, Query, Request, UploadFile
from fastapi.responses import FileResponse, Response

from lingyin.report.pictures import THUMBNAIL
from lingyin.serve import headers
from lingyin.serve.intake import receive
from lingyin.serve.keeping import remove_study
from lingyin.serve.parts import caller, known_study, parts_of
from lingyin.serve.records import Accepted, Problem, StudyPage, StudyRecord
from lingyin.serve.store import QueueFullError

router = APIRouter(tags=["studies"])
STATES = {"all": ("queued", "running", "done", "failed"), "waiting": ("queued", "running"), "ended": ("done", "failed")}
TYPES = {
    ".jpg": "image/jpeg",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}


@router.post(
    "/studies",
    status_code=202,
    responses={code: {"model": Problem} for code in (400, 413, 415, 429, 503, 507)},
)
def upload(
    request: Request,
    files: Annotated[list[UploadFile], File(description="scans, archives of scans, and their sidecars")],
    mm_per_px: Annotated[
        float | None, Form(ge=1e-4, le=10, description="mm per pixel of pictures and videos that carry no scale")
    ] = None,
) -> Accepted:
    """Queues every scan in the files; what is no scan is named in the answer."""
    parts = parts_of(request)
    try:
        folder, arrivals, refused = receive(
            ((each.filename or "", each.file) for each in files), parts.settings.uploads, mm_per_px
        )
    except OSError as error:
        raise HTTPException(507, f"the upload cannot be stored ({error.strerror})") from None
    try:
        if not arrivals:
            raise HTTPException(415, "; ".join(each.reason for each in refused) or "no scan in the files")
        if len(arrivals) > parts.settings.max_waiting:
            raise HTTPException(413, f"more than {parts.settings.max_waiting} scans in one request")
        ids = parts.store.add(arrivals, parts.settings.max_waiting)
    except (HTTPException, QueueFullError) as error:
        shutil.rmtree(parts.settings.uploads / folder, ignore_errors=True)
        if isinstance(error, QueueFullError):
            raise HTTPException(503, "the queue is full", {"Retry-After": "30"}) from None
        raise
    for key in ids:
        parts.access.note(caller(request), "upload", key)
    parts.worker.wake()
    return Accepted(studies=[known_study(request, key) for key in ids], refused=refused)


@router.get("/studies")
def worklist(
    request: Request,
    offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    state: Literal["all", "waiting", "ended"] = "all",
) -> StudyPage:
    """The worklist: the most urgent first, then the latest."""
    total, studies = parts_of(request).store.page(offset, limit, STATES[state])
    return StudyPage(total=total, offset=offset, studies=studies)


@router.get("/studies/{key}", responses=PROBLEMS)
def study(request: Request, key: str) -> StudyRecord:
    """One study with the names of its files."""
    record = known_study(request, key)
    files = _files(request, record)
    report = files.get("report.json")
    digest = None if report is None else hashlib.sha256(report.read_bytes()).hexdigest()
    return record.model_copy(update={"files": sorted(files), "report_sha256": digest})


@router.get("/studies/{key}/files/{name:path}", responses=PROBLEMS, response_class=Response)
def file(request: Request, key: str, name: str) -> FileResponse:
    """A file of the report; the page comes to be shown, everything else to be kept."""
    path = _files(request, known_study(request, key)).get(name)
    if path is None:
        raise HTTPException(404, "the report has no such file")
    if name != THUMBNAIL:  # the worklist shows these by the dozen
        parts_of(request).access.note(caller(request), f"view {name}", key)
    shown = path.suffix == ".html"
    return FileResponse(
        path,
        media_type=TYPES.get(path.suffix, "application/octet-stream"),
        filename=path.name,
        content_disposition_type="inline" if shown else "attachment",
        headers=headers.REPORT if shown else headers.DATA,
    )


@router.delete("/studies/{key}", status_code=204, responses=PROBLEMS)
def delete(request: Request, key: str) -> None:
    """Removes a study, its report and its scan for good; the audit log keeps that it happened."""
    parts = parts_of(request)
    if not remove_study(parts, key, caller(request)):
        raise HTTPException(404, "there is no such study")


def _files(request: Request, record: StudyRecord) -> dict[str, Path]:
    """The files of a report by name. Only names found on the disk are known, so none can lead elsewhere."""
    if record.state != "done":
        return {}
    folder = parts_of(request).settings.reports / record.id
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
