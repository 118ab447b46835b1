"""What the routes share: the parts of a running server, and who is asking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

from fastapi import HTTPException, Request

from lingyin.serve.access import Access
from lingyin.serve.dicomweb.index import Index
from lingyin.serve.records import StudyRecord
from lingyin.serve.reviews import Reviews
from lingyin.serve.settings import Settings
from lingyin.serve.store import Store
from lingyin.serve.worker import Worker


@dataclass
class Parts:
    """The parts of one running server."""

    settings: Settings
    store: Store
    access: Access
    worker: Worker
    reviews: Reviews
    index: Index
    closing: asyncio.Event
    streams: int = 0


def parts_of(request: Request) -> Parts:
    """The server that this request came to."""
    return cast(Parts, request.app.state.parts)


def caller(request: Request) -> str:
    """What the audit log calls whoever sent this request."""
    return str(request.scope["state"]["who"])


def known_study(request: Request, key: str) -> StudyRecord:
    """The study `key`, or 404."""
    record = parts_of(request).store.get(key)
    if record is None:
        raise HTTPException(404, "there is no such study")
    return record
