"""A crowd uploads at once: everyone is taken, or told when to come again; nobody is lost, doubled or overtaken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2

from lingyin.core.clip import Clip
from lingyin.core.errors import UnreadableError
from lingyin.core.study import Analysis
from tests.serve.conftest import Serve, listening

CLIENTS = 16


class Turnstile:
    """An engine that waits until it is let go, and then reads nothing but the names of scans, in their order."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.seen: list[str] = []

    def analyze(self, clip: Clip, progress: Callable[[str, int, int], None] | None = None) -> Analysis:
        assert self.go.wait(60)
        self.seen.append(clip.source.path)
        raise UnreadableError(clip.source.path, "is not looked at", "none")


def test_crowd_is_taken_or_told_when_to_come_again(serve: Serve, picture: bytes) -> None:
    engine = Turnstile()
    told: list[tuple[int, str | None]] = []
    limits = {"max_uploads": 2, "upload_wait_s": 0.2, "max_waiting": CLIENTS // 2}
    with serve(engine, **limits) as served, listening(served.app) as url:
        bearer = {"Authorization": f"Bearer {served.token}"}
        together = threading.Barrier(CLIENTS)

        def client(number: int) -> None:
            with httpx2.Client(base_url=url, headers=bearer, timeout=60) as own:
                together.wait()
                while True:
                    answer = own.post("studies", files={"files": (f"{number}.png", picture)})
                    told.append((answer.status_code, answer.headers.get("retry-after")))
                    if answer.status_code == 202:
                        return
                    if answer.status_code == 503:
                        engine.go.set()  # the queue has been full once: from now on it empties
                    time.sleep(0.05)

        with ThreadPoolExecutor(CLIENTS) as crowd:
            list(crowd.map(client, range(CLIENTS)))
        engine.go.set()
        page = served.client.get("/studies", params={"limit": 200}).json()
        for study in page["studies"]:
            served.ended(study["id"])
        uploads = served.client.get("/audit", params={"limit": 500}).json()["lines"]
        with served.app.state.parts.reviews.database.reading() as db:
            queued = [row["name"] for row in db.execute("SELECT name FROM studies ORDER BY seq")]
        names = {study["id"]: study["name"] for study in page["studies"]}
    assert {status for status, _ in told} <= {202, 429, 503}
    assert all(after is not None and int(after) > 0 for status, after in told if status != 202)
    assert any(status == 503 for status, _ in told), "the queue was full"
    assert sorted(engine.seen) == sorted(f"{number}.png" for number in range(CLIENTS)), "none lost, none doubled"
    assert len(names) == len([line for line in uploads if line["action"] == "upload"]) == CLIENTS
    assert engine.seen == queued, "in the order in which they were queued"
