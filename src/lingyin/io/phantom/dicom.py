"""Writes a phantom as a DICOM ultrasound multi-frame image (PS3.3 A.7) with its truth as JSON beside it."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

from lingyin.core.files import write_file
from lingyin.io.phantom.make import Phantom
from lingyin.version import __version__

_SPACE = uuid.UUID("5b3a7c0e-3c1c-5f0e-9d7a-6c696e677969")
# Image Type value 3 (PS3.3 C.8.5.6.1.1) and Body Part Examined (PS3.16 Annex L)
_EXAMINATION = {
    "aorta": ("ABDOMINAL", "ABDOMEN"),
    "aortic-root": ("TTE", "HEART"),
    "thyroid": ("SMALL PARTS", "THYROID"),
    "ovary": ("PELVIC", "PELVIS"),
    "fetal-head": ("OBSTETRICAL", "PELVIS"),
    "left-ventricle": ("TTE", "HEART"),
    "carotid": ("VASCULAR", "NECK"),
}
_CENTIMETRES, _TISSUE, _TWO_DIMENSIONAL = 3, 1, 1


def write_phantom(phantom: Phantom, path: Path) -> None:
    """Writes `path` and its truth, `path` with the suffix `.json`; each appears whole or not at all.

    Raises:
        OutputError: the place cannot be written.
    """
    buffer = io.BytesIO()
    dcmwrite(buffer, to_dataset(phantom), enforce_file_format=True)
    truth = json.dumps(phantom.truth, indent=1, ensure_ascii=False) + "\n"
    write_file(path, buffer.getvalue())
    write_file(path.with_suffix(".json"), truth.encode())


def to_dataset(phantom: Phantom) -> Dataset:
    """The phantom as a dataset with file meta information; the same phantom always gives the same bytes."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = _uid(phantom, "instance")
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = _uid(None, "implementation")
    dataset.file_meta.ImplementationVersionName = "LINGYIN"
    _identify(dataset, phantom)
    _picture(dataset, phantom)
    dataset.SequenceOfUltrasoundRegions = [_region(phantom)]
    return dataset


def _uid(phantom: Phantom | None, role: str) -> UID:
    """A UUID-derived UID (PS3.5 B.2) that follows from kind, seed and settings."""
    name = role
    if phantom is not None:
        name += f"/{phantom.kind}/{phantom.seed}/{json.dumps(phantom.settings, sort_keys=True)}"
    return UID(f"2.25.{uuid.uuid5(_SPACE, name).int}")


def _identify(dataset: Dataset, phantom: Phantom) -> None:
    """Patient, study, series and equipment: no person, and a fixed date."""
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    examination, body_part = _EXAMINATION[phantom.kind]
    dataset.ImageType = ["ORIGINAL", "PRIMARY", examination, "0001"]
    dataset.BodyPartExamined = body_part
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20000101"
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = "120000"
    dataset.AccessionNumber = ""
    dataset.Modality = "US"
    dataset.Manufacturer = "Lingyin"
    dataset.ManufacturerModelName = "phantom"
    dataset.SoftwareVersions = __version__
    dataset.DeviceSerialNumber = "0"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Synthetic ultrasound"
    dataset.SeriesDescription = f"Phantom {phantom.kind}, seed {phantom.seed}"
    dataset.PatientName = f"Phantom^{phantom.kind.title()}"
    dataset.PatientID = f"PHANTOM-{phantom.kind}-{phantom.seed}".upper()[:64]
    dataset.PatientBirthDate = ""
    dataset.PatientSex = ""
    dataset.StudyInstanceUID = _uid(phantom, "study")
    dataset.SeriesInstanceUID = _uid(phantom, "series")
    dataset.StudyID = "1"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = 1
    dataset.PatientOrientation = ""
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"


def _picture(dataset: Dataset, phantom: Phantom) -> None:
    """Pixels and cine timing."""
    frames, height, width = phantom.frames.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.NumberOfFrames = frames
    dataset.Rows, dataset.Columns = height, width
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    rate = float(phantom.settings["frame_rate_hz"])
    dataset.FrameTime = f"{1000 / rate:.6f}"
    dataset.FrameIncrementPointer = Tag("FrameTime")
    dataset.CineRate = round(rate)
    dataset.HeartRate = round(float(phantom.settings["heart_rate_bpm"]))
    pixels = phantom.frames.tobytes()
    dataset.add_new(Tag("PixelData"), "OB", pixels + b"\0" * (len(pixels) % 2))


def _region(phantom: Phantom) -> Dataset:
    """The sector as a calibrated 2D tissue region (PS3.3 C.8.5.5); deltas in cm, x and y apart."""
    box, screen = phantom.screen.box, phantom.screen
    region = Dataset()
    region.RegionSpatialFormat = _TWO_DIMENSIONAL
    region.RegionDataType = _TISSUE
    region.RegionFlags = 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = int(box.left), int(box.top)
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = int(box.right) - 1, int(box.bottom) - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = _CENTIMETRES
    region.PhysicalDeltaX, region.PhysicalDeltaY = screen.mm_per_px_x / 10, screen.mm_per_px_y / 10
    region.ReferencePixelX0 = round(screen.origin_x - box.left)
    region.ReferencePixelY0 = round(screen.origin_y - box.top)
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    return region
