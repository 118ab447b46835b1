"""Whole scans: header and pixels of a DICOM cine, a video and a picture, read back by the program's own readers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from lingyin.core.clip import Box, Frame
from lingyin.core.errors import UnreadableError
from lingyin.curate.cleanscan import clean_scan
from lingyin.curate.pseudonyms import Pseudonyms
from lingyin.io import ScanRef, open_clip
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.dicom import to_dataset
from tests.io.video_makers import write_video

SECRET = Pseudonyms(b"s" * 32)
BOX = Box(180, 200, 260, 215)


def brightest_box(frame: Frame) -> list[Box]:
    """Stands in for the network: finds the planted print by its brightness."""
    rows, columns = np.nonzero(frame[..., 0] == 255)
    if not len(rows):
        return []
    return [Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """A cine (T, H, W) in which print stands in one frame between those that are looked at."""
    phantom = make_phantom("aorta", seed=2, frames=14)
    frames = np.minimum(phantom.frames, 250)
    frames[4, 200:215, 180:260:2] = 255
    return frames


def ref(path: Path, member: str | None = None) -> ScanRef:
    return ScanRef(path, member, path.name)


def test_a_dicom_cine_loses_header_furniture_and_print_and_keeps_its_scale(tmp_path: Path, frames: np.ndarray) -> None:
    dataset = to_dataset(make_phantom("aorta", seed=2, frames=14))
    dataset.PatientName, dataset.BurnedInAnnotation = "Okonkwo^Adaeze", "YES"
    dataset.PixelData = frames.tobytes()
    path = tmp_path / "Okonkwo.dcm"
    dataset.save_as(path)
    done = clean_scan(ref(path), tmp_path / "out", SECRET, brightest_box)
    assert done.frames == 14
    assert len(done.boxes) == 1
    written = tmp_path / "out" / done.file
    assert "Okonkwo" not in written.name
    assert b"Okonkwo" not in written.read_bytes()
    header = dcmread(written)
    assert header.BurnedInAnnotation == "NO"
    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID != dataset.SOPInstanceUID
    before, after = open_clip(path), open_clip(written)
    assert after.regions == before.regions
    assert np.array_equal(after.times_s, before.times_s)
    assert after.frames[4][200:215, 180:260].max() < 255
    changed = (after.frames[9] != before.frames[9]).any(axis=2)
    inside = np.zeros(changed.shape, bool)
    inside[198:217, 178:262] = True
    kept = after.frames[9].any(axis=2) & ~inside
    assert not changed[kept].any()
    assert not after.frames[9][:30, :60].any()  # title


def test_a_video_comes_back_lossless_with_its_times(tmp_path: Path, frames: np.ndarray) -> None:
    path = write_video(tmp_path / "scan.avi", np.repeat(frames[..., None], 3, axis=3))
    (tmp_path / "scan.avi.json").write_text('{"mm_per_px": 0.25}')
    done = clean_scan(ref(path), tmp_path / "out", SECRET, lambda _frame: [])
    before, after = open_clip(path), open_clip(tmp_path / "out" / done.file)
    assert after.times_s == pytest.approx(before.times_s, abs=1e-3)
    assert after.regions[0].mm_per_px_x == 0.25
    inside = after.frames[3].any(axis=2)
    assert np.array_equal(after.frames[3][inside], before.frames[3][inside])


def test_a_picture_keeps_its_sector_and_loses_its_metadata(tmp_path: Path, frames: np.ndarray) -> None:
    path = tmp_path / "Okonkwo.jpg"
    cv2.imwrite(str(path), frames[0])
    done = clean_scan(ref(path), tmp_path / "out", SECRET, lambda _frame: [])
    assert done.file.endswith(".png")
    assert "Okonkwo" not in done.file
    before, after = open_clip(path), open_clip(tmp_path / "out" / done.file)
    inside = after.frames[0].any(axis=2)
    assert inside.mean() > 0.2
    assert np.array_equal(after.frames[0][inside], before.frames[0][inside])


def test_a_member_of_an_archive_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="unpack the archive"):
        clean_scan(ref(tmp_path / "a.zip", "scan.dcm"), tmp_path, SECRET, brightest_box)
