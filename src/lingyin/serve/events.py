"""Server-sent events of one study: each stage and step as it comes, then `done`, `failed` or `deleted`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from lingyin.serve.parts import Parts, known_study, parts_of
from lingyin.serve.records import Problem, StudyRecord

router = APIRouter(tags=["studies"])
LOOK_EVERY_S = 0.2
ALIVE_EVERY = 75  # looks without news after which a comment keeps the line open


@router.get(
    "/studies/{key}/events",
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "events; the data of each is the study"},
        404: {"model": Problem},
        429: {"model": Problem},
    },
    response_class=StreamingResponse,
)
async def events(request: Request, key: str) -> StreamingResponse:
    """Follows a study until it has ended."""
    parts = parts_of(request)
    await run_in_threadpool(known_study, request, key)
    if parts.streams >= parts.settings.max_streams:
        raise HTTPException(429, "too many open event streams", {"Retry-After": "5"})
    return StreamingResponse(_follow(parts, key), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _follow(parts: Parts, key: str) -> AsyncIterator[str]:
    parts.streams += 1
    try:
        last: StudyRecord | None = None
        silent = 0
        while not parts.closing.is_set():
            record = await run_in_threadpool(parts.store.get, key)
            if record is None:
                yield "event: deleted\ndata: {}\n\n"
                return
            if record != last:
                last, silent = record, 0
                ended = record.state in {"done", "failed"}
                yield f"event: {record.state if ended else 'stage'}\ndata: {record.model_dump_json()}\n\n"
                if ended:
                    return
            elif (silent := silent + 1) % ALIVE_EVERY == 0:
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        parts.streams -= 1
