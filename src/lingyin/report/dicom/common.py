"""What every DICOM result shares: patient and study of the source, own series, research-use notice, unique numbers."""

from __future__ import annotations

import uuid
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian

from lingyin.core.study import Study
from lingyin.report.dicom.source import ALWAYS, PATIENT_AND_STUDY, empty
from lingyin.version import __version__

MANUFACTURER = "Lingyin"
NOTICE = "AI, research use, not for primary diagnosis"
# Far above the numbers that scanners give, so that results stand after the images.
SERIES_NUMBERS = {"evidence": 9100, "sr": 9101, "seg": 9102, "capture": 9103, "pdf": 9104, "keys": 9105}
SERIES_NAMES = {
    "evidence": "Frames read",
    "sr": "Measurement report",
    "seg": "Outlines",
    "capture": "Key pictures",
    "pdf": "Report",
    "keys": "Key frames",
}
IMPLEMENTATION = UID("2.25." + str(uuid.uuid5(uuid.NAMESPACE_DNS, "lingyin").int))
CHARACTERS = "ISO_IR 192"  # UTF-8


@dataclass(frozen=True)
class Referenced:
    """The image instance that results point into; `numbers` maps a clip's frame (from 0) to its number there (from 1).

    `numbers` is None for a single-frame instance, whose frame is never numbered (PS3.3 table 10-3).
    """

    dataset: Dataset
    numbers: dict[int, int] | None

    def frame_numbers(self, frame: int) -> list[int] | None:
        """Number of a frame of the clip as references want it."""
        return None if self.numbers is None else [self.numbers[frame]]

    def holds(self, frame: int) -> bool:
        """Whether the instance holds this frame of the clip."""
        return frame == 0 if self.numbers is None else frame in self.numbers


@dataclass(frozen=True)
class Context:
    """One set of results: the study they speak of, the header they belong under, and the seed of their identifiers."""

    study: Study
    header: Dataset
    seed: str
    created: datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "created", datetime.fromisoformat(self.study.created))

    def uid(self, name: str) -> UID:
        """The identifier of one thing: the same for the same results, else never twice (PS3.5 B.2, UUID derived)."""
        return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{self.seed} {name}').int}")

    @property
    def date(self) -> str:
        return self.created.strftime("%Y%m%d")

    @property
    def time(self) -> str:
        return self.created.strftime("%H%M%S")


def new_instance(context: Context, sop_class: str, kind: str, modality: str, number: int = 1) -> Dataset:
    """An object with everything but its own content: patient, study, series `kind`, equipment, SOP common modules."""
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = context.uid(f"{kind} {number}")
    dataset.SeriesInstanceUID = context.uid(kind)
    dataset.SeriesNumber = SERIES_NUMBERS[kind]
    dataset.Modality = modality
    dataset.InstanceNumber = number
    dataset.ContentDate = context.date
    dataset.ContentTime = context.time
    return finish(context, dataset, kind)


def finish(context: Context, dataset: Dataset, kind: str) -> Dataset:
    """Puts an object under the source's patient and study, dates it by the analysis and marks it as what it is."""
    for keyword in ALWAYS:
        dataset[keyword] = empty(keyword)
    for keyword in PATIENT_AND_STUDY:
        if keyword in context.header:
            dataset[keyword] = copy(context.header[keyword])  # elements are mutable, and shared by assignment
    dataset.SpecificCharacterSet = CHARACTERS
    dataset.SeriesDescription = f"{SERIES_NAMES[kind]}: {NOTICE}"
    dataset.InstanceCreationDate = dataset.SeriesDate = context.date
    dataset.InstanceCreationTime = dataset.SeriesTime = context.time
    for keyword in ("ContentDate", "ContentTime"):
        if keyword in dataset:
            setattr(dataset, keyword, context.date if keyword == "ContentDate" else context.time)
    for equipment in dataset.get("ContributingEquipmentSequence", []):
        equipment.ContributionDateTime = f"{context.date}{context.time}"
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = context.study.program
    dataset.SoftwareVersions = [context.study.program_version, f"{context.study.model.name} {weights(context.study)}"]
    dataset.DeviceSerialNumber = weights(context.study)
    return dataset


def weights(study: Study) -> str:
    """The weights of the network in short: the first 16 digits of their SHA-256."""
    return study.model.sha256[:16] or "unknown"


def as_file(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The object as a DICOM file (PS3.10), the same bytes for the same object."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = f"LINGYIN {__version__}"[:16]
    dataset.file_meta = meta
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def code_item(code: Code) -> Dataset:
    """A coded concept as the item of a sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def reference_item(referenced: Referenced, frames: list[int] | None = None) -> Dataset:
    """A reference to an image and, where it has several, to some of its frames (clip frames, 0-based)."""
    item = Dataset()
    item.ReferencedSOPClassUID = referenced.dataset.SOPClassUID
    item.ReferencedSOPInstanceUID = referenced.dataset.SOPInstanceUID
    if frames is not None and referenced.numbers is not None:
        item.ReferencedFrameNumber = [referenced.numbers[frame] for frame in frames]
    return item
