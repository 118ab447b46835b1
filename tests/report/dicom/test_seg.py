"""The segmentation read back by highdicom: the same pixels, bound to the same frames."""

from __future__ import annotations

import highdicom as hd
import numpy as np

from lingyin.io.guard import quiet
from lingyin.report.dicom.seg import filled
from tests.report.builders import ellipse
from tests.report.dicom.conftest import Written

STRUCTURES = ["abdominal_aorta_lumen", "abdominal_aorta_outer"]


def test_masks_come_back_for_each_frame(report: Written) -> None:
    with quiet():
        seg = hd.seg.segread(report.folder / "dicom" / "seg.dcm")
        size = (report.clip.height, report.clip.width)
        frames = sorted({0, len(report.clip) - 1})
        single = len(report.clip) == 1
        target = report.read("evidence.dcm") if report.clip.source.kind != "dicom" else None
        instance = str(report.clip.source.sop_instance_uid if target is None else target.SOPInstanceUID)
        if single:
            pixels = seg.get_pixels_by_source_instance([instance])
        else:
            numbers = [report.number_of(frame) for frame in frames]
            pixels = seg.get_pixels_by_source_frame(instance, numbers)
    assert [each.SegmentLabel for each in seg.SegmentSequence] == [
        "lumen of the abdominal aorta",
        "outer wall of the abdominal aorta",
    ]
    for place, frame in enumerate(frames):
        for segment, structure in enumerate(STRUCTURES):
            expected = filled(report.analysis.outlines[frame][structure], size)
            assert expected.sum() > 100
            assert np.array_equal(pixels[place, ..., segment], expected)


def test_segments_name_algorithm_weights_and_site(report: Written) -> None:
    for segment in report.read("seg.dcm").SegmentSequence:
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
        assert report.analysis.study.model.sha256 in algorithm.AlgorithmParameters
        assert segment.AnatomicRegionSequence[0].CodeValue == "7832008"


def test_frames_refer_to_the_instance_and_frame_they_came_from(written_as: dict[str, Written]) -> None:
    cine = written_as["cine"]
    seg = cine.read("seg.dcm")
    told = []
    for group in seg.PerFrameFunctionalGroupsSequence:
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == cine.clip.source.sop_instance_uid
        told.append((group.SegmentIdentificationSequence[0].ReferencedSegmentNumber, source.ReferencedFrameNumber))
    assert told == [(1, 1), (1, 30), (2, 1), (2, 30)]
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == cine.clip.source.series_instance_uid


def test_filled_outline_has_the_area_of_the_polygon() -> None:
    mask = filled([ellipse(50, 40, 20, 10, 200)], (80, 100))
    assert abs(int(mask.sum()) - np.pi * 200) < 0.03 * np.pi * 200
    assert mask[40, 50]
    assert not mask[40, 75]
    assert not filled([[(1, 1), (5, 5)]], (10, 10)).any()
