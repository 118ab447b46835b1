"""DICOM that wraps an MPEG-2, H.264 or H.265 stream."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.core.errors import LingyinError, UnreadableError
from lingyin.io import open_clip
from tests.io.dicom.makers import dataset, psnr, write_coded
from tests.io.video_makers import moving, write_video

KINDS = [
    ("1.2.840.10008.1.2.4.100", "mpeg2video", "mpeg2video"),
    ("1.2.840.10008.1.2.4.101", "mpeg2video", "mpeg"),
    ("1.2.840.10008.1.2.4.102", "libx264", "h264"),
    ("1.2.840.10008.1.2.4.103.1", "libx264", "mpegts"),
    ("1.2.840.10008.1.2.4.104", "libx264", "mp4"),
    ("1.2.840.10008.1.2.4.107", "libx265", "hevc"),
]


@pytest.fixture(scope="module")
def frames():
    return moving(20, height=64, width=64)


@pytest.mark.parametrize(("syntax", "codec", "container"), KINDS)
def test_streams(tmp_path, frames, syntax, codec, container):
    stream = write_video(tmp_path / "a.bin", frames, codec, container=container).read_bytes()
    path = write_coded(dataset(frames, "YBR_PARTIAL_420"), [stream], tmp_path / "a.dcm", syntax, fragments_per_frame=3)
    clip = open_clip(path)
    assert len(clip) == 20
    assert clip.source.kind == "dicom"
    assert clip.source.transfer_syntax_uid == syntax
    assert np.allclose(np.diff(clip.times_s), 0.04)
    assert min(psnr(found, frame) for found, frame in zip(clip.frames, frames, strict=True)) > 26
    for index in (13, 2, 19, 0):
        assert psnr(clip.frames[index], frames[index]) > 26


def test_another_count_than_announced_is_told(tmp_path, frames):
    stream = write_video(tmp_path / "a.bin", frames, "mpeg2video", container="mpeg2video").read_bytes()
    made = dataset(frames, "YBR_PARTIAL_420", NumberOfFrames=25)
    clip = open_clip(write_coded(made, [stream], tmp_path / "a.dcm", KINDS[0][0]))
    assert len(clip) == 20
    assert any("25" in note and "20" in note for note in clip.source.notes)


def test_a_cut_or_wrong_stream(tmp_path, frames):
    path = write_coded(dataset(frames, "YBR_PARTIAL_420"), [b"no stream" * 90], tmp_path / "a.dcm", KINDS[2][0])
    with pytest.raises(LingyinError, match=r"a\.dcm"):
        open_clip(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-300])
    with pytest.raises(UnreadableError, match="cut short"):
        open_clip(path)
