"""Sources beside OpenIGTLink: a capture card (FFmpeg's virtual device stands in for one) and an HDMI recording."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from lingyin.core.clip import Frame
from lingyin.core.errors import UnreadableError
from lingyin.runtime import Network
from lingyin.serve.stream import source as module
from lingyin.serve.stream.perceive import Look, Perception
from lingyin.serve.stream.robot.volume import Pose, Volume
from lingyin.serve.stream.source import Source, device_frames
from tests.serve.stream.conftest import frame as shown
from tests.waiting import until

SCREEN, CORNER, ZOOM = (720, 1280), (60, 300), 1.5  # of the recording: its size, where the picture lies, how large


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices are FFmpeg's virtual one, which makes frames as its graph says: read just like a card."""
    if "lavfi" not in av.formats_available:
        pytest.skip("this build of PyAV has no virtual device")
    monkeypatch.setitem(module.DEVICES, sys.platform, "lavfi")


def test_a_capture_card_gives_frames_in_rgb_until_it_is_stopped(card: None) -> None:
    frames: list[tuple[Frame, tuple[float, float] | None]] = []
    graph = "camera:color=c=0x104080:size=640x480:rate=100,realtime"
    source = Source(graph, lambda frame, mm: frames.append((frame, mm)), mm_per_px=0.25)
    source.start()
    until(lambda: len(frames) > 5)
    assert source.alive
    source.stop()
    assert not source.alive
    assert source.error is None
    frame, mm = frames[0]
    assert (frame.shape, frame.dtype, mm) == ((480, 640, 3), np.uint8, (0.25, 0.25))
    assert np.abs(frame.reshape(-1, 3).astype(int) - (0x10, 0x40, 0x80)).max() <= 4


def test_a_card_that_goes_away_ends_the_source(card: None) -> None:
    frames: list[Frame] = []
    source = Source("camera:testsrc=size=320x240:rate=30:duration=0.2", lambda frame, _mm: frames.append(frame))
    source.start()
    until(lambda: not source.alive)
    assert (len(frames), source.error) == (6, None)


def test_a_device_that_is_none_is_named(card: None) -> None:
    with pytest.raises(UnreadableError, match="nosuchfilter"):
        next(device_frames("nosuchfilter"))


@pytest.fixture
def recording(volume: Volume, tmp_path: Path) -> Path:
    """A second of a scanner's screen as a grabber records it: the picture amid words, bars and a logo."""
    path = tmp_path / "hdmi.mp4"
    screen = np.full((*SCREEN, 3), 12, np.uint8)
    for number, word in enumerate(("GAIN 60", "DEPTH 14.0 cm", "FR 30 Hz", "MI 0.9")):
        cv2.putText(screen, word, (20, 200 + 40 * number), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (200, 200, 200), 1)
    cv2.rectangle(screen, (1180, 100), (1200, 400), (90, 90, 90), -1)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = SCREEN[1], SCREEN[0], "yuv420p", 8_000_000
        for number in range(30):
            picture = cv2.resize(shown(volume, 0.2 * number), None, fx=ZOOM, fy=ZOOM)
            top, left = CORNER
            screen[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
            container.mux(stream.encode(av.VideoFrame.from_ndarray(screen, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_an_hdmi_recording_shows_the_aorta_where_it_lies_on_the_screen(
    recording: Path, network: Network, volume: Volume
) -> None:
    spacing = volume.screen.mm_per_px_x / ZOOM
    perception, looks = Perception(network), []
    x_mm: list[float] = []

    def offer(frame: Frame, mm: tuple[float, float] | None) -> None:
        x_mm.append(0.2 * len(looks))
        looks.append(perception.look(frame, mm, time.monotonic()))

    source = Source(str(recording), offer, mm_per_px=spacing)
    source.start()
    until(lambda: not source.alive, 240)
    assert source.error is None
    assert len(looks) == 30
    last: Look = looks[-1]
    assert last.decision.organ == "abdominal_aorta"
    assert last.target is not None
    cut = volume.vessel.cut(Pose(x_mm[-1], 0.0))
    column, row = volume.screen.to_pixels(np.array([[cut.sideways_mm, cut.deep_mm]]))[0] * ZOOM
    top, left = CORNER
    assert np.hypot(last.target.centre_px[0] - left - column, last.target.centre_px[1] - top - row) * spacing < 3.0
    assert last.target.narrowest_mm == pytest.approx(cut.diameter_mm, abs=4.0)
