"""Secondary captures, frames of a video, key objects, encapsulated PDF: what they hold and what they point at."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import dcmread

from lingyin.report.dicom.capture import to_jpeg, write
from tests.report.dicom.conftest import Written


def test_capture_shows_the_frame_with_the_caliper(report: Written) -> None:
    first = report.read("capture-1.dcm")
    picture = first.pixel_array
    assert picture.shape == (first.Rows, first.Columns, 3)
    display_x, y = first.Columns / 2, round(first.Rows / 2)
    around = picture[y - 3 : y + 3, round(display_x - 4) : round(display_x + 4)].astype(int)
    assert around.min(axis=(0, 2)).max() >= 0
    assert around.max() > 200  # the white caliper runs through the middle of the picture
    assert first.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert first.BurnedInAnnotation == "YES"


def test_captures_point_at_their_frames(written_as: dict[str, Written]) -> None:
    cine = written_as["cine"]
    told = [int(cine.read(f"capture-{number}.dcm").SourceImageSequence[0].ReferencedFrameNumber) for number in (1, 2)]
    assert sorted(told) == [1, 30]


@pytest.mark.parametrize("kind", ["video", "picture"])
def test_frames_of_a_video_are_kept_as_they_were(written_as: dict[str, Written], kind: str) -> None:
    report = written_as[kind]
    evidence = report.read("evidence.dcm")
    pixels = evidence.pixel_array.reshape(-1, report.clip.height, report.clip.width, 3)
    frames = [0] if kind == "picture" else [int(label.split()[1]) - 1 for label in evidence.FrameLabelVector]
    for frame, stored in zip(frames, pixels, strict=True):
        difference = np.abs(stored.astype(int) - report.clip.frames[frame].astype(int))
        assert difference.mean() < 3
        others = [other for other in range(len(report.clip)) if abs(other - frame) > 1]
        for other in others:
            assert difference.mean() < np.abs(stored.astype(int) - report.clip.frames[other].astype(int)).mean()


def test_key_objects_name_frames_and_captures(report: Written) -> None:
    keys = report.read("keys.dcm")
    assert keys.ConceptNameCodeSequence[0].CodeValue == "113000"
    references = [item.ReferencedSOPSequence[0] for item in keys.ContentSequence if "ReferencedSOPSequence" in item]
    captures = {dcmread(path).SOPInstanceUID for path in report.files if path.name.startswith("capture")}
    assert captures < {each.ReferencedSOPInstanceUID for each in references}
    source = next(each for each in references if each.ReferencedSOPInstanceUID not in captures)
    if len(report.clip) > 1:
        assert report.number_of(len(report.clip) - 1) in [int(number) for number in source.ReferencedFrameNumber]
    else:
        assert "ReferencedFrameNumber" not in source


def test_encapsulated_pdf_is_the_printed_report(report: Written) -> None:
    document = report.read("pdf.dcm")
    printed = (report.folder / "report.pdf").read_bytes()
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == printed
    assert document.MIMETypeOfEncapsulatedDocument == "application/pdf"


def test_jpeg_is_sampled_as_announced() -> None:
    content = to_jpeg(np.zeros((16, 16, 3), np.uint8), 90)
    start = content.index(b"\xff\xc0")
    assert content[start + 11] == 0x21  # first component: two samples across, one down


def test_words_stay_inside_a_narrow_picture() -> None:
    canvas = np.zeros((30, 60, 3), np.uint8)
    write(canvas, "AI, research use, not for primary diagnosis", (4, 24))
    assert canvas.max() > 100
    assert canvas[:, -1].max() == 0
