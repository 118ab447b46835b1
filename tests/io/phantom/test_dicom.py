"""The file: read back through our own reader and judged by an outside validator."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from lingyin.core.errors import OutputError
from lingyin.io import open_clip
from lingyin.io.phantom import make_phantom, write_phantom
from lingyin.io.phantom.parameters import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_valid_for_dciodvfy(kind: str, tmp_path: Path) -> None:
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy absent: install dicom3tools to check against the standard")
    write_phantom(make_phantom(kind, 1, frames=2), tmp_path / "scan.dcm")
    done = subprocess.run([validator, tmp_path / "scan.dcm"], capture_output=True, text=True, check=False)
    words = done.stdout + done.stderr
    assert "USMultiFrameImage" in words
    assert "Error" not in words
    assert "Warning" not in words


def test_reader_gets_frames_times_and_spacing_back(tmp_path: Path) -> None:
    phantom = make_phantom("aorta", 7, frames=5, frame_rate_hz=25, pixel_aspect=1.2)
    write_phantom(phantom, tmp_path / "scan.dcm")
    clip = open_clip(tmp_path / "scan.dcm")
    assert len(clip) == 5
    assert np.array_equal(np.stack([frame[..., 0] for frame in clip.frames]), phantom.frames)
    assert clip.times_s == pytest.approx(phantom.times_s)
    (region,) = clip.regions
    assert region.mm_per_px_x == pytest.approx(phantom.mm_per_px_x)
    assert region.mm_per_px_y == pytest.approx(1.2 * phantom.mm_per_px_x)
    assert region.box == phantom.screen.box


def test_truth_lies_beside_the_file(tmp_path: Path) -> None:
    phantom = make_phantom("aorta", 7, frames=2, diameter_mm=47)
    write_phantom(phantom, tmp_path / "new" / "scan.dcm")
    truth = json.loads((tmp_path / "new" / "scan.json").read_text(encoding="utf-8"))
    assert truth == phantom.truth
    assert truth["kind"] == "aorta"
    assert truth["measurements"]["abdominal_aorta_diameter"] == {"value": 47.0, "unit": "mm"}
    assert truth["findings"] == ["abdominal_aortic_aneurysm"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["scan.dcm", "scan.json"]


def test_same_arguments_same_bytes_other_arguments_other_uids(tmp_path: Path) -> None:
    names = {"a": {}, "b": {}, "c": {"gain_db": 1}}
    for name, settings in names.items():
        write_phantom(make_phantom("carotid", 3, frames=2, **settings), tmp_path / f"{name}.dcm")
    first, again, other = ((tmp_path / f"{name}.dcm").read_bytes() for name in names)
    assert first == again
    uids = {pydicom.dcmread(tmp_path / f"{name}.dcm").SOPInstanceUID for name in names}
    assert len(uids) == 2
    assert first != other


def test_no_person_in_the_file(tmp_path: Path) -> None:
    write_phantom(make_phantom("fetal-head", 1, frames=1), tmp_path / "scan.dcm")
    dataset = pydicom.dcmread(tmp_path / "scan.dcm")
    assert str(dataset.PatientName).startswith("Phantom^")
    assert dataset.PatientBirthDate == ""
    assert dataset.PatientSex == ""


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_phantom(make_phantom("carotid", 1, frames=1), tmp_path / "file" / "scan.dcm")
