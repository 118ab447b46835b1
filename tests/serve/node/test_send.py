"""Results reach a peer that was away; what it will not take ends as a dead letter, which only a person sends again."""

from __future__ import annotations

import time
from typing import Any

from tests.serve.node.conftest import Archive, MakeNode, image, store
from tests.waiting import until


def test_a_peer_that_was_away_gets_everything(make_node: MakeNode, archive: Archive) -> None:
    archive.stop()
    node = make_node(attempts=1000, backoff_s=0.05, backoff_most_s=0.2)
    store(node, image(1), image(2))
    until(lambda: node.state.counts()["images"] == {"done": 2})
    until(lambda: any(each.attempts > 2 for each in node.state.due(time.time() + 60, 100)))
    assert set(node.state.counts()["results"]) == {"waiting"}
    archive.start()
    until(lambda: set(node.state.counts()["results"]) == {"sent"})
    assert sorted(archive.arrivals) == sorted(archive.got)  # each once
    assert list(node.settings.dead_letters.iterdir()) == []


def test_what_is_refused_too_often_is_a_dead_letter_until_a_person_says_so(
    make_node: MakeNode, archive: Archive
) -> None:
    archive.status = 0xA700
    node = make_node(attempts=3)
    store(node, image())
    until(lambda: set(node.state.counts()["results"]) == {"dead"})
    count = node.state.counts()["results"]["dead"]
    assert len(archive.arrivals) == 3 * count
    until(lambda: len(list(node.settings.dead_letters.glob("[!.]*.json"))) == count)
    assert len(list(node.settings.dead_letters.glob("*.dcm"))) == count
    assert "0xA700" in next(node.settings.dead_letters.glob("*.json")).read_text()

    archive.status = 0x0000
    assert len(node.letters.retry(time.time())) == count
    until(lambda: node.state.counts()["results"] == {"sent": count})
    assert list(node.settings.dead_letters.iterdir()) == []
    assert len(archive.got) == count


def test_a_removed_dead_letter_comes_back_at_the_next_start(make_node: MakeNode, archive: Archive) -> None:
    archive.status = 0xA700
    node = make_node(attempts=1)
    store(node, image())
    until(lambda: set(node.state.counts()["results"]) == {"dead"})
    count = node.state.counts()["results"]["dead"]
    until(lambda: len(list(node.settings.dead_letters.glob("[!.]*.json"))) == count)
    before = sorted(path.name for path in node.settings.dead_letters.iterdir())
    for path in node.settings.dead_letters.iterdir():
        path.unlink()
    assert node.letters.check() == count
    assert sorted(path.name for path in node.settings.dead_letters.iterdir()) == before


def test_a_warning_counts_as_taken(make_node: MakeNode, archive: Archive) -> None:
    archive.status = 0xB000
    node = make_node()
    store(node, image())
    until(lambda: set(node.state.counts()["results"]) == {"sent"})


def test_an_object_at_which_the_peer_breaks_off_takes_no_other_with_it(make_node: MakeNode, archive: Archive) -> None:
    archive.breaks_on = "1.2.840.10008.5.1.4.1.1.88.59"  # neither first nor last of a report's objects
    node = make_node(attempts=2)
    store(node, image())
    until(lambda: node.state.counts()["results"].get("dead") == 1)
    until(lambda: "waiting" not in node.state.counts()["results"])
    assert node.state.counts()["results"]["sent"] >= 3


def test_a_kind_that_the_peer_does_not_take_holds_up_no_other(make_node: MakeNode, archive: Archive) -> None:
    supported: Any = archive.server.ae
    supported.remove_supported_context("1.2.840.10008.5.1.4.1.1.88.34")
    archive.server.contexts = supported.supported_contexts
    node = make_node(attempts=2)
    store(node, image())
    until(lambda: node.state.counts()["results"].get("dead") == 1)
    until(lambda: "waiting" not in node.state.counts()["results"])
    assert "SR" not in {each.Modality for each in archive.got.values()}
    assert node.state.counts()["results"]["sent"] >= 3
