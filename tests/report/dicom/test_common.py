"""What all results share, and the capture: identifiers, dates, patient, references and pixels, without a real file."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames

from lingyin.report.dicom.capture import capture, drawn
from lingyin.report.dicom.common import SERIES_NAMES, SERIES_NUMBERS, Context, Referenced, as_file, new_instance
from lingyin.report.geometry import Display
from lingyin.report.pictures import Pictures
from lingyin.report.shapes import Overlay
from tests.report.builders import HEIGHT, WIDTH, aneurysm

SR = "1.2.840.10008.5.1.4.1.1.88.33"


def header() -> Dataset:
    dataset = Dataset()
    dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID = "王^小東", "4711", "1.2.3"
    dataset.OperatorsName = "Nobody^Else"
    return dataset


def context(seed: str = "a") -> Context:
    return Context(aneurysm(1)[0].study, header(), seed)


def referenced(numbers: dict[int, int] | None) -> Referenced:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.4"
    return Referenced(dataset, numbers)


def test_identifiers_are_the_same_for_the_same_results_and_else_never() -> None:
    names = [f"{kind}{number}" for kind in SERIES_NUMBERS for number in ("", " 1", " 2")]
    uids = {context(seed).uid(name) for seed in ("a", "b") for name in names}
    assert len(uids) == 2 * len(names)
    assert context("a").uid("sr") == context("a").uid("sr")
    assert all(uid.is_valid and len(uid) <= 64 for uid in uids)


def test_series_have_their_own_numbers_and_descriptions_that_fit() -> None:
    assert SERIES_NUMBERS.keys() == SERIES_NAMES.keys()
    assert len(set(SERIES_NUMBERS.values())) == len(SERIES_NUMBERS)
    for kind in SERIES_NUMBERS:
        made = new_instance(context(), SR, kind, "SR")
        assert len(made.SeriesDescription) <= 64  # LO
        assert "not for primary diagnosis" in made.SeriesDescription


def test_patient_and_study_are_copied_and_nothing_else_of_the_source() -> None:
    here = context()
    made = new_instance(here, SR, "sr", "SR", 2)
    assert (made.PatientName, made.PatientID, made.StudyInstanceUID) == ("王^小東", "4711", "1.2.3")
    assert "OperatorsName" not in made
    assert "AccessionNumber" in made
    assert not made.AccessionNumber
    made.PatientID = "changed"
    assert here.header.PatientID == "4711"
    assert (made.ContentDate, made.ContentTime, made.TimezoneOffsetFromUTC) == ("20260102", "030405", "+0000")
    assert made.DeviceSerialNumber == "ab" * 8


def test_a_file_reads_back_as_it_was_and_is_the_same_bytes_again() -> None:
    content = as_file(new_instance(context(), SR, "sr", "SR"))
    assert content == as_file(new_instance(context(), SR, "sr", "SR"))
    read = dcmread(BytesIO(content))
    assert read.PatientName == "王^小東"
    assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID


@pytest.mark.parametrize(("numbers", "frame"), [({4: 5, 9: 6}, 9), (None, 0)])
def test_a_capture_points_at_its_frame_and_numbers_it_only_where_there_are_several(
    numbers: dict[int, int] | None, frame: int
) -> None:
    source = referenced(numbers)
    assert source.holds(frame)
    assert not source.holds(7)
    picture = np.full((48, 64, 3), (200, 40, 90), np.uint8)
    made = dcmread(BytesIO(as_file(capture(context(), source, frame, 1, picture), "1.2.840.10008.1.2.4.50")))
    item = made.SourceImageSequence[0]
    assert item.ReferencedSOPInstanceUID == "1.2.3.4"
    assert item.get("ReferencedFrameNumber") == (None if numbers is None else 6)
    assert made.ImageComments.startswith(f"Frame {frame + 1}.")
    assert (made.Rows, made.Columns) == (48, 64)
    stored = next(generate_frames(made.PixelData, number_of_frames=1))
    shown = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert shown is not None
    assert np.abs(shown.astype(int) - picture).max() < 8  # red and blue in their places
    assert float(made.LossyImageCompressionRatio) == pytest.approx(48 * 64 * 3 / len(stored.rstrip(b"\0")), rel=0.01)


def test_the_drawing_is_where_the_outline_and_the_caliper_are_at_display_size() -> None:
    analysis, _ = aneurysm(1)
    black = cv2.imencode(".jpg", np.zeros((2 * HEIGHT, 2 * WIDTH, 3), np.uint8))[1].tobytes()
    pictures = Pictures.held(Display(2 * WIDTH, 2 * HEIGHT, WIDTH, HEIGHT), {0: black})
    canvas = drawn(Overlay.of(analysis), analysis.study, pictures, 0).astype(int)
    caliper = canvas[235:247, 290:350].min(axis=2).max(axis=0)
    assert caliper.min() > 120  # white along the whole middle row, between two pixels
    top = canvas[156:166, 321]
    assert np.ptp(top, axis=1).max() > 60  # the outline's own colour, 40 stored pixels above the centre
    assert canvas[:100].max() == 0
    assert canvas[-20:, :200].max() > 200  # the notice
