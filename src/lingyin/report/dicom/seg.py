"""The outlines of the key frames as a Segmentation object, bound to the frames of a cine one by one."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import cv2
import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import pack_bits
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UltrasoundImageStorage

from lingyin.core.clip import Mask
from lingyin.core.study import Point, Study
from lingyin.core.tree import load_tree
from lingyin.report.concepts import english_name, site_of
from lingyin.report.dicom.coding import code_of
from lingyin.report.dicom.common import (
    MANUFACTURER,
    NOTICE,
    SERIES_NUMBERS,
    Context,
    Referenced,
    finish,
    reference_item,
    weights,
)
from lingyin.report.dicom.regions import Outlines

ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
TEMPORAL_POSITION_INDEX = 0x00209128
FRAME_CONTENT_SEQUENCE = 0x00209111
SHIFT = 4  # sub-pixel bits of OpenCV's drawing
FINER = 4


def segmentation(
    context: Context,
    referenced: Referenced,
    outlines: Outlines,
    frames: Sequence[int],
    size: tuple[int, int],
    colours: dict[str, str],
) -> Dataset | None:
    """The object (PS3.3 A.51); None where nothing is outlined on any of `frames`.

    highdicom binds a segmentation to the frames of a multi-frame source only through a frame of reference, which
    ultrasound does not have. So the object is built on a one-frame source, and its frames are then bound to those of
    the cine through their derivation (PS3.3 C.7.6.16.2.6), with the temporal position as second dimension.

    Args:
        context: the study and where it belongs.
        referenced: the image instance whose frames are outlined.
        outlines: polygons by frame and structure.
        frames: the key frames (0-based).
        size: rows and columns of the stored frame.
        colours: `#rrggbb` for each structure.
    """
    masks: dict[tuple[str, int], Mask] = {}
    for frame in sorted(frames):
        for structure, polygons in outlines.get(frame, {}).items():
            mask = filled(polygons, size)
            if mask.any() and referenced.holds(frame):
                masks[structure, frame] = mask
    structures = sorted({structure for structure, _ in masks})
    if not structures:
        return None
    document = hd.seg.Segmentation(
        source_images=[_one_frame(context, referenced, size)],
        pixel_array=np.ones((1, *size, len(structures)), np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _segment(context, number, structure, colours) for number, structure in enumerate(structures, start=1)
        ],
        series_instance_uid=context.uid("seg"),
        series_number=SERIES_NUMBERS["seg"],
        sop_instance_uid=context.uid("seg 1"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=context.study.program,
        software_versions=context.study.program_version,
        device_serial_number=weights(context.study),
        content_label="KEY_FRAMES",
        content_description=NOTICE,
    )
    _bind(document, referenced, structures, masks)
    organization = context.uid("seg dimensions")
    for each in (*document.DimensionOrganizationSequence, *document.DimensionIndexSequence):
        each.DimensionOrganizationUID = organization
    document.PatientOrientation = None
    return finish(context, document, "seg")


def filled(polygons: Sequence[Sequence[Point]], size: tuple[int, int]) -> Mask:
    """The pixels `(H, W)` whose centres lie within closed polygons; pixel centres at integers."""
    # OpenCV also fills the pixels that a rim passes through: on a finer grid that adds an eighth of a pixel, not half.
    canvas: NDArray[np.uint8] = np.zeros((size[0] * FINER, size[1] * FINER), np.uint8)
    for polygon in polygons:
        if len(polygon) > 2:
            corners = np.round(np.asarray(polygon, np.float64) * FINER * 2**SHIFT).astype(np.int32)
            cv2.fillPoly(canvas, [corners[:, None]], 1, cv2.LINE_8, SHIFT)
    return canvas[::FINER, ::FINER].astype(np.bool_)


def _one_frame(context: Context, referenced: Referenced, size: tuple[int, int]) -> Dataset:
    """A stand-in for the source with one frame, so that highdicom builds the object; no pixel of it is used."""
    stand_in = Dataset()
    stand_in.update(deepcopy(context.header))
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber"):
        if keyword not in stand_in:
            setattr(stand_in, keyword, None)
    for keyword in ("StudyDate", "StudyTime", "ReferringPhysicianName"):
        if keyword not in stand_in:
            setattr(stand_in, keyword, None)
    stand_in.pop("NumberOfFrames", None)
    stand_in.SOPClassUID = UltrasoundImageStorage
    stand_in.SOPInstanceUID = referenced.dataset.SOPInstanceUID
    stand_in.SeriesInstanceUID = referenced.dataset.SeriesInstanceUID
    stand_in.Modality = "US"
    stand_in.Rows, stand_in.Columns = size
    return stand_in


def _segment(context: Context, number: int, structure: str, colours: dict[str, str]) -> hd.seg.SegmentDescription:
    study: Study = context.study
    tree = load_tree()
    is_abnormal = structure in tree and tree.abnormal(structure) is True
    site = site_of(structure)
    colour = colours.get(structure)
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=english_name(structure)[:64],
        segmented_property_category=ABNORMAL if is_abnormal else ANATOMY,
        segmented_property_type=code_of(structure),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=f"{study.program} {study.model.name}",
            family=codes.DCM.ArtificialIntelligence,
            version=f"{study.program_version}, weights {study.model.version}"[:64],
            parameters={"weights SHA-256": study.model.sha256},
        ),
        tracking_uid=context.uid(f"segment {structure}"),
        tracking_id=structure,
        anatomic_regions=None if site is None else [code_of(site)],
        display_color=None if colour is None else hd.color.CIELabColor.from_rgb(*_rgb(colour)),
    )


def _bind(document: Dataset, referenced: Referenced, structures: list[str], masks: dict[tuple[str, int], Mask]) -> None:
    """Replaces the frames by `masks` and binds each to its frame of the source."""
    model, shared = document.PerFrameFunctionalGroupsSequence[0], document.SharedFunctionalGroupsSequence[0]
    for keyword in ("SegmentIdentificationSequence", "DerivationImageSequence"):
        if keyword in shared:  # where there is but one segment
            model[keyword] = shared.pop(keyword)
    ordered = sorted(masks, key=lambda key: (structures.index(key[0]), key[1]))
    shown = sorted({frame for _, frame in ordered})
    groups = []
    for structure, frame in ordered:
        number = structures.index(structure) + 1
        group = deepcopy(model)
        content = group.FrameContentSequence[0]
        content.DimensionIndexValues = [number]
        if referenced.numbers is not None:
            content.TemporalPositionIndex = shown.index(frame) + 1
            content.DimensionIndexValues = [number, content.TemporalPositionIndex]
        group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = number
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        for element in reference_item(referenced, [frame]):
            source[element.tag] = element
        groups.append(group)
    document.PerFrameFunctionalGroupsSequence = groups
    document.NumberOfFrames = len(groups)
    if referenced.numbers is not None:
        second = deepcopy(document.DimensionIndexSequence[0])
        second.DimensionIndexPointer = TEMPORAL_POSITION_INDEX
        second.FunctionalGroupPointer = FRAME_CONTENT_SEQUENCE
        second.DimensionDescriptionLabel = "Order of the key frames"
        document.DimensionIndexSequence = [document.DimensionIndexSequence[0], second]
    instance = document.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    instance.ReferencedSOPClassUID = referenced.dataset.SOPClassUID
    bits = np.concatenate([masks[key].reshape(-1) for key in ordered]).astype(np.uint8)
    document.PixelData = pack_bits(bits, pad=True)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
