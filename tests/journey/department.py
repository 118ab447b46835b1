"""A department on loopback: the node in a process of its own, a real Orthanc, and DCMTK's storescu as the scanners."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.waiting import free_port, until

PATIENCE_S = 600.0  # a loaded machine starts a process slowly
PROGRAM = "import typer; from lingyin.cli.node import node; typer.run(node)"


def listens(port: int) -> bool:
    """Whether anyone does at this port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class NodeProcess:
    """`lingyin node` in a process of its own, which can be killed and started again on the same folder."""

    def __init__(self, data: Path, peer: str, *words: str, port: int | None = None) -> None:
        self.data, self.port = data, port or free_port()
        self._words = ["--aet", "LINGYIN", "--port", str(self.port), "--send-to", peer, "--data", str(data)]
        self._words += ["--threads", "1", "--lang", "en", "--backoff-seconds", "0.2", *words]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str) -> None:
        """Starts it, with further words if any, and waits until it listens."""
        with self.data.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *self._words, *words], stdout=log, stderr=log
            )
        until(lambda: listens(self.port) or self.ended, PATIENCE_S)
        assert not self.ended, self.data.with_suffix(".log").read_text()[-2000:]

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def end(self, number: signal.Signals) -> int:
        """Sends the signal and waits for the end; returns the exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE_S)
        self._process = None
        return code

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What it keeps in its database."""
        return self.ask(f"SELECT * FROM {table}")

    def ask(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query over its database; none before it has made one."""
        if not (self.data / "node.sqlite").exists():
            return []
        with closing(sqlite3.connect(self.data / "node.sqlite", timeout=30)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(query)]


class Orthanc:
    """A real Orthanc on loopback, which can be stopped and started again with what it holds."""

    def __init__(self, program: str, folder: Path, node_port: int, port: int | None = None) -> None:
        self.port, self._http = port or free_port(), free_port()
        self._program, self._folder = program, folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
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
        (folder / "orthanc.json").write_text(json.dumps(settings))

    def start(self) -> None:
        """Starts it and waits until it answers."""
        with (self._folder / "orthanc.log").open("ab") as log:
            words = [self._program, str(self._folder / "orthanc.json")]
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        until(lambda: listens(self._http) and listens(self.port), PATIENCE_S)

    def stop(self) -> None:
        """Stops it as an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def ask(self, path: str, content: Any = None) -> Any:
        """What its REST API answers."""
        data = None if content is None else json.dumps(content).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self._http}{path}", data, timeout=60) as answer:
            return json.loads(answer.read())

    def instances(self) -> dict[str, dict[str, Any]]:
        """Main attributes of all that it holds, by its own name for it."""
        return {each["ID"]: each["MainDicomTags"] for each in self.ask("/instances?expand")}

    def reported(self) -> list[str]:
        """Identifiers of the images that its structured reports are about, one for each report."""
        reports = [
            each["Instances"] for each in self.ask("/series?expand") if each["MainDicomTags"].get("Modality") == "SR"
        ]
        return [
            item["ReferencedSOPInstanceUID"]
            for names in reports
            for name in names
            for study in self.ask(f"/instances/{name}/simplified-tags")["CurrentRequestedProcedureEvidenceSequence"]
            for series in study["ReferencedSeriesSequence"]
            for item in series["ReferencedSOPSequence"]
        ]


def find_orthanc() -> str | None:
    """The program, if it is installed."""
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def find_storescu() -> str | None:
    """DCMTK's own; pynetdicom puts a program of the same name into the environment."""
    for folder in os.get_exec_path():
        found = shutil.which("storescu", path=folder)
        if found and b"dcmtk" in subprocess.run([found, "--version"], capture_output=True, check=False).stdout:
            return found
    return None


def start_sender(storescu: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Sends what lies in a folder and below in one association."""
    words = [storescu, "-aet", "SCANNER", "-aec", "LINGYIN", "+sd", "+r", "127.0.0.1", str(port), str(folder)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
