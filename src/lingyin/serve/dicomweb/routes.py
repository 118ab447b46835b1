"""Routes of DICOMweb: STOW-RS in, QIDO-RS and WADO-RS of scans and results; behind the same token as all others."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from lingyin.serve import headers
from lingyin.serve.dicomweb import stow
from lingyin.serve.dicomweb.index import Held, Uids, address
from lingyin.serve.dicomweb.model import Json, Level, as_json, read_header, text_element
from lingyin.serve.dicomweb.multipart import (
    DICOM,
    MultipartError,
    PartFiles,
    body_of,
    boundary_of,
    content_type,
    media_ranges,
    new_boundary,
)
from lingyin.serve.dicomweb.query import QueryError, read_query
from lingyin.serve.dicomweb.transfer import chosen, files, forms, unpack
from lingyin.serve.parts import caller, parts_of
from lingyin.serve.records import Problem
from lingyin.serve.store import QueueFullError

router = APIRouter(prefix="/dicomweb", tags=["dicomweb"])
JSON = "application/dicom+json"
READABLE = frozenset({JSON, "application/json", "application/*", "*/*"})
Uid = Annotated[str, Path(pattern=r"^[0-9.]{1,64}$", description="unique identifier (UID)")]


def _answers(kind: str, *codes: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {kind: {}}}, **{code: {"model": Problem} for code in codes}}


FOUND = _answers(JSON, 400, 406)
READ = _answers(JSON, 404, 406)
FETCHED = _answers(DICOM, 404, 406)
STORED: dict[int | str, dict[str, Any]] = {
    **_answers(JSON, 400, 413, 415, 429, 503, 507),
    202: {"content": {JSON: {}}, "description": "some objects were not taken"},
    409: {"content": {JSON: {}}, "description": "no object was taken"},
}
SEARCH = {
    "parameters": [
        {"name": "limit", "in": "query", "description": "most entries, up to 5000", "schema": {"type": "integer"}},
        {"name": "offset", "in": "query", "description": "entries to leave out", "schema": {"type": "integer"}},
        {
            "name": "includefield",
            "in": "query",
            "description": "attributes to answer with besides the usual ones, or `all`",
            "schema": {"type": "string"},
        },
        {"name": "PatientID", "in": "query", "description": "or any other attribute", "schema": {"type": "string"}},
    ]
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {'multipart/related; type="application/dicom"': {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/studies", responses=STORED, response_class=Response, openapi_extra=BODY)
async def store(request: Request) -> Response:
    """Keeps and queues the ultrasound images among the objects."""
    return await _store(request, None)


@router.post("/studies/{study}", responses=STORED, response_class=Response, openapi_extra=BODY)
async def store_in_study(request: Request, study: Uid) -> Response:
    """The same for the objects of one study."""
    return await _store(request, study)


@router.get("/studies", responses=FOUND, response_class=Response, openapi_extra=SEARCH)
def search_studies(request: Request) -> Response:
    """Studies that have the attributes named by further parameters (`PatientID=`, `00100020=`, `StudyDate=a-b` ...)."""
    return _search(request, Level.STUDY, Uids(), Level.STUDY)


@router.get("/series", responses=FOUND, response_class=Response, openapi_extra=SEARCH)
def search_series(request: Request) -> Response:
    """Series of all studies."""
    return _search(request, Level.SERIES, Uids(), Level.STUDY)


@router.get("/instances", responses=FOUND, response_class=Response, openapi_extra=SEARCH)
def search_instances(request: Request) -> Response:
    """Objects of all studies."""
    return _search(request, Level.INSTANCE, Uids(), Level.STUDY)


@router.get("/studies/{study}/series", responses=FOUND, response_class=Response, openapi_extra=SEARCH)
def search_series_of_study(request: Request, study: Uid) -> Response:
    """Series of a study."""
    return _search(request, Level.SERIES, Uids(study), Level.SERIES)


@router.get("/studies/{study}/instances", responses=FOUND, response_class=Response, openapi_extra=SEARCH)
def search_instances_of_study(request: Request, study: Uid) -> Response:
    """Objects of a study."""
    return _search(request, Level.INSTANCE, Uids(study), Level.SERIES)


@router.get(
    "/studies/{study}/series/{series}/instances",
    responses=_answers(JSON, 400, 406),
    response_class=Response,
    openapi_extra=SEARCH,
)
def search_instances_of_series(request: Request, study: Uid, series: Uid) -> Response:
    """Objects of a series."""
    return _search(request, Level.INSTANCE, Uids(study, series), Level.INSTANCE)


@router.get("/studies/{study}", responses=FETCHED, response_class=Response)
def retrieve_study(request: Request, study: Uid) -> Response:
    """All objects of a study."""
    return _retrieve(request, Uids(study))


@router.get("/studies/{study}/series/{series}", responses=FETCHED, response_class=Response)
def retrieve_series(request: Request, study: Uid, series: Uid) -> Response:
    """All objects of a series."""
    return _retrieve(request, Uids(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}",
    responses=FETCHED,
    response_class=Response,
)
def retrieve_instance(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
    """One object."""
    return _retrieve(request, Uids(study, series, instance))


@router.get("/studies/{study}/metadata", responses=READ, response_class=Response)
def study_metadata(request: Request, study: Uid) -> Response:
    """Headers of all objects of a study."""
    return _metadata(request, Uids(study))


@router.get("/studies/{study}/series/{series}/metadata", responses=READ, response_class=Response)
def series_metadata(request: Request, study: Uid, series: Uid) -> Response:
    """Headers of all objects of a series."""
    return _metadata(request, Uids(study, series))


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/metadata",
    responses=READ,
    response_class=Response,
)
def instance_metadata(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
    """Header of one object."""
    return _metadata(request, Uids(study, series, instance))


async def _store(request: Request, study: str | None) -> Response:
    parts = parts_of(request)
    boundary = boundary_of(request.headers.get("content-type", ""))
    if not boundary:
        raise HTTPException(415, 'send multipart/related; type="application/dicom" with a boundary')
    try:
        with tempfile.TemporaryDirectory(dir=parts.settings.temporary) as made:
            paths = await PartFiles(boundary, FilePath(made), parts.settings.max_waiting).read(request.stream())
            outcomes, keys = await run_in_threadpool(stow.store, paths, study, parts.settings, parts.store, parts.index)
    except MultipartError as error:
        raise HTTPException(400, str(error)) from None
    except OSError as error:
        raise HTTPException(507, f"the objects cannot be stored ({error.strerror})") from None
    except QueueFullError:
        raise HTTPException(503, "the queue is full", {"Retry-After": "30"}) from None
    for key in keys:
        await run_in_threadpool(parts.access.note, caller(request), "store over DICOMweb", key)
    parts.worker.wake()
    status, body = stow.answer(outcomes, _base(request))
    return _json(body, status)


def _search(request: Request, level: Level, uids: Uids, base: Level) -> Response:
    _check_readable(request)
    parts = parts_of(request)
    try:
        query = read_query(level, request.query_params.multi_items())
    except QueryError as error:
        raise HTTPException(400, str(error)) from None
    found = islice(parts.index.search(query, uids), query.offset, None)
    listed = []
    for place, attributes in islice(found, query.limit):
        cut = Uids(place.study, place.series if level >= Level.SERIES else None, place.sop if level > 1 else None)
        shown = query.shown(attributes, base) | text_element("RetrieveURL", address(_base(request), cut))
        listed.append(dict(sorted(shown.items())))
    left = sum(1 for _ in found)
    parts.access.note(caller(request), "search over DICOMweb")
    more = {"Warning": f'299 - "{left} more results can be asked for with offset"'} if left else {}
    return _json(listed, more=more)


def _retrieve(request: Request, uids: Uids) -> Response:
    held = _held(request, uids)
    form = chosen(held, forms(request.headers.get("accept", "")))
    if form is None:
        raise HTTPException(
            406, 'ask for multipart/related; type="application/dicom", with transfer-syntax=* for objects as they are'
        )
    _note(request, held, "fetch over DICOMweb")
    temporary = parts_of(request).settings.temporary
    if form.alone:
        return _alone(held[0], form.syntax, temporary)
    boundary = new_boundary()
    body = body_of(files(held, form, temporary), boundary)
    return StreamingResponse(body, headers={**headers.DATA, "Content-Type": content_type(boundary)})


def _alone(held: Held, syntax: str, temporary: FilePath) -> Response:
    if syntax in {"*", held.syntax}:
        return FileResponse(held.path, media_type=DICOM, filename=f"{held.uids.sop}.dcm", headers=headers.DATA)
    with tempfile.TemporaryDirectory(dir=temporary) as made:
        path = FilePath(made) / "plain.dcm"
        try:
            unpack(held.path, path)
        except Exception as error:  # whatever damaged pixels bring up in a decoder
            raise HTTPException(406, "its pixels cannot be unpacked; ask with transfer-syntax=*") from error
        return Response(path.read_bytes(), media_type=DICOM, headers=headers.DATA)


def _metadata(request: Request, uids: Uids) -> Response:
    _check_readable(request)
    held = _held(request, uids)
    _note(request, held, "fetch headers over DICOMweb")

    def listed() -> Iterator[str]:
        for number, each in enumerate(held):
            yield "[" if number == 0 else ","
            yield json.dumps(as_json(read_header(each.path)), ensure_ascii=False, allow_nan=False)
        yield "]"

    return StreamingResponse(listed(), media_type=JSON, headers=headers.DATA)


def _held(request: Request, uids: Uids) -> Sequence[Held]:
    held = [each for each in parts_of(request).index.held(uids) if each.path.is_file()]
    if not held:
        raise HTTPException(404, "there is no such object")
    return held


def _note(request: Request, held: Sequence[Held], action: str) -> None:
    for key in dict.fromkeys(each.study for each in held):
        parts_of(request).access.note(caller(request), action, key)


def _check_readable(request: Request) -> None:
    if not any(kind in READABLE for kind, _ in media_ranges(request.headers.get("accept", ""))):
        raise HTTPException(406, f"this is given as {JSON}")


def _json(content: Json | list[Json], status: int = 200, more: dict[str, str] | None = None) -> Response:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Response(text, status, media_type=JSON, headers={**headers.DATA, **(more or {})})


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/dicomweb"
