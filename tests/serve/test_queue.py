"""The queue keeps its order and survives a kill; the worklist shows what needs a physician first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lingyin.serve.database import Database
from lingyin.serve.store import MAX_ATTEMPTS, Arrival, QueueFullError, Store
from tests.serve.conftest import Held, Serve, serving


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(tmp_path / "queue.sqlite")
    yield Store(database)
    database.close()


def arrivals(*names: str) -> list[Arrival]:
    return [Arrival(name, "upload", name) for name in names]


def test_claims_come_in_order_and_only_once(store: Store) -> None:
    ids = store.add(arrivals("a", "b"), 10)
    assert len(set(ids)) == 2
    assert all(len(key) >= 22 for key in ids), "128 random bits"
    claimed = [store.claim(), store.claim(), store.claim()]
    assert [job and job.id for job in claimed] == [*ids, None]


def test_full_queue_takes_all_or_none(store: Store) -> None:
    store.add(arrivals("a"), 2)
    with pytest.raises(QueueFullError):
        store.add(arrivals("b", "c"), 2)
    assert store.waiting() == 1


def test_recover_keeps_the_order_and_gives_up_on_what_kills(store: Store) -> None:
    first, second = store.add(arrivals("a", "b"), 10)
    for _ in range(MAX_ATTEMPTS - 1):
        assert store.claim() is not None
        assert store.recover() == 1
    job = store.claim()
    assert job is not None
    assert job.id == first
    assert store.recover() == 0
    record = store.get(first)
    assert record is not None
    assert record.state == "failed"
    assert str(record.error).startswith("a: the program ended")
    following = store.claim()
    assert following is not None
    assert following.id == second


def test_worklist_is_sorted_by_urgency_then_time_and_paged(store: Store) -> None:
    names = ["normal", "urgent-old", "cannot-say", "failed", "abnormal", "urgent-new"]
    for key, name in zip(store.add(arrivals(*names), 10), names, strict=True):
        assert store.fail(key, "x") if name == "failed" else store.finish(key, name.split("-o")[0].split("-n")[0], None)
    store.add(arrivals("queued-1", "queued-2"), 10)
    states = ("queued", "running", "done", "failed")
    total, studies = store.page(0, 100, states)
    order = ["urgent-new", "urgent-old", "abnormal", "failed", "cannot-say", "normal", "queued-1", "queued-2"]
    assert total == 8
    assert [study.name for study in studies] == order
    assert [study.name for start in (0, 3, 6) for study in store.page(start, 3, states)[1]] == order
    assert [study.name for study in store.page(0, 9, ("queued",))[1]] == ["queued-1", "queued-2"]


def test_ending_a_deleted_study_is_noticed(store: Store) -> None:
    (key,) = store.add(arrivals("a"), 10)
    assert store.delete(key) == "upload"
    assert not store.advance(key, "reading", 0)
    assert not store.finish(key, "normal", None)
    assert not store.fail(key, "x")
    assert store.delete(key) is None


def test_worker_keeps_the_order_of_arrival(serve: Serve, held: Held, picture: bytes) -> None:
    names = [f"{number}.png" for number in range(5)]
    with serve(held) as served:
        keys = [served.upload((name, picture)).json()["studies"][0]["id"] for name in names]
        held.go.set()
        assert all(served.ended(key)["state"] == "done" for key in keys)
    assert held.seen == names


def test_stopped_in_the_middle_goes_on_at_the_next_start(tmp_path: Path, held: Held, picture: bytes) -> None:
    with serving(tmp_path, held) as served:
        keys = [served.upload((name, picture)).json()["studies"][0]["id"] for name in ("a.png", "b.png")]
        assert held.entered.wait(10)
        stray = served.settings.reports / "stray"
        stray.mkdir()
        served.app.state.parts.worker._stopping.set()  # the server stops while the first study runs
        held.go.set()
    assert held.seen == ["a.png"]
    with serving(tmp_path, held) as served:
        assert not stray.exists()
        assert [served.ended(key)["state"] for key in keys] == ["done", "done"]
    assert held.seen == ["a.png", "a.png", "b.png"]
