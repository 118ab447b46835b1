"""Display matrices of all eight upright positions, against their meaning and against ffmpeg."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from lingyin.io import open_clip
from lingyin.io.video.turn import Turn, turn_from_matrix
from tests.io.video_makers import moving, write_video

ONE = 1 << 16
MATRICES = {  # (a, b, c, d): what becomes of the picture
    "upright": ((1, 0, 0, 1), lambda f: f),
    "quarter clockwise": ((0, 1, -1, 0), lambda f: np.rot90(f, -1)),
    "half": ((-1, 0, 0, -1), lambda f: np.rot90(f, 2)),
    "quarter anticlockwise": ((0, -1, 1, 0), np.rot90),
    "mirrored": ((-1, 0, 0, 1), lambda f: f[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda f: f[::-1]),
    "transposed": ((0, 1, 1, 0), lambda f: f.transpose(1, 0, 2)),
    "transverse": ((0, -1, -1, 0), lambda f: np.rot90(f, 2).transpose(1, 0, 2)),
}


def packed(a: int, b: int, c: int, d: int) -> bytes:
    return struct.pack("9i", a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30)


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Writes a matrix into the track header of an MP4 (ISO/IEC 14496-12 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", *struct.unpack("9i", packed(*matrix)))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", MATRICES)
def test_a_turn(name):
    matrix, wanted = MATRICES[name]
    frame = moving(1)[0]
    assert np.array_equal(turn_from_matrix(packed(*matrix)).apply(frame), wanted(frame))


def test_the_matrix_of_no_turn():
    assert turn_from_matrix(packed(1, 0, 0, 1)) == Turn()


@pytest.mark.parametrize("name", MATRICES)
def test_videos_stand_upright(tmp_path, name):
    matrix, wanted = MATRICES[name]
    path = write_video(tmp_path / "a.mp4", moving(4), "mpeg4")
    stored = [frame.copy() for frame in open_clip(path).frames]
    clip = open_clip(with_matrix(path, matrix))
    assert np.array_equal(clip.frames[2], wanted(stored[2]))
    assert (clip.height, clip.width) == wanted(stored[0]).shape[:2]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is absent")
@pytest.mark.parametrize("name", ["quarter clockwise", "half", "quarter anticlockwise", "mirrored", "upside down"])
def test_ffmpeg_turns_the_same_way(tmp_path, name):
    path = with_matrix(write_video(tmp_path / "a.mp4", moving(2), "mpeg4"), MATRICES[name][0])
    clip = open_clip(path)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    other = np.frombuffer(raw, np.uint8).reshape(-1, clip.height, clip.width, 3)[0]
    assert np.abs(other.astype(int) - clip.frames[0]).mean() < 2
