"""Ends, corrections and deletions of studies in the store, and the status that signatures give them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lingyin.serve import store as module
from lingyin.serve.database import Database
from lingyin.serve.store import Arrival, Store


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "queue.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


def test_a_claim_hands_out_all_that_arrived(store: Store) -> None:
    scan = Arrival("扫描.zip", "u1", "0", "deep/cine.dcm", 0.25)
    store.add([scan], 1)
    job = store.claim()
    assert job is not None
    assert job.scan == scan


def test_the_record_follows_a_study_from_queue_to_end(store: Store) -> None:
    (key,) = store.add([Arrival("a", "u", "a")], 1)
    store.claim()
    assert store.advance(key, "reading", 0.5)
    running = store.get(key)
    assert running is not None
    assert (running.state, running.stage, running.progress, running.status) == ("running", "reading", 0.5, None)
    organ = {"en": "liver", "zh-Hans": "肝"}
    assert store.finish(key, "abnormal", organ)
    done = store.get(key)
    assert done is not None
    assert (done.state, done.stage, done.progress, done.status) == ("done", None, 1.0, "preliminary")
    assert done.organ == organ
    assert done.finished is not None


def test_the_latest_signature_gives_the_status(store: Store, database: Database) -> None:
    (key,) = store.add([Arrival("a", "u", "a")], 1)
    store.finish(key, "normal", None)
    for status in ("final", "amended"):
        with database.transaction() as db:
            db.execute(
                "INSERT INTO reviews (study, at, sha256, status, organ, findings, changed, rejected, added) "
                "VALUES (?, '2026-01-01', 'x', ?, NULL, 0, 0, 0, 0)",
                (key, status),
            )
        record = store.get(key)
        assert record is not None
        assert record.status == status
    assert store.page(0, 9, ["done"])[1][0].status == "amended"


def test_a_correction_moves_only_what_is_done(store: Store) -> None:
    first, second, failed = store.add([Arrival(name, "u", name) for name in "abc"], 3)
    store.finish(first, "normal", None)
    store.finish(second, "abnormal", None)
    store.fail(failed, "unreadable")
    store.retriage(first, "urgent")
    store.retriage(failed, "urgent")
    total, page = store.page(0, 9, ["done", "failed"])
    assert total == 3
    assert [(each.id, each.triage) for each in page] == [(first, "urgent"), (second, "abnormal"), (failed, None)]


def test_only_what_waits_or_runs_keeps_its_upload_and_its_place(store: Store) -> None:
    done, _, _ = store.add([Arrival("a", "u1", "a"), Arrival("b", "u2", "b"), Arrival("c", "u2", "c")], 3)
    store.claim()
    assert store.uploads_in_use() == {"u1", "u2"}
    store.finish(done, "normal", None)
    assert store.uploads_in_use() == {"u2"}
    assert store.waiting() == 2
    assert len(store.add([Arrival("d", "u3", "d")], 3)) == 1


def test_deleted_leaves_no_name_in_any_file(store: Store, tmp_path: Path) -> None:
    (key,) = store.add([Arrival("Surname-Given-1950", "folder", "a")], 1)
    assert store.delete(key) == "folder"
    assert store.delete(key) is None
    assert store.ids() == set()
    files = list(tmp_path.iterdir())
    assert any(each.name.endswith("-wal") for each in files)
    assert all(b"Surname-Given" not in each.read_bytes() for each in files)


def test_old_ends_are_listed_the_oldest_first_and_running_ones_never(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, late, _ = store.add([Arrival(name, "u", name) for name in "abcd"], 4)
    for key, day in ((second, "01"), (first, "02"), (late, "03")):
        monkeypatch.setattr(module, "now", lambda day=day: f"2026-01-{day}T00:00:00+00:00")
        assert store.fail(key, "unreadable") if key == first else store.finish(key, "normal", None)
    assert store.ended_before("2026-01-03T00:00:00+00:00") == [second, first]
