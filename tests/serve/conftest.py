"""A server on a fresh folder with the real engine, entered with its token; engines that wait or break for the queue."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from lingyin.analyze import Engine
from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.serve import Settings, make_app
from lingyin.serve.access import Access
from lingyin.serve.database import Database
from tests.waiting import free_port

BASE = "http://127.0.0.1:8765"


@dataclass
class Served:
    """A running application, a client with the token and one without."""

    app: FastAPI
    client: TestClient
    stranger: TestClient
    settings: Settings
    token: str
    access: Access

    def upload(self, *files: tuple[str, bytes], **data: str) -> httpx2.Response:
        return self.client.post("/studies", files=[("files", each) for each in files], data=data)

    def ended(self, key: str) -> dict[str, Any]:
        """The study once its event stream has ended."""
        self.client.get(f"/studies/{key}/events")
        return self.client.get(f"/studies/{key}").json()  # type: ignore[no-any-return]


class Held:
    """An engine that waits before each clip until it is let go."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.entered = threading.Event()
        self.go = threading.Event()
        self.seen: list[str] = []
        self.spacings: list[float | None] = []

    def analyze(self, clip: Clip, progress: Callable[[str, int, int], None] | None = None) -> Analysis:
        self.seen.append(clip.source.path)
        self.spacings += [region.mm_per_px_x for region in clip.regions]
        self.entered.set()
        assert self.go.wait(30)
        return self._engine.analyze(clip, progress)


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(threads=1)


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A small picture: the quickest thing to analyse."""
    import cv2
    import numpy as np

    done, data = cv2.imencode(".png", np.random.default_rng(3).integers(0, 90, (96, 128), dtype=np.uint8))
    assert done
    return data.tobytes()


@contextmanager
def serving(folder: Path, engine: Any, **limits: Any) -> Iterator[Served]:
    settings = Settings(folder / "data", **limits)
    settings.make_folders()
    database = Database(settings.database)
    access = Access(database, settings.token, settings.session_s)
    token = access.new_token()
    app = make_app(settings, database, access, engine)
    bearer = {"Authorization": f"Bearer {token}"}
    with TestClient(app, BASE, headers=bearer) as client:
        yield Served(app, client, TestClient(app, BASE), settings, token, access)
    database.close()


@pytest.fixture
def serve(tmp_path: Path, engine: Engine) -> Serve:
    """Starts a server with other limits or another engine: `with serve(max_waiting=2) as served`."""

    def start(engine: Any = engine, **limits: Any) -> Any:
        return serving(tmp_path, engine, **limits)

    return start


@pytest.fixture
def served(serve: Serve) -> Iterator[Served]:
    with serve() as running:
        yield running


@pytest.fixture
def held(engine: Engine) -> Iterator[Held]:
    holding = Held(engine)
    yield holding
    holding.go.set()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; tests that need one are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """An application that runs already behind a real port; its address."""
    import uvicorn

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/"
    app.state.parts.closing.set()
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def online(served: Served) -> Iterator[tuple[Served, str]]:
    """The application behind a real port."""
    with listening(served.app) as url:
        yield served, url


@pytest.fixture
def site(chromium: Any, online: tuple[Served, str]) -> tuple[Served, str]:
    """The same, where there is a browser to look at it."""
    return online


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    opened.faults = []
    opened.on("pageerror", lambda error: opened.faults.append(str(error)))
    opened.on(
        "console",
        lambda said: opened.faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield opened
    assert opened.faults == []
    context.close()
