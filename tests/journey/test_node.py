"""The node as a department runs it: DCMTK sends, a real Orthanc gets the results back, and a kill loses nothing."""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pynetdicom")

from pydicom import Dataset, dcmread
from tests.serve.node.conftest import Archive, archive, write_image
from tests.waiting import free_port, until

__all__ = ["archive"]

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("LINGYIN_KILLS", "3"))
PATIENCE_S = 240.0  # a loaded machine starts a process slowly
PROGRAM = "import typer; from lingyin.cli.node import node; typer.run(node)"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Command:
    """`lingyin node` in a process of its own, which can be killed and started again on the same folder."""

    def __init__(self, data: Path, peer: str, *words: str) -> None:
        self.data, self.port = data, free_port()
        self._words = ["--aet", "LINGYIN", "--port", str(self.port), "--send-to", peer, "--data", str(data), *words]
        self._words += ["--threads", "1", "--lang", "en", "--backoff-seconds", "0.2"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.data.parent / "node.log").open("ab")
        with log:
            self._process = subprocess.Popen([sys.executable, "-c", PROGRAM, *self._words], stdout=log, stderr=log)
        until(lambda: listens(self.port), PATIENCE_S)

    def end(self, number: signal.Signals) -> int:
        """Sends the signal and waits for the end."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(60)
        self._process = None
        return code

    def rows(self, table: str) -> list[dict[str, Any]]:
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.data / "node.sqlite", timeout=30)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]


MakeCommand = Callable[..., Command]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[MakeCommand]:
    made: list[Command] = []

    def make(peer: str, *words: str) -> Command:
        made.append(Command(tmp_path / "node", peer, *words))
        return made[-1]

    yield make
    for each in made:
        each.end(signal.SIGKILL)


@pytest.fixture
def storescu() -> str:
    """DCMTK's own; pynetdicom puts a program of the same name into the environment."""
    for folder in os.get_exec_path():
        found = shutil.which("storescu", path=folder)
        if found and b"dcmtk" in subprocess.run([found, "--version"], capture_output=True, check=False).stdout:
            return found
    pytest.skip("DCMTK's storescu is absent: apt install dcmtk")


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
    words = [storescu, "-aet", "SCANNER", "-aec", "LINGYIN", "+sd", "127.0.0.1", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return [subprocess.Popen([*words, str(folder)], **quiet) for folder in sorted({path.parent for path in paths})]


def send_all(storescu: str, port: int, paths: list[Path]) -> list[int]:
    """The same to its end; returns exit codes."""
    return [each.wait(PATIENCE_S) for each in start_all(storescu, port, paths)]


class Orthanc:
    """A real Orthanc on loopback."""

    def __init__(self, program: str, folder: Path, node_port: int) -> None:
        self.port, self._http = free_port(), free_port()
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "index"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.port,
            "DicomServerEnabled": True,
            "HttpPort": self._http,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowStore": True,
            "DicomModalities": {"lingyin": ["LINGYIN", "127.0.0.1", node_port]},
            "Plugins": [],
        }
        path = folder / "orthanc.json"
        path.write_text(json.dumps(settings))
        with (folder / "orthanc.log").open("wb") as log:
            self.process = subprocess.Popen([program, str(path)], stdout=log, stderr=log)
        until(lambda: listens(self._http) and listens(self.port), PATIENCE_S)

    def ask(self, path: str, content: Any = None) -> Any:
        """What its REST API answers."""
        data = None if content is None else json.dumps(content).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}{path}", data, timeout=60) as answer:
            return json.loads(answer.read())

    def instances(self) -> dict[str, dict[str, Any]]:
        """Main attributes of all that it holds, by its own name for it."""
        return {each["ID"]: each["MainDicomTags"] for each in self.ask("/instances?expand")}


@pytest.fixture
def orthanc_program() -> str:
    found = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip("Orthanc is absent: apt install orthanc")
    return found


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

    folder = tmp_path / "orthanc"
    folder.mkdir()
    orthanc = Orthanc(orthanc_program, folder, node.port)
    try:
        moved = command(f"ORTHANC@127.0.0.1:{orthanc.port}", "--quiet-seconds", "1", "--allow", "ORTHANC")
        moved.port, moved._words[3] = node.port, str(node.port)
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
        assert moved.end(signal.SIGTERM) == 0
    finally:
        orthanc.process.terminate()
        orthanc.process.wait(60)


# pynetdicom, here as the archive, leaves the socket of a caller that was killed to the collector.
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # the archive's, of a reset connection
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_killed_in_the_middle_it_ends_where_it_would_have(
    command: MakeCommand, storescu: str, archive: Archive, images: list[tuple[Path, Dataset]]
) -> None:
    node = command(f"ARCHIVE@127.0.0.1:{archive.port}", "--quiet-seconds", "0.5")
    paths = [path for path, _ in images]
    moments = random.Random(7)
    for _ in range(KILLS):
        node.start()
        senders = start_all(storescu, node.port, paths)  # as ones do that did not hear "success"
        time.sleep(moments.uniform(0.2, 6.0))  # while it stores, analyses, writes or delivers
        node.end(signal.SIGKILL)
        for each in senders:
            each.wait(PATIENCE_S)
    node.start()
    assert send_all(storescu, node.port, paths) == [0, 0, 0, 0]
    until(lambda: [row["state"] for row in node.rows("images")] == ["done"] * 8, PATIENCE_S)
    until(lambda: {row["state"] for row in node.rows("results")} == {"sent"}, PATIENCE_S)
    assert {row["sop_instance"] for row in node.rows("images")} == {dataset.SOPInstanceUID for _, dataset in images}
    sent = [row["sop_instance"] for row in node.rows("results")]
    assert len(sent) == len(set(sent)) == len(archive.got)
    assert set(sent) == set(archive.got)
    reports = [each for each in archive.got.values() if each.Modality == "SR"]
    about = [each.CurrentRequestedProcedureEvidenceSequence[0] for each in reports]
    pointed = [each.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID for each in about]
    assert sorted(pointed) == sorted(dataset.SOPInstanceUID for _, dataset in images)  # one report for each image
    for path, dataset in images:
        kept = [dcmread(node.data / "images" / row["file"]) for row in node.rows("images")]
        assert dataset.SOPInstanceUID in {each.SOPInstanceUID for each in kept}, path.name
    assert node.end(signal.SIGTERM) == 0
    gc.collect()
