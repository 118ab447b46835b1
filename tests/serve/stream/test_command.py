"""`lingyin stream` as a user starts it: a file played to its end, and wrong words answered with a sentence."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.serve.stream.run import run
from tests.waiting import free_port

PROGRAM = "import typer; from lingyin.cli.stream import stream; typer.run(stream)"


@pytest.mark.slow
def test_a_file_is_played_to_its_end(aneurysm: Path) -> None:
    words = ["--port", str(free_port()), "--source", str(aneurysm), "--threads", "1"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    looked = re.search(r"looked at (\d+) frames, dropped (\d+), failed at 0", done.stdout)
    assert looked is not None, done.stdout
    assert int(looked[1]) > 0


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=str(port)):
            run("127.0.0.1", port, None, None, False, None, 1, print)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        run("127.0.0.1", free_port(), str(tmp_path / "nowhere.mp4"), None, False, None, 1, print)
