"""The readers against independent programs: dcmj2pnm (ffmpeg for JPEG 2000) for DICOM, ffmpeg and ffprobe for video.

ffmpeg's library is also within PyAV, so for video this checks count, order, times, colour conversion and orientation.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000TransferSyntaxes
from tests.io.video_makers import moving, write_video

from lingyin.core.clip import Clip
from lingyin.core.paths import data_root
from lingyin.io import open_clip

ULTRASOUND = (  # every file with an ultrasound SOP class that pydicom's wheel ships
    "examples_ybr_color.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_jpeg2k.dcm",
    "ExplVR_BigEnd.dcm",
)
ROOT = data_root()
REAL_DICOM = sorted(path.name for path in (ROOT / "dicom").glob("*.dcm")) if ROOT else []
REAL_VIDEO = sorted(path.name for path in (ROOT / "videos").glob("*.m*")) if ROOT else []
LOOKED_AT = (0.0, 0.5, 1.0)  # of the clip
needs_dcmtk = pytest.mark.skipif(
    shutil.which("dcmj2pnm") is None or shutil.which("ffmpeg") is None, reason="dcmtk or ffmpeg is not installed"
)
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="ffmpeg is not installed"
)


def said(*words: str | Path) -> bytes:
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=60).stdout


def chosen(count: int) -> list[int]:
    return sorted({round(share * (count - 1)) for share in LOOKED_AT})


def by_another(path: Path, index: int, folder: Path) -> NDArray[np.uint8]:
    """One frame as dcmtk shows it, `(H, W, 3)` RGB; JPEG 2000, which dcmtk lacks, by ffmpeg's decoder."""
    target = folder / "frame.ppm"
    dataset = dcmread(path)
    if dataset.file_meta.TransferSyntaxUID in JPEG2000TransferSyntaxes:
        code = folder / "frame.j2k"
        code.write_bytes(next(generate_frames(dataset.PixelData, number_of_frames=1)))
        said("ffmpeg", "-v", "error", "-y", "-i", code, "-pix_fmt", "rgb24", target)
    else:
        said("dcmj2pnm", "--write-raw-pnm", "--frame", str(index + 1), path, target)
    picture = cv2.imread(str(target), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    return picture.astype(np.uint8)


def check_dicom(path: Path, folder: Path) -> None:
    clip = open_clip(path)
    header = dcmread(path, stop_before_pixels=True)
    assert (clip.height, clip.width) == (header.Rows, header.Columns)
    assert len(clip) == int(header.get("NumberOfFrames") or 1)
    for index in chosen(len(clip)):
        agree(clip.frames[index], by_another(path, index, folder), mean=1.0, share=0.02)


def agree(found: NDArray[np.uint8], other: NDArray[np.uint8], mean: float, share: float) -> None:
    """Nearly equal: small differences of rounding on average, and few pixels that differ by more than 12 levels."""
    assert found.shape == other.shape
    difference = np.abs(found.astype(int) - other)
    assert difference.mean() <= mean, difference.mean()
    assert (difference > 12).mean() <= share, (difference > 12).mean()


@needs_dcmtk
@pytest.mark.parametrize("name", ULTRASOUND)
def test_ultrasound_files_of_pydicom(name: str, tmp_path: Path) -> None:
    check_dicom(Path(str(get_testdata_file(name, download=False))), tmp_path)


@needs_dcmtk
@pytest.mark.data
@pytest.mark.parametrize("name", REAL_DICOM or ["none"])
def test_real_dicom_files(real_data: Path, name: str, tmp_path: Path) -> None:
    check_dicom(real_data / "dicom" / name, tmp_path)


def test_the_cine_keeps_its_frame_time(real_cine: Path) -> None:
    step_s = float(dcmread(real_cine, stop_before_pixels=True).FrameTime) / 1000
    assert np.allclose(open_clip(real_cine).times_s, np.arange(30) * step_s)


def probed(path: Path) -> list[float]:
    """Times of all frames in order of showing, seconds from the first, by ffprobe; NaN where the file has no stamp."""
    entries = ("-show_entries", "frame=pts_time")
    answer = said("ffprobe", "-v", "error", "-select_streams", "v:0", *entries, "-of", "json", path)
    frames: list[dict[str, Any]] = json.loads(answer)["frames"]
    times = [float(frame.get("pts_time", "nan")) for frame in frames]
    return [time - times[0] for time in times]


def by_ffmpeg(path: Path, clip: Clip, indices: list[int]) -> NDArray[np.uint8]:
    """Frames as ffmpeg shows them, upright and with exact colour conversion, `(N, H, W, 3)` RGB."""
    wanted = "+".join(f"eq(n,{index})" for index in indices)
    raw = said(
        *("ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-vf", f"select='{wanted}'"),
        *("-sws_flags", "accurate_rnd+full_chroma_int+bilinear", "-fps_mode", "passthrough"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-"),
    )
    return np.frombuffer(raw, np.uint8).reshape(len(indices), clip.height, clip.width, 3)


def check_video(path: Path, share: float = 0.01) -> None:
    clip = open_clip(path)
    times = probed(path)
    assert len(clip) == len(times)
    stamped = np.isfinite(times)
    assert stamped[0]
    assert np.allclose(clip.times_s[stamped], np.asarray(times)[stamped], atol=0.002)
    indices = chosen(len(clip))
    for index, other in zip(indices, by_ffmpeg(path, clip, indices), strict=True):
        agree(clip.frames[index], other, mean=1.5, share=share)


@needs_ffmpeg
@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    # every fifth clip in the quick run: MPEG-2, H.264 in MP4 and in QuickTime are among them
    [pytest.param(name, marks=[pytest.mark.slow] if at % 5 else []) for at, name in enumerate(REAL_VIDEO or ["none"])],
)
def test_real_videos(real_data: Path, name: str) -> None:
    check_video(real_data / "videos" / name)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "codec"), [("a.mpeg", "mpeg1video"), ("a.mpg", "mpeg2video"), ("a.avi", "mjpeg"), ("a.wmv", "wmv2")]
)
def test_containers_of_older_scanners(tmp_path: Path, name: str, codec: str) -> None:
    source = write_video(tmp_path / "plain.mkv", moving(12), "ffv1", pixel_format="bgr0")
    target = tmp_path / name
    said(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        source,
        "-c:v",
        codec,
        "-q:v",
        "2",
        "-pix_fmt",
        "yuvj420p" if codec == "mjpeg" else "yuv420p",
        target,
    )
    check_video(target, share=0.03)  # red on grey at 64 x 48: much of it is the edge that chroma is interpolated over
