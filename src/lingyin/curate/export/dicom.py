"""DICOM: each picture as an ultrasound image and, where it has outlines, a Segmentation that points at it."""

from __future__ import annotations

import hashlib
import io
import uuid
from pathlib import Path

import highdicom as hd
import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, UltrasoundImageStorage

from lingyin.core.files import write_file
from lingyin.core.tree import load_tree
from lingyin.curate.corpus import Corpus, Stored
from lingyin.version import __version__

_ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_OWN_SCHEME = "99LINGYIN"
_LONGEST = 64  # characters of LO (PS3.5 6.2)
_NO_DATE, _NO_TIME = "20000101", "000000"  # a corpus has no dates, and equal pictures shall be equal files
_CENTIMETRES, _TISSUE, _TWO_DIMENSIONAL = 3, 1, 1


def write(corpus: Corpus, chosen: list[int], out: Path) -> int:
    """`out/SPLIT/ID.dcm` (PS3.3 A.6) and, for pictures with an outline, `out/SPLIT/ID.seg.dcm` (PS3.3 A.51).

    A grey JPEG goes in as it is stored. A study and a patient stand for a group of the corpus, a series for a clip.
    Segments may overlap; the tracking identifier of each is its code of the tree. Gives the number of pictures.
    """
    for index in chosen:
        picture = corpus[index]
        image = _image(corpus, picture, corpus.files(index).get("jpg"))
        folder = out / str(picture.told["split"])
        write_file(folder / f"{picture.id}.dcm", _bytes(image))
        if any(mask.any() for mask in picture.masks.values()):
            write_file(folder / f"{picture.id}.seg.dcm", _bytes(_segmentation(corpus, picture, image)))
    return len(chosen)


def _uid(corpus: Corpus, name: str) -> UID:
    """A UUID-derived identifier (PS3.5 B.2): the same for the same corpus and name."""
    whole = corpus.head["sha256"]
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'{whole} {name}').int}")


def _image(corpus: Corpus, picture: Stored, jpeg: bytes | None) -> Dataset:
    """The picture as an Ultrasound Image, calibrated where its spacing is known."""
    told, group = picture.told, str(picture.told["group"])
    clip, frame = picture.id.rpartition("-")[0], int(told["frame"])
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = UltrasoundImageStorage
    image.SOPInstanceUID = _uid(corpus, picture.id)
    image.StudyInstanceUID = _uid(corpus, f"group {group}")
    image.SeriesInstanceUID = _uid(corpus, f"clip {clip}")
    image.PatientID = hashlib.sha256(group.encode()).hexdigest()[:16]
    for keyword in ("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
        setattr(image, keyword, "")
    for keyword in ("ReferringPhysicianName", "AccessionNumber", "PatientOrientation", "Laterality"):
        setattr(image, keyword, "")
    image.PatientIdentityRemoved = "YES"
    image.DeidentificationMethod = "Pictures alone were kept, no header of the source"
    image.Modality = "US"
    image.Manufacturer = str(told["device"])[:_LONGEST]
    image.SeriesNumber, image.InstanceNumber = 1, frame + 1
    image.SeriesDescription = str(told["source"])[:_LONGEST]
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.DerivationDescription = f"Cut to the sector and scaled by lingyin {__version__}"
    image.ImageComments = f"{picture.id}, licence: {told['licence']}"
    _put_pixels(image, picture, jpeg)
    if told.get("mm_per_px_x") and told.get("mm_per_px_y"):
        image.SequenceOfUltrasoundRegions = [_region(image, told["mm_per_px_x"], told["mm_per_px_y"])]
    return image


def _put_pixels(image: Dataset, picture: Stored, jpeg: bytes | None) -> None:
    """The Image Pixel module (PS3.3 C.7.6.3) for a stored grey JPEG, else for plain pixels."""
    colour = picture.image.ndim == 3
    image.SamplesPerPixel = 3 if colour else 1
    image.Rows, image.Columns = picture.image.shape[:2]
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    image.UltrasoundColorDataPresent = int(colour)
    image.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        image.PlanarConfiguration = 0
    if jpeg is not None:
        image.LossyImageCompression = "01"
        image.LossyImageCompressionRatio = f"{picture.image.size / len(jpeg):.2f}"
        image.LossyImageCompressionMethod = "ISO_10918_1"
    if jpeg is not None and not colour:  # an ultrasound image may not be YBR_FULL, as colour is stored (C.8.5.6.1)
        image.PixelData = encapsulate([jpeg])
        syntax = JPEGBaseline8Bit
    else:
        pixels = picture.image.tobytes()
        image.PixelData = pixels + bytes(len(pixels) % 2)
        syntax = ExplicitVRLittleEndian
    image["PixelData"].VR = "OB"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = syntax


def _region(image: Dataset, across_mm: float, down_mm: float) -> Dataset:
    """The whole picture as a calibrated 2D tissue region (PS3.3 C.8.5.5); deltas in cm."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = _TWO_DIMENSIONAL, _TISSUE, 0
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = image.Columns - 1, image.Rows - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = _CENTIMETRES
    region.PhysicalDeltaX, region.PhysicalDeltaY = across_mm / 10, down_mm / 10
    return region


def _segmentation(corpus: Corpus, picture: Stored, image: Dataset) -> Dataset:
    """The outlines of a picture, one segment for each structure."""
    drawn = {code: mask for code, mask in sorted(picture.masks.items()) if mask.any()}
    document = hd.seg.Segmentation(
        source_images=[image],
        pixel_array=np.stack([*drawn.values()], axis=-1)[None].astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(corpus, picture, number, code) for number, code in enumerate(drawn, 1)],
        series_instance_uid=_uid(corpus, f"outlines {picture.id.rpartition('-')[0]}"),
        series_number=2,
        sop_instance_uid=_uid(corpus, f"outlines of {picture.id}"),
        instance_number=image.InstanceNumber,
        manufacturer="Lingyin",
        manufacturer_model_name="lingyin",
        software_versions=__version__,
        device_serial_number=corpus.head["sha256"][:16],
        content_label="OUTLINES",
        content_description=f"Outlines of {picture.told['source']}"[:_LONGEST],
    )
    document.PatientOrientation = ""
    for keyword in ("Date", "Time"):
        value = _NO_DATE if keyword == "Date" else _NO_TIME
        setattr(document, f"Content{keyword}", value)
        for optional in (f"InstanceCreation{keyword}", f"Series{keyword}"):
            document.pop(optional, None)
    for equipment in document.get("ContributingEquipmentSequence", []):
        equipment.pop("ContributionDateTime", None)
    organization = _uid(corpus, "dimensions")
    for each in (*document.DimensionOrganizationSequence, *document.DimensionIndexSequence):
        each.DimensionOrganizationUID = organization
    return document


def _segment(corpus: Corpus, picture: Stored, number: int, code: str) -> hd.seg.SegmentDescription:
    tree = load_tree()
    site = tree.organ_of(code) or tree.region_of(code)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=tree[code].name["en"][:_LONGEST],
        segmented_property_category=_ABNORMAL if tree.abnormal(code) else _ANATOMY,
        segmented_property_type=_code(code),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=_uid(corpus, f"{picture.id} {code}"),
        tracking_id=code,
        anatomic_regions=None if site is None else [_code(site)],
    )


def _code(code: str) -> Code:
    """A node's best public code, or its own where there is none."""
    node = load_tree()[code]
    if node.coding:
        return Code(node.coding[0].value, node.coding[0].scheme, node.coding[0].meaning[:_LONGEST])
    return Code(code, _OWN_SCHEME, node.name["en"][:_LONGEST])


def _bytes(dataset: Dataset) -> bytes:
    """The object as a DICOM file (PS3.10)."""
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
