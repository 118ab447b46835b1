"""The command in a process of its own: the link is shown once, the folder is held, a kill loses nothing."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.waiting import free_port

START = """
import sys
from pathlib import Path
from lingyin.cli.serve import serve
serve(port=int(sys.argv[1]), data=Path(sys.argv[2]))
"""
HEAVY = """
import sys
import lingyin.cli.serve
print([name for name in ("fastapi", "uvicorn", "numpy", "sqlite3") if name in sys.modules])
"""


class Process:
    """A server process; `link` is the first line it printed."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.data = data
        self.popen = subprocess.Popen(
            [sys.executable, "-u", "-c", START, str(self.port), str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.popen.stdout is not None
        self.link = self.popen.stdout.readline().strip()
        self.rest: list[str] = []
        reader = threading.Thread(target=lambda: self.rest.extend(self.popen.stdout or ()), daemon=True)
        reader.start()
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_until_up(self) -> None:
        for _ in range(600):
            try:
                httpx2.get(self.url, timeout=60)
                return
            except httpx2.TransportError:
                time.sleep(0.1)
        raise AssertionError(self.link)

    def end(self, how: signal.Signals) -> int:
        self.popen.send_signal(how)
        return self.popen.wait(120)


@pytest.fixture
def started() -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        if process.popen.poll() is None:
            process.end(signal.SIGKILL)
        assert process.popen.stdout is not None
        process.popen.stdout.close()


@pytest.mark.slow
def test_kill_loses_and_doubles_nothing(
    tmp_path: Path, real_cine: Path, picture: bytes, started: list[Process]
) -> None:
    data = tmp_path / "data"
    first = Process(data)
    started.append(first)
    token = first.link.partition("#token=")[2]
    assert len(token) >= 43, first.link
    first.wait_until_up()
    assert httpx2.get(f"{first.url}/studies").status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    keys = []
    for number in range(3):
        content = real_cine.read_bytes() if number == 0 else picture  # the first one is still running when killed
        files = {"files": (f"patient-{number}", content)}
        answer = httpx2.post(f"{first.url}/studies", headers=bearer, files=files)
        keys.append(answer.json()["studies"][0]["id"])
    for _ in range(100):
        if httpx2.get(f"{first.url}/studies/{keys[0]}", headers=bearer).json()["state"] != "queued":
            break
        time.sleep(0.02)
    first.end(signal.SIGKILL)

    second = Process(data)
    started.append(second)
    assert "#token=" not in second.link
    second.wait_until_up()
    third = Process(data)
    started.append(third)
    assert third.popen.wait(120) == 1
    assert any("another server uses this folder" in line for line in [third.link, *third.rest])

    for key in keys:
        httpx2.get(f"{second.url}/studies/{key}/events", headers=bearer, timeout=300)
    page = httpx2.get(f"{second.url}/studies", headers=bearer).json()
    assert sorted(study["id"] for study in page["studies"]) == sorted(keys)
    assert {study["state"] for study in page["studies"]} == {"done"}
    assert {path.name for path in (data / "reports").iterdir()} == set(keys)
    assert list((data / "uploads").iterdir()) == []
    assert second.end(signal.SIGINT) in (0, 1, -signal.SIGINT)
    assert not any("patient-" in line for line in [*first.rest, *second.rest])


def test_port_in_use_and_folder_that_cannot_be_made_are_said_in_a_sentence(tmp_path: Path) -> None:
    from lingyin.core.errors import OutputError, UsageError
    from lingyin.serve import Settings
    from lingyin.serve.server import check_port, prepare

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} cannot be used .*choose another"):
            check_port(Settings(tmp_path, port=port))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose another with --data"):
        prepare(Settings(tmp_path / "file" / "data"))


def test_help_needs_none_of_the_server() -> None:
    done = subprocess.run([sys.executable, "-c", HEAVY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
