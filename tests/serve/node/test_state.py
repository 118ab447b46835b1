"""The node's book: an image is claimed once, a result is sent or told why not, and nothing is lost by a kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lingyin.serve.database import Database
from lingyin.serve.node.node import SCHEMA
from lingyin.serve.node.state import CRASHED, MAX_CRASHES, Image, Result, State


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "node.sqlite", SCHEMA)
    yield opened
    opened.close()


@pytest.fixture
def state(database: Database) -> State:
    return State(database)


def image(name: str, study: str = "s", expected: int | None = None) -> Image:
    return Image(f"1.{name}", "us", study, "SCANNER", name, expected)


def result(name: str) -> Result:
    return Result(f"2.{name}", "sr", "explicit", name)


def analysed(state: State, *names: str, due: float = 0.0) -> None:
    """An image whose results wait for delivery."""
    state.receive(image("source"), 0.0)
    claimed = state.claim(0.0, None)
    assert claimed is not None
    state.finish(claimed[0], "normal", [result(name) for name in names], due)


def claims(state: State, quiet_since: float = 1e9) -> list[str]:
    """Files of all images that can be claimed, in order; they stay running."""
    files = []
    while (claimed := state.claim(quiet_since, None)) is not None:
        files.append(claimed[1])
    return files


def test_the_same_instance_twice_is_one_image_and_the_first_file_stays(state: State) -> None:
    assert state.receive(image("a"), 1.0)
    assert not state.receive(replace(image("a"), file="b", study="other"), 2.0)
    assert state.files() == {"a"}
    assert state.has("1.a")
    assert not state.has("1.b")


def test_images_and_own_results_are_held_with_their_class(state: State) -> None:
    analysed(state, "r")
    assert state.held(["1.source", "2.r", "9.unknown"]) == {"1.source": "us", "2.r": "sr"}


def test_a_late_image_holds_its_whole_study_back_but_no_other(state: State) -> None:
    state.receive(image("a", "growing"), 1.0)
    state.receive(image("b", "quiet"), 2.0)
    state.receive(image("c", "growing"), 9.0)
    assert claims(state, quiet_since=5.0) == ["b"]
    assert claims(state, quiet_since=9.0) == ["a", "c"]


def test_the_announced_number_counts_images_that_are_done_and_a_setting_overrules_it(state: State) -> None:
    state.receive(image("a", expected=2), 5.0)
    assert state.claim(0.0, None) is None
    assert state.claim(0.0, 2) is None
    first = state.claim(0.0, 1)
    assert first is not None
    state.finish(first[0], "normal", [], 0.0)
    state.receive(image("b"), 6.0)
    assert state.claim(0.0, 3) is None
    second = state.claim(0.0, None)
    assert second is not None
    assert second[1] == "b"


def test_the_least_tried_comes_first_and_a_release_costs_no_try(state: State) -> None:
    for name in "ab":
        state.receive(image(name), 0.0)
    first = state.claim(0.0, None)
    assert first is not None
    state.release(first[0])
    assert claims(state) == ["a", "b"]
    state.recover()
    state.receive(image("c"), 0.0)
    assert claims(state) == ["c", "a", "b"]


def test_release_of_what_has_ended_changes_nothing(state: State) -> None:
    analysed(state)
    state.release(1)
    assert state.counts()["images"] == {"done": 1}


def test_killed_in_the_middle_is_taken_up_by_the_next_process(state: State, tmp_path: Path) -> None:
    state.receive(image("a"), 0.0)
    for _ in range(MAX_CRASHES - 1):
        again = Database(tmp_path / "node.sqlite", SCHEMA)
        assert State(again).recover() == []
        assert claims(State(again)) == ["a"]
        again.close()
    assert state.recover() == []
    assert claims(state) == ["a"]
    assert state.recover() == ["a"]
    assert state.dead() == {"images": [("a", CRASHED)], "results": []}
    assert state.recover() == []
    assert claims(state) == []


def test_finish_is_both_or_neither(state: State) -> None:
    analysed(state, "r")
    state.receive(image("b"), 0.0)
    claimed = state.claim(0.0, None)
    assert claimed is not None
    with pytest.raises(sqlite3.IntegrityError):
        state.finish(claimed[0], "urgent", [result("new"), result("r")], 0.0)
    assert state.counts() == {"images": {"done": 1, "running": 1}, "results": {"waiting": 1}, "commitments": {}}
    assert not state.has("2.new")


def test_results_come_due_in_order_and_no_more_than_asked_for(state: State) -> None:
    analysed(state, "a", "b", "c", due=10.0)
    assert state.due(9.9, 9) == []
    assert [each.file for each in state.due(10.0, 2)] == ["a", "b"]
    first = state.due(10.0, 1)[0]
    assert first == replace(result("a"), seq=first.seq)


def test_a_failed_delivery_waits_its_time_and_counts_until_it_is_dead(state: State) -> None:
    analysed(state, "a", "b")
    first, second = state.due(0.0, 9)
    state.missed(first.seq, "refused", 60.0)
    assert [each.file for each in state.due(59.0, 9)] == ["b"]
    assert [(each.file, each.attempts) for each in state.due(60.0, 9)] == [("a", 1), ("b", 0)]
    state.missed(first.seq, "refused for good", None)
    state.sent(second.seq, "a warning")
    assert state.due(1e9, 9) == []
    assert state.dead()["results"] == [("a", "refused for good")]
    assert state.counts()["results"] == {"dead": 1, "sent": 1}


def test_revive_queues_all_that_was_given_up_as_if_new_and_nothing_else(state: State, database: Database) -> None:
    analysed(state, "a", "b")
    first, second = state.due(0.0, 9)
    state.sent(second.seq, None)
    for due in (5.0, None):
        state.missed(first.seq, "refused", due)
    state.receive(image("broken"), 0.0)
    claimed = state.claim(0.0, None)
    assert claimed is not None
    state.give_up(claimed[0], "unreadable")
    with database.transaction() as db:
        db.execute(
            "INSERT INTO commitments (transaction_uid, requester, asked, state, attempts, due) "
            "VALUES ('1', 'A', '', 'dead', 9, 0), ('2', 'A', '', 'sent', 1, 0)"
        )
    assert state.revive(100.0) == ["broken", "a"]
    assert state.dead() == {"images": [], "results": []}
    assert state.due(99.0, 9) == []
    assert [(each.file, each.attempts) for each in state.due(100.0, 9)] == [("a", 0)]
    assert claims(state) == ["broken"]
    assert state.counts()["commitments"] == {"waiting": 1, "sent": 1}
    assert state.revive(200.0) == []
