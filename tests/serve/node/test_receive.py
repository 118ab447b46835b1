"""Who may call, what is taken, what is refused with which status, and that success means stored."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from lingyin.serve.node import receive
from lingyin.serve.node.receive import sweep
from tests.serve.node.conftest import MakeNode, call, image, store

LONG = 3600.0  # nothing is analysed here


def test_echo_answers(make_node: MakeNode) -> None:
    association = call(make_node(quiet_s=LONG), Verification)
    assert association.send_c_echo().Status == 0x0000
    association.release()


def test_only_the_allowed_may_call(make_node: MakeNode) -> None:
    node = make_node(quiet_s=LONG, allow=("SCANNER", "OTHER"))
    assert call(node, title="STRANGER").is_rejected
    assert call(node, called="SOMEBODY").is_rejected
    association = call(node, title="OTHER")
    assert association.is_established
    association.release()


def test_more_callers_than_the_limit_are_refused(make_node: MakeNode) -> None:
    node = make_node(quiet_s=LONG, max_associations=2)
    first, second, third = (call(node) for _ in range(3))
    assert (first.is_established, second.is_established, third.is_established) == (True, True, False)
    first.release()
    second.release()


def test_success_means_stored(make_node: MakeNode) -> None:
    node, sent = make_node(quiet_s=LONG), image()
    assert store(node, sent) == [0x0000]
    [path] = node.settings.images.iterdir()
    assert dcmread(path) == sent
    assert path.stat().st_mode & 0o077 == 0
    assert node.state.counts()["images"] == {"waiting": 1}
    assert list(node.settings.temporary.iterdir()) == []


def test_the_same_image_again_is_kept_once(make_node: MakeNode) -> None:
    node, sent = make_node(quiet_s=LONG), image()
    assert store(node, sent, sent) == [0x0000, 0x0000]
    assert len(list(node.settings.images.iterdir())) == 1


def test_a_screen_capture_of_ultrasound_is_taken_and_any_other_refused(make_node: MakeNode) -> None:
    node = make_node(quiet_s=LONG)
    capture = image(SOPClassUID=SecondaryCaptureImageStorage)
    other = image(SOPClassUID=SecondaryCaptureImageStorage, Modality="OT")
    assert store(node, capture, other) == [0x0000, receive.NOT_ULTRASOUND]
    assert node.state.held([capture.SOPInstanceUID, other.SOPInstanceUID]) == {
        capture.SOPInstanceUID: SecondaryCaptureImageStorage
    }


def test_another_modality_finds_no_context(make_node: MakeNode) -> None:
    association = call(make_node(quiet_s=LONG), CTImageStorage)
    assert not association.accepted_contexts


def test_a_result_of_another_lingyin_is_refused(make_node: MakeNode) -> None:
    node = make_node(quiet_s=LONG)
    assert store(node, image(Manufacturer="Lingyin", ManufacturerModelName="lingyin")) == [receive.NOT_ULTRASOUND]
    assert store(node, image(Manufacturer="Lingyin", ManufacturerModelName="phantom")) == [0x0000]


def test_an_object_that_is_not_what_was_announced_is_refused(make_node: MakeNode) -> None:
    node, sent = make_node(quiet_s=LONG), image()
    del sent.StudyInstanceUID
    assert store(node, sent) == [receive.CANNOT_UNDERSTAND]
    assert list(node.settings.images.iterdir()) == []


def test_a_full_disk_is_said(make_node: MakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    node = make_node(quiet_s=LONG)
    monkeypatch.setattr(receive, "LEAST_FREE_BYTES", 1 << 62)
    assert store(node, image()) == [receive.OUT_OF_RESOURCES]


def test_an_image_that_cannot_be_put_on_the_disk_is_refused(
    make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, sent = make_node(quiet_s=LONG), image()

    def broken(_handle: int) -> None:
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        assert store(node, sent) == [receive.OUT_OF_RESOURCES]
    assert node.state.counts()["images"] == {}
    assert store(node, sent) == [0x0000]


def test_what_was_stored_but_never_confirmed_goes_at_the_next_start(make_node: MakeNode, tmp_path: Path) -> None:
    """The node was killed between the file and its row: the sender heard nothing and will send again."""
    node: Any = make_node(start=False)
    (node.settings.images / "orphan.dcm").write_bytes(b"x")
    (node.settings.temporary / "half.dcm").write_bytes(b"x")
    node.start()
    assert list(node.settings.images.iterdir()) == list(node.settings.temporary.iterdir()) == []


def test_what_a_killed_program_left_half_done_is_removed_files_and_folders_alike(tmp_path: Path) -> None:
    (tmp_path / "half.dcm").write_bytes(b"x")
    (tmp_path / "lingyin-abc").mkdir()
    (tmp_path / "lingyin-abc" / "page.html").write_bytes(b"x")
    sweep(tmp_path, time.time() - 3600)
    assert len(list(tmp_path.iterdir())) == 2
    sweep(tmp_path, float("inf"))
    assert not list(tmp_path.iterdir())
