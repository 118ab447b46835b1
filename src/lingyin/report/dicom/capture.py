"""Key pictures with their outlines and calipers drawn in, as Secondary Capture images (PS3.3 A.8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.sr.coding import Code
from pydicom.uid import SecondaryCaptureImageStorage

from lingyin.core.clip import Frame
from lingyin.core.study import Study
from lingyin.report.dicom.common import NOTICE, Context, Referenced, code_item, new_instance, reference_item
from lingyin.report.grammar import load_grammar
from lingyin.report.pictures import Pictures
from lingyin.report.shapes import Overlay, caliper_text

PROCESSED = Code("121322", "DCM", "Source of Image Processing Operation")
QUALITY = 92
SHIFT = 3  # sub-pixel bits of OpenCV's drawing
INK, SHADOW = (255, 255, 255), (0, 0, 0)


def capture(context: Context, referenced: Referenced, frame: int, number: int, picture: Frame) -> Dataset:
    """One key picture `(h, w, 3)` RGB as an object; `frame` is the frame of the clip that it was made from."""
    dataset = new_instance(context, SecondaryCaptureImageStorage, "capture", "OT", number)
    dataset.ConversionType = "WSD"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.DerivationDescription = f"Frame {frame + 1} with outlines and calipers. {NOTICE}"
    dataset.ImageComments = f"Frame {frame + 1}. {NOTICE}"
    item = reference_item(referenced, [frame])
    item.PurposeOfReferenceCodeSequence = [code_item(PROCESSED)]
    dataset.SourceImageSequence = [item]
    dataset.DateOfSecondaryCapture, dataset.TimeOfSecondaryCapture = context.date, context.time
    return jpeg_pixels(dataset, [to_jpeg(picture, QUALITY)], picture.shape[:2])


def drawn(overlay: Overlay, study: Study, pictures: Pictures, frame: int) -> Frame:
    """A key picture at display size with everything drawn that the page draws, and the notice."""
    canvas: Any = cv2.imdecode(np.frombuffer(pictures.jpeg[frame], np.uint8), cv2.IMREAD_COLOR_RGB)
    for shape in overlay.drawable(frame, pictures.display):
        points = np.round((np.asarray(shape["points"]) - 0.5) * 2**SHIFT).astype(np.int32)
        colour = tuple(int(shape["colour"][at : at + 2], 16) for at in (1, 3, 5))
        if shape["kind"] == "polygon" and not shape["twin"]:
            cv2.polylines(canvas, [points[:, None]], True, colour, 1, cv2.LINE_AA, SHIFT)
        elif shape["kind"] == "line" and shape["finding"] is not None:
            for ink, thickness in ((SHADOW, 3), (INK, 1)):
                cv2.line(canvas, points[0].tolist(), points[1].tolist(), ink, thickness, cv2.LINE_AA, SHIFT)
            for x, y in shape["points"]:
                cv2.drawMarker(canvas, (round(x), round(y)), INK, cv2.MARKER_TILTED_CROSS, 9, 1, cv2.LINE_AA)
            words = caliper_text(study.findings[shape["finding"]], load_grammar("en")).replace("²", "2")
            x, y = shape["points"][1]
            write(canvas, words, (round(x) + 6, round(y) - 6))
        elif shape["kind"] == "box" and shape["structure"]:
            cv2.rectangle(canvas, points[0].tolist(), points[1].tolist(), colour, 1, cv2.LINE_AA, SHIFT)
        elif shape["kind"] == "points":
            for x, y in shape["points"]:
                cv2.drawMarker(canvas, (round(x), round(y)), colour, cv2.MARKER_CROSS, 9, 1, cv2.LINE_AA)
    write(canvas, f"Frame {frame + 1}  {NOTICE}", (4, canvas.shape[0] - 6))
    return canvas  # type: ignore[no-any-return]


def write(canvas: Frame, text: str, corner: tuple[int, int]) -> None:
    """White letters on a dark rim, small enough for the picture and kept inside it."""
    scale = 0.42
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    if width > canvas.shape[1] - 4:
        scale *= (canvas.shape[1] - 4) / width
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    x = int(np.clip(corner[0], 2, max(2, canvas.shape[1] - width - 2)))
    y = int(np.clip(corner[1], height + 2, max(height + 2, canvas.shape[0] - 3)))
    for ink, thickness in ((SHADOW, 3), (INK, 1)):
        cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thickness, cv2.LINE_AA)


def to_jpeg(picture: Frame, quality: int) -> bytes:
    """JPEG baseline with 4:2:2 colour, as `YBR_FULL_422` announces it."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    ]
    done, content = cv2.imencode(".jpg", picture[..., ::-1], options)
    if not done:
        raise RuntimeError("OpenCV cannot encode JPEG in this build")
    return content.tobytes()


def jpeg_pixels(dataset: Dataset, frames: Sequence[bytes], size: Sequence[int]) -> Dataset:
    """Adds the Image Pixel module for JPEG frames of `size` (rows, columns) (PS3.3 C.7.6.3, PS3.5 8.2.1)."""
    rows, columns = size
    dataset.PatientOrientation = None
    dataset.Laterality = None
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.BurnedInAnnotation = "YES"  # whatever the scanner wrote on the picture is still there
    dataset.LossyImageCompression = "01"
    ratio = rows * columns * 3 * len(frames) / sum(map(len, frames))
    dataset.LossyImageCompressionRatio = f"{ratio:.2f}"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    dataset.PixelData = encapsulate(list(frames))
    dataset["PixelData"].VR = "OB"
    return dataset
