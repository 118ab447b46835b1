"""A complete study is analysed once, image by image; what cannot be analysed ends as a dead letter with its reason."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

from lingyin.analyze import Engine
from lingyin.core.clip import Clip
from lingyin.core.errors import OutputError
from lingyin.core.study import Analysis
from lingyin.serve.node import work
from lingyin.serve.node.state import MAX_CRASHES
from tests.serve.node.conftest import Archive, MakeNode, image, store
from tests.waiting import until


class Counting:
    """The engine, with a list of what it was asked for; breaks where it is told to."""

    def __init__(self, engine: Engine, error: Exception | None = None) -> None:
        self._engine, self.error = engine, error
        self.seen: list[str | None] = []

    def analyze(self, clip: Clip, progress: Any = None) -> Analysis:
        self.seen.append(clip.source.sop_instance_uid)
        if self.error is not None:
            raise self.error
        return self._engine.analyze(clip, progress)


def test_results_reach_the_peer_under_patient_and_study(make_node: MakeNode, archive: Archive) -> None:
    node, sent = make_node(), image()
    store(node, sent)
    until(lambda: node.state.counts()["results"].get("sent", 0) >= 4)
    modalities = sorted(each.Modality for each in archive.got.values())
    assert {"SR", "KO", "OT", "DOC"} <= set(modalities)
    for each in archive.got.values():
        assert (each.StudyInstanceUID, each.PatientName, each.PatientID) == (sent.StudyInstanceUID, "Node^Test", "N1")
    assert node.state.counts()["images"] == {"done": 1}


def test_the_peer_gets_only_the_kinds_it_wants(make_node: MakeNode, archive: Archive) -> None:
    node = make_node(kinds=("sr", "capture"))
    store(node, image())
    until(lambda: set(node.state.counts()["results"]) == {"sent"})
    assert {each.Modality for each in archive.got.values()} == {"SR", "OT"}
    assert not list(node.settings.results.rglob("*.pdf"))  # nothing was printed for nobody


def test_a_study_waits_until_it_is_quiet_or_full(make_node: MakeNode, engine: Engine) -> None:
    counting = Counting(engine)
    node = make_node(counting, quiet_s=3600.0, instances=2)
    one, two, late = image(1, "1.2.3"), image(2, "1.2.3"), image(3, "1.2.3")
    other = image(4, "1.2.4")
    store(node, one, other)
    assert node.state.claim(0.0, 2) is None
    store(node, two)
    until(lambda: node.state.counts()["images"].get("done") == 2)
    store(node, late)  # of a study that was complete: by itself, the others not again
    until(lambda: node.state.counts()["images"].get("done") == 3)
    assert counting.seen == [one.SOPInstanceUID, two.SOPInstanceUID, late.SOPInstanceUID]
    assert node.state.counts()["images"] == {"done": 3, "waiting": 1}


def test_the_announced_number_of_images_completes_a_study(make_node: MakeNode) -> None:
    node = make_node(quiet_s=3600.0)
    store(node, image(study="1.2.3", NumberOfStudyRelatedInstances=1))
    until(lambda: node.state.counts()["images"] == {"done": 1})


def test_our_own_result_coming_back_is_not_analysed(make_node: MakeNode, archive: Archive) -> None:
    node = make_node()
    store(node, image())
    until(lambda: len(archive.got) >= 4 and set(node.state.counts()["results"]) == {"sent"})
    report = next(each for each in archive.got.values() if each.Modality == "SR")
    capture = next(each for each in archive.got.values() if each.Modality == "OT")
    report.file_meta = image().file_meta
    capture.file_meta = image().file_meta
    capture.PhotometricInterpretation = "RGB"
    del capture.PixelData
    assert store(node, report, capture) == [0x0000, 0x0000]
    assert node.state.counts()["images"] == {"done": 1}


def test_an_unreadable_image_is_a_dead_letter(make_node: MakeNode) -> None:
    node, sent = make_node(), image()
    sent.Rows = 9600  # far fewer pixels than that
    assert store(node, sent, image(1)) == [0x0000, 0x0000]
    until(lambda: node.state.counts()["images"] == {"dead": 1, "done": 1})
    until(lambda: len(list(node.settings.dead_letters.glob("[!.]*.json"))) == 1)
    [note] = node.settings.dead_letters.glob("*.json")
    assert note.with_suffix(".dcm").exists()
    assert json.loads(note.read_text())["reason"]


def test_a_defect_is_a_dead_letter_and_ends_nothing(make_node: MakeNode, engine: Engine) -> None:
    counting = Counting(engine, ZeroDivisionError("secret"))
    node = make_node(counting)
    store(node, image())
    until(lambda: len(list(node.settings.dead_letters.glob("[!.]*.json"))) == 1)
    [note] = node.settings.dead_letters.glob("*.json")
    assert "ZeroDivisionError" in note.read_text()
    assert "secret" not in note.read_text()
    counting.error = None
    store(node, image(1))
    until(lambda: node.state.counts()["images"] == {"dead": 1, "done": 1})


def test_a_full_disk_is_no_fault_of_the_image(make_node: MakeNode, engine: Engine, monkeypatch: Any) -> None:
    monkeypatch.setattr(work, "DISK_WAIT_S", 0.05)
    counting = Counting(engine, OutputError("folder", "is full", "make room"))
    node = make_node(counting)
    store(node, image())
    until(lambda: len(counting.seen) > 4)  # as often as it takes
    counting.error = None
    until(lambda: node.state.counts()["images"] == {"done": 1})


def test_a_database_that_cannot_be_written_is_no_fault_of_the_image(make_node: MakeNode, monkeypatch: Any) -> None:
    node = make_node()
    finish, failed = node.state.finish, []

    def broken(*words: Any) -> None:
        if not failed:
            failed.append(words)
            raise sqlite3.OperationalError("database or disk is full")
        finish(*words)

    monkeypatch.setattr(node.state, "finish", broken)
    store(node, image())
    until(lambda: node.state.counts()["images"] == {"done": 1})
    assert failed


def test_what_a_broken_association_left_goes_after_a_while(make_node: MakeNode) -> None:
    node = make_node()
    old, new = node.settings.temporary / "old.dcm", node.settings.temporary / "new.dcm"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    until(lambda: not old.exists())
    assert new.exists()


def test_what_ends_the_program_waits_behind_all_others_and_then_is_not_tried_again(make_node: MakeNode) -> None:
    node = make_node(quiet_s=3600.0)
    store(node, image())
    for _ in range(MAX_CRASHES - 1):
        assert node.state.claim(float("inf"), None) is not None
        assert node.state.recover() == []
    store(node, image(1))
    other, suspect = node.state.claim(float("inf"), None), node.state.claim(float("inf"), None)
    assert other is not None
    assert suspect is not None
    assert other[0] > suspect[0]
    node.state.release(other[0])
    assert node.state.recover() == [suspect[1]]
    assert node.letters.check() == 1
    assert len(list(node.settings.dead_letters.iterdir())) == 2
