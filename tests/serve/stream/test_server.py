"""Clients of several kinds: pyigtl's own, one that sends nonsense, one that leaves, and more than there is room for."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyigtl import OpenIGTLinkClient

from lingyin.core.clip import Frame
from lingyin.core.errors import InputError
from lingyin.runtime import Network
from lingyin.serve.stream.answer import MASK, READING, TARGET
from lingyin.serve.stream.perceive import Look, Perception
from lingyin.serve.stream.robot.volume import Volume
from lingyin.serve.stream.server import MOST_CLIENTS
from lingyin.serve.stream.source import Source
from lingyin.serve.stream.wire import image_message, read_message
from tests.serve.stream.conftest import Serve, connect
from tests.waiting import until

Spacing = tuple[float, float]
SMALL = np.random.default_rng(2).integers(0, 90, (60, 80), dtype=np.uint8)


class Slow:
    """A perception that looks only when it is let, and keeps the first pixel of each frame."""

    def __init__(self, perception: Perception) -> None:
        self._perception = perception
        self.go = threading.Event()
        self.entered = threading.Event()
        self.seen: list[int] = []
        self.error: Exception | None = None

    def look(self, frame: Frame, mm_per_px: tuple[float, float] | None, time_s: float) -> Look:
        self.seen.append(int(frame[0, 0, 0]))
        self.entered.set()
        assert self.go.wait(30)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return self._perception.look(frame, mm_per_px, time_s)


def reading_of(client: Any) -> dict[str, Any]:
    while True:
        message: Any = read_message(client)
        assert message is not None, "the server hung up"
        if message.device_name == READING:
            reading: dict[str, Any] = json.loads(message.string)
            return reading


def test_the_usual_python_client_is_answered(serve: Serve, network: Network, volume: Volume, spacing: Spacing) -> None:
    server = serve(Perception(network))
    client = OpenIGTLinkClient("127.0.0.1", server.port)
    try:
        from lingyin.serve.stream.robot.volume import Pose

        client.send_message(image_message(volume.picture(Pose(0, 0)), spacing, "Probe", 1000.5), wait=True)
        text = client.wait_for_message(READING, timeout=60)
        points, label_map = (client.wait_for_message(name, timeout=60) for name in (TARGET, MASK))
    finally:
        client.stop()
    reading = json.loads(text.string)
    assert reading["organ"]["code"] == "abdominal_aorta"
    assert reading["stamp_s"] == pytest.approx(1000.5)
    assert text.timestamp == pytest.approx(1000.5)
    assert label_map.image.max() == 1
    assert points.positions is not None


def test_stale_frames_are_dropped(serve: Serve, network: Network) -> None:
    slow = Slow(Perception(network))
    server = serve(slow)
    with connect(server) as client:
        client.sendall(image_message(np.full_like(SMALL, 1), None, "Probe").pack())
        assert slow.entered.wait(30)
        for number in range(2, 11):
            client.sendall(image_message(np.full_like(SMALL, number), None, "Probe").pack())
        until(lambda: server.mailbox.dropped == 8)
        slow.go.set()
        first, second = reading_of(client), reading_of(client)
    assert slow.seen == [1, 10]
    assert (first["sequence"], second["sequence"], second["dropped"]) == (0, 1, 8)


def test_nonsense_ends_one_client_and_no_other(serve: Serve, network: Network) -> None:
    server = serve(Perception(network))
    with connect(server) as good, connect(server) as bad:
        bad.sendall(b"\xff" * 58)
        assert bad.recv(1) == b""
        good.sendall(image_message(SMALL, None, "Probe").pack())
        assert reading_of(good)["quality"]["code"]
    assert server.counts["refused"] == 1


def test_a_client_that_left_and_a_frame_that_breaks_end_nothing(serve: Serve, network: Network) -> None:
    slow = Slow(Perception(network))
    slow.error = ValueError("broken")
    server = serve(slow)
    with connect(server) as leaving:
        leaving.sendall(image_message(SMALL, None, "Probe").pack())
        assert slow.entered.wait(30)
    slow.go.set()
    until(lambda: server.counts["failed"] == 1)
    with connect(server) as client:
        client.sendall(image_message(SMALL, None, "Probe").pack())
        reading_of(client)


def test_too_many_clients_are_sent_away(serve: Serve, network: Network) -> None:
    server = serve(Perception(network))
    clients = [connect(server) for _ in range(MOST_CLIENTS)]
    try:
        clients[-1].sendall(image_message(SMALL, None, "Probe").pack())
        reading_of(clients[-1])  # all are in
        with connect(server) as extra:
            assert extra.recv(1) == b""
    finally:
        for client in clients:
            client.close()


def test_a_video_feeds_all_clients(serve: Serve, network: Network, aneurysm: Path) -> None:
    server = serve(Perception(network))
    with connect(server) as one, connect(server) as other:
        until(lambda: len(server._clients) == 2)
        source = Source(str(aneurysm), server.offer, loop=True)
        source.start()
        try:
            for client in (one, other):
                reading = reading_of(client)
                while reading["organ"]["code"] is None:
                    reading = reading_of(client)
                assert reading["organ"]["code"] == "abdominal_aorta"
                assert reading["target"]["offset_mm"] is not None
        finally:
            source.stop()
    assert source.error is None


def test_a_file_ends_and_a_missing_device_is_named(aneurysm: Path) -> None:
    frames: list[Frame] = []
    source = Source(str(aneurysm), lambda frame, _mm: frames.append(frame))
    source.start()
    until(lambda: not source.alive)
    assert len(frames) > 1
    camera = Source("camera:/dev/no-such-camera", lambda _frame, _mm: None)
    camera.start()
    until(lambda: not camera.alive)
    assert isinstance(camera.error, InputError)
    assert "no-such-camera" in str(camera.error)
