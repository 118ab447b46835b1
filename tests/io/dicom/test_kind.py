"""What counts as ultrasound."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    MediaStorageDirectoryStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    VLPhotographicImageStorage,
)

from lingyin.core.errors import NoFramesError, NotUltrasoundError
from lingyin.io.dicom.kind import check_ultrasound


def header(sop_class: str | None, modality: str | None = None, regions: bool = False) -> Dataset:
    made = Dataset()
    if sop_class is not None:
        made.SOPClassUID = sop_class
    if modality is not None:
        made.Modality = modality
    if regions:
        made.SequenceOfUltrasoundRegions = [Dataset()]
    return made


@pytest.mark.parametrize(
    "passed",
    [
        header(UltrasoundImageStorage, "US"),
        header(UltrasoundMultiFrameImageStorage),
        header("1.2.840.10008.5.1.4.1.1.6", "US"),
        header("1.2.840.10008.5.1.4.1.1.3", "IVUS"),
        header("1.2.840.10008.5.1.4.1.1.6.2", "US"),
        header(SecondaryCaptureImageStorage, "US "),
        header(MultiFrameTrueColorSecondaryCaptureImageStorage, "US"),
        header(SecondaryCaptureImageStorage, "OT", regions=True),
        header(None, "US"),
        header("1.3.6.1.4.1.99999.1", "US"),
    ],
)
def test_ultrasound(passed):
    check_ultrasound(passed, "a.dcm")


@pytest.mark.parametrize(
    ("refused", "word"),
    [
        (header(CTImageStorage, "CT"), "CT Image"),
        (header(ComputedRadiographyImageStorage, "US"), "Radiography"),
        (header(SecondaryCaptureImageStorage, "OT"), "modality OT"),
        (header(SecondaryCaptureImageStorage), "Secondary Capture"),
        (header(VLPhotographicImageStorage, "XC"), "Photographic"),
        (header(None), "DICOM object"),
        (header("1.3.6.1.4.1.99999.1", "MR"), "modality MR"),
    ],
)
def test_other_things(refused, word):
    with pytest.raises(NotUltrasoundError, match=word):
        check_ultrasound(refused, "a.dcm")


def test_a_directory_is_no_image():
    with pytest.raises(NoFramesError, match="DICOMDIR"):
        check_ultrasound(header(MediaStorageDirectoryStorage), "DICOMDIR")
