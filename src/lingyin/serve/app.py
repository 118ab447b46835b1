"""`make_app`: the whole server as an ASGI application, with its queue recovered and its worker running."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from lingyin.serve import events, general, review, studies
from lingyin.serve.access import Access
from lingyin.serve.database import Database
from lingyin.serve.dicomweb import routes as dicomweb
from lingyin.serve.dicomweb.index import Index
from lingyin.serve.gate import Gate
from lingyin.serve.hush import hush_headers
from lingyin.serve.keeping import keep
from lingyin.serve.parts import Parts
from lingyin.serve.reviews import Reviews
from lingyin.serve.settings import Settings
from lingyin.serve.store import Store
from lingyin.serve.worker import Analyses, Worker
from lingyin.version import __version__


def make_app(settings: Settings, database: Database, access: Access, engine: Analyses) -> FastAPI:
    """The application. Its worker starts and stops with it; studies that were interrupted are queued again first."""
    hush_headers()
    store = Store(database)
    reviews, index = Reviews(database), Index(database, settings)
    worker = Worker(store, settings, engine, reviews, index)
    parts = Parts(settings, store, access, worker, reviews, index, asyncio.Event())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        store.recover()
        sweep(settings, store, index)
        parts.worker.start()
        late = asyncio.create_task(asyncio.to_thread(lambda: index.catch_up(store.done())))
        keeping = asyncio.create_task(keep(parts))
        yield
        keeping.cancel()
        parts.closing.set()
        await asyncio.to_thread(parts.worker.stop)
        await late

    app = FastAPI(
        title="Lingyin",
        version=__version__,
        summary="Ultrasound scans in, measured reports out. Research use; not a medical device.",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.parts = parts
    for router in (studies.router, events.router, review.router, general.router, dicomweb.router):
        app.include_router(router)
    app.add_middleware(Gate, settings=settings, access=access, store=store)
    return app


def sweep(settings: Settings, store: Store, index: Index) -> None:
    """Removes what a killed process left: received files and reports that no study knows, and temporary files."""
    for folder, wanted in (
        (settings.uploads, store.uploads_in_use()),
        (settings.reports, store.ids()),
        (settings.scans, index.scans()),
        (settings.temporary, set[str]()),
    ):
        for path in folder.iterdir():
            if path.name in wanted:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
