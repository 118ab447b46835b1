"""The network loaded once, pictures of a simulated aorta, and a stream server on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lingyin.core.clip import Frame
from lingyin.runtime import Network, load_network
from lingyin.serve.stream.robot.volume import Pose, Volume
from lingyin.serve.stream.server import StreamServer

Serve = Callable[..., StreamServer]


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network(threads=1)


@pytest.fixture(scope="session")
def volume() -> Volume:
    return Volume(0)


@pytest.fixture(scope="session")
def spacing(volume: Volume) -> tuple[float, float]:
    return volume.screen.mm_per_px_x, volume.screen.mm_per_px_y


def frame(volume: Volume, x_mm: float = 0.0, z_mm: float = 0.0) -> Frame:
    """What the probe shows there, in colour."""
    return np.repeat(volume.picture(Pose(x_mm, z_mm))[..., None], 3, axis=2)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with some perception, on a free port."""
    running: list[StreamServer] = []

    def start(perception: Any) -> StreamServer:
        server = StreamServer(perception, "127.0.0.1", 0)
        running.append(server)
        server.start()
        return server

    yield start
    for server in running:
        server.stop()


def connect(server: StreamServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 20)
