"""What an earlier report left in its `dicom/` folder and a later one needs: identity, frames, predecessor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames

from lingyin.core.errors import InputError
from lingyin.io.guard import quiet
from lingyin.report.dicom.source import PATIENT_AND_STUDY, clean

FRAME = re.compile(r"frame (\d+)")


@dataclass(frozen=True)
class Earlier:
    """`report`: the structured report that stood there. `frames`: JPEG at stored size by frame (0-based), where the
    source was no DICOM instance.
    """

    report: Dataset
    frames: dict[int, bytes] = field(default_factory=dict)

    @property
    def identity(self) -> Dataset:
        """Patient and study, as every object of the set carries them."""
        return clean(self.report, PATIENT_AND_STUDY)

    @property
    def has_source(self) -> bool:
        """Whether the results point into an instance of their source rather than into one of ours."""
        return not self.frames


def read_earlier(folder: Path) -> Earlier:
    """Reads `dicom/` of a report folder.

    Raises:
        InputError: the structured report is missing or damaged.
    """
    path = folder / "dicom" / "sr.dcm"
    try:
        with quiet():
            report = dcmread(path)
            report.decode()
            evidence = folder / "dicom" / "evidence.dcm"
            return Earlier(report, _frames(dcmread(evidence)) if evidence.is_file() else {})
    except (OSError, ValueError, KeyError, AttributeError, TypeError, EOFError) as error:
        raise InputError(path, "is missing or damaged", "analyse the scan again") from error


def _frames(dataset: Dataset) -> dict[int, bytes]:
    count = int(dataset.get("NumberOfFrames") or 1)
    labels = dataset.get("FrameLabelVector") or [dataset.get("ImageComments") or "frame 1"]
    labels = [labels] if isinstance(labels, str) else list(labels)
    numbers = [int(found[1]) - 1 for label in labels if (found := FRAME.search(str(label)))]
    frames = list(generate_frames(dataset.PixelData, number_of_frames=count))
    return dict(zip(numbers, frames, strict=True))
