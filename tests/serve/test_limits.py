"""Limits: sizes, crowds, bombs and names that point elsewhere are refused with the right word, and leave nothing."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from lingyin.serve.database import Database
from lingyin.serve.gate import Gate
from lingyin.serve.store import Store
from tests.serve.conftest import BASE, Held, Serve, Served


def assert_nothing_left(served: Served) -> None:
    assert list(served.settings.uploads.iterdir()) == []
    assert served.client.get("/studies").json()["total"] == 0


@pytest.mark.parametrize("announced", [True, False])
def test_too_large_upload_is_413(serve: Serve, announced: bool) -> None:
    with serve(max_upload_bytes=100_000) as served:
        if announced:
            answer = served.upload(("a.png", bytes(200_000)))
        else:

            def pieces() -> Iterator[bytes]:
                yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
                for _ in range(20):
                    yield bytes(10_000)
                yield b"\r\n--x--\r\n"

            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = served.client.post("/studies", content=pieces(), headers=kind)
        assert answer.status_code == 413
        assert_nothing_left(served)


def test_large_body_elsewhere_is_413(served: Served) -> None:
    assert served.client.post("/session", content=b" " * 100_000).status_code == 413


@pytest.mark.parametrize("content", [b"", b"hello", b"<html><script>alert(1)</script>", b"%PDF-1.7"])
def test_what_is_no_scan_is_415_whatever_it_is_called(served: Served, content: bytes) -> None:
    answer = served.upload(("scan.dcm", content))
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("scan.dcm: ")
    assert_nothing_left(served)


def test_scan_is_told_by_content_not_by_name(served: Served, picture: bytes) -> None:
    assert served.upload(("letter.txt", picture)).status_code == 202


def test_zip_bomb_is_refused(served: Served) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.png", "w") as member:
        member.write(b"\x89PNG\r\n\x1a\n")
        for _ in range(300):
            member.write(bytes(1 << 20))
    assert len(packed.getvalue()) < 1 << 20
    answer = served.upload(("bomb.zip", packed.getvalue()))
    assert answer.status_code == 415
    assert "implausible size" in answer.json()["detail"]
    assert_nothing_left(served)


def test_members_that_point_outside_and_nested_archives_are_refused(served: Served, picture: bytes) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.png", picture)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escape.png", picture)
        archive.writestr("/etc/escape.png", picture)
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("good.png", picture)
    answer = served.upload(("mixed.zip", packed.getvalue())).json()
    assert [study["name"] for study in answer["studies"]] == ["mixed.zip/good.png"]
    assert len(answer["refused"]) == 3
    assert served.ended(answer["studies"][0]["id"])["state"] == "done"
    assert not any(path.name.startswith("escape") for path in served.settings.data.parent.rglob("*"))


def test_full_queue_is_503_with_retry_after(serve: Serve, held: Held, picture: bytes) -> None:
    with serve(held, max_waiting=2) as served:
        assert served.upload(("a.png", picture)).status_code == 202
        assert served.upload(("b.png", picture), ("c.png", picture)).status_code == 503, "all or none"
        assert served.upload(("b.png", picture)).status_code == 202
        answer = served.upload(("c.png", picture))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert len(list(served.settings.uploads.iterdir())) == 2
        held.go.set()


def test_crowd_of_uploads_waits_for_its_turn_then_is_sent_away_with_429(serve: Serve) -> None:
    async def crowd(served: Served) -> list[int]:
        release = asyncio.Event()

        async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
            await release.wait()
            await send({"type": "http.response.start", "status": 202, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        gate = Gate(slow, served.settings, served.access, Store(Database(served.settings.database)))
        bearer = {"Authorization": f"Bearer {served.token}"}
        transport = httpx2.ASGITransport(gate)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE, headers=bearer) as client:
            first = asyncio.create_task(client.post("/studies"))
            await asyncio.sleep(0.05)
            refused = await client.post("/studies")
            patient = asyncio.create_task(client.post("/studies"))
            await asyncio.sleep(0.05)
            release.set()
            assert int(refused.headers["retry-after"]) > 0
            return [(await first).status_code, refused.status_code, (await patient).status_code]

    # a thread of its own: the browser of other tests keeps a loop in this one
    with serve(max_uploads=1, upload_wait_s=0.3) as served, ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, crowd(served)).result() == [202, 429, 202]


def test_open_event_streams_are_counted(serve: Serve, held: Held, picture: bytes) -> None:
    with serve(held, max_streams=0) as served:
        key = served.upload(("a.png", picture)).json()["studies"][0]["id"]
        assert served.client.get(f"/studies/{key}/events").status_code == 429
        held.go.set()
