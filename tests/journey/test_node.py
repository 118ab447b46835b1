"""The node as a department runs it: DCMTK sends, a real Orthanc gets the results back, and a kill loses nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("pynetdicom")

from pydicom import Dataset
from pydicom.uid import UltrasoundImageStorage
from tests.journey.department import PATIENCE_S, NodeProcess, Orthanc, find_orthanc, find_storescu, start_sender
from tests.journey.trials import dead_letters, disturbing, make_images, run
from tests.serve.node.conftest import write_image
from tests.waiting import free_port, until

pytestmark = pytest.mark.slow
IMAGES, KILLS = 12, int(os.environ.get("LINGYIN_KILLS", "3"))
MakeCommand = Callable[..., NodeProcess]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[MakeCommand]:
    made: list[NodeProcess] = []

    def make(peer: str, *words: str, port: int | None = None) -> NodeProcess:
        made.append(NodeProcess(tmp_path / "node", peer, *words, port=port))
        return made[-1]

    yield make
    for each in made:
        each.end(signal.SIGKILL)


@pytest.fixture
def storescu() -> str:
    return find_storescu() or pytest.skip("DCMTK's storescu is absent: apt install dcmtk")


@pytest.fixture
def orthanc_program() -> str:
    return find_orthanc() or pytest.skip("Orthanc is absent: apt install orthanc")


@pytest.fixture
def images(tmp_path: Path) -> list[tuple[Path, Dataset]]:
    """Four studies of two stills each, a folder for each."""
    made = []
    for number in range(8):
        folder = tmp_path / f"study-{number // 2}"
        folder.mkdir(exist_ok=True)
        path = folder / f"{number}.dcm"
        made.append((path, write_image(path, seed=number, study=f"1.2.826.0.1.{1000 + number // 2}")))
    return made


def start_all(storescu: str, port: int, paths: list[Path]) -> list[subprocess.Popen[bytes]]:
    """Sends each study in an association of its own, all at the same time."""
    return [start_sender(storescu, port, folder) for folder in sorted({path.parent for path in paths})]


def send_all(storescu: str, port: int, paths: list[Path]) -> list[int]:
    """The same to its end; returns exit codes."""
    return [each.wait(PATIENCE_S) for each in start_all(storescu, port, paths)]


def test_a_real_archive_gets_each_result_once(
    command: MakeCommand,
    storescu: str,
    orthanc_program: str,
    images: list[tuple[Path, Dataset]],
    tmp_path: Path,
) -> None:
    peer_port = free_port()
    node = command(f"ORTHANC@127.0.0.1:{peer_port}", "--quiet-seconds", "1", "--allow", "SCANNER", "--allow", "ORTHANC")
    node.start()
    # The archive is down when the results are ready, and comes up later.
    assert send_all(storescu, node.port, [path for path, _ in images]) == [0, 0, 0, 0]
    until(lambda: [row["state"] for row in node.rows("images")] == ["done"] * 8, PATIENCE_S)
    until(lambda: any(row["attempts"] for row in node.rows("results")), PATIENCE_S)
    assert {row["state"] for row in node.rows("results")} == {"waiting"}
    assert node.end(signal.SIGTERM) == 0

    orthanc = Orthanc(orthanc_program, tmp_path / "orthanc", node.port)
    orthanc.start()
    try:
        words = ("--quiet-seconds", "1", "--allow", "ORTHANC")
        moved = command(f"ORTHANC@127.0.0.1:{orthanc.port}", *words, port=node.port)
        moved.start()
        until(lambda: {row["state"] for row in moved.rows("results")} == {"sent"}, PATIENCE_S)
        held = orthanc.instances()
        assert sorted(tags["SOPInstanceUID"] for tags in held.values()) == sorted(
            row["sop_instance"] for row in moved.rows("results")
        )
        studies = {each["MainDicomTags"]["StudyInstanceUID"]: each for each in orthanc.ask("/studies?expand")}
        assert set(studies) == {dataset.StudyInstanceUID for _, dataset in images}
        modalities = {each["MainDicomTags"]["Modality"] for each in orthanc.ask("/series?expand")}
        assert {"SR", "KO", "OT", "DOC"} <= modalities
        # The archive forwards what it got to the node, as some do with all they get: nothing is analysed again.
        job = orthanc.ask("/modalities/lingyin/store", list(held))
        assert (job["InstancesCount"], job["FailedInstancesCount"]) == (len(held), 0)
        time.sleep(2.0)
        assert [row["state"] for row in moved.rows("images")] == ["done"] * 8
        assert len(moved.rows("results")) == len(held)
        # It asks whether the node keeps all of it, and one object that nobody has: the report comes by another way.
        asked = orthanc.ask("/modalities/lingyin/storage-commitment", {"Resources": list(held)})
        until(lambda: orthanc.ask(asked["Path"])["Status"] != "Pending", PATIENCE_S)
        kept = orthanc.ask(asked["Path"])
        assert (kept["Status"], len(kept["Success"])) == ("Success", len(held))
        unknown = {"SOPClassUID": UltrasoundImageStorage, "SOPInstanceUID": "1.2.999"}
        asked = orthanc.ask("/modalities/lingyin/storage-commitment", {"DicomInstances": [unknown]})
        until(lambda: orthanc.ask(asked["Path"])["Status"] != "Pending", PATIENCE_S)
        assert [each["SOPInstanceUID"] for each in orthanc.ask(asked["Path"])["Failures"]] == ["1.2.999"]
        assert moved.end(signal.SIGTERM) == 0
    finally:
        orthanc.stop()


def test_killed_in_the_middle_it_ends_where_it_would_have(storescu: str, orthanc_program: str, tmp_path: Path) -> None:
    images = tmp_path / "images"
    make_images(images, IMAGES, 7)
    calm, expected = run("calm", tmp_path, images, lambda _: {})
    rough, state = run("rough", tmp_path, images, disturbing(KILLS, 2.0, random.Random(7)))
    assert state == expected
    assert rough["results that waited for it"] > 0
    for figures in (calm, rough):
        assert figures["images stored"] == IMAGES
        assert figures["images with exactly one report in the archive"] == IMAGES
        assert figures["images lost"] == figures["images doubled"] == 0
        assert figures["results missing or unknown in the archive"] == 0
        assert figures["ended cleanly"]


def test_nothing_leaves_the_dead_letters_silently(storescu: str, orthanc_program: str, tmp_path: Path) -> None:
    images = tmp_path / "images"
    make_images(images, 3, 8)
    figures = dead_letters(tmp_path, images)
    given_up = figures["images and results given up"]
    assert given_up == figures["results made"] + 1 > 2
    assert (
        figures["of them in the folder, with a reason"] == figures["in the folder after one was taken out"] == given_up
    )
    assert figures["results delivered once tried again"] == figures["results made"]
    assert figures["letters left (the damaged image)"] == 1
