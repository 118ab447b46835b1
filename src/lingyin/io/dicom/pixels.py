"""Decoding one frame of DICOM pixel data into raw samples, through pydicom's decoders, whatever the transfer syntax."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io.dicom.fragments import Frames, index_frames, read_frame
from lingyin.io.dicom.header import EXPORT_AGAIN, Header
from lingyin.io.dicom.jpeg import decode_colour
from lingyin.io.dicom.values import number
from lingyin.io.guard import MAX_PIXELS

COLOUR_JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit)
HALF_CHROMA = ("YBR_FULL_422", "YBR_PARTIAL_422")  # two of three samples are stored, where pixels are not compressed


@dataclass(frozen=True)
class Layout:
    """The Image Pixel module (PS3.3 C.7.6.3) of a file, checked."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    planar: int
    photometric: str
    count: int


@dataclass(frozen=True)
class Pixels:
    """Random access to the raw frames of one file. Holds no decoded pixels and no open file: any thread may call it."""

    header: Header
    layout: Layout
    name: str
    frames: Frames = field(default_factory=list)  # empty for uncompressed pixels

    def raw(self, index: int) -> tuple[NDArray[Any], str]:
        """Samples `(H, W)` or `(H, W, 3)` of one frame as stored, and the photometric interpretation they now have."""
        layout, header = self.layout, self.header
        options: dict[str, Any] = {
            "rows": layout.rows,
            "columns": layout.columns,
            "samples_per_pixel": layout.samples,
            "bits_allocated": layout.bits_allocated,
            "bits_stored": layout.bits_stored,
            "pixel_representation": int(layout.signed),
            "photometric_interpretation": layout.photometric.replace("PARTIAL", "FULL"),
            "pixel_keyword": "PixelData",
            "pixel_vr": header.vr if header.vr in ("OB", "OW") else "OW",
            **({"planar_configuration": layout.planar} if layout.samples == 3 else {}),
        }
        decoder = get_decoder(_codec(header.layout, layout))
        if self.frames:
            data = read_frame(header.path, self.frames[index])
            if layout.samples == 3 and layout.bits_stored == 8 and header.layout in COLOUR_JPEG:
                return decode_colour(data, layout.photometric, layout.rows, layout.columns), "RGB"
            data = encapsulate([data], has_bot=False)
            samples, facts = _first_that_works(decoder, data, options | {"number_of_frames": 1}, _plugins(self))
        else:
            with header.path.open("rb") as file:
                file.seek(header.offset)
                options["number_of_frames"] = layout.count
                samples, facts = decoder.as_array(file, index=index, raw=True, **options)
        samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
        now = str(facts["photometric_interpretation"])
        if "PARTIAL" in layout.photometric and now.startswith("YBR_FULL"):
            now = "YBR_PARTIAL"
        return samples, now


def open_pixels(header: Header, name: str) -> Pixels:
    """Checks that every announced frame is there and indexes the compressed ones.

    Raises:
        NoFramesError: no pixel.
        UnreadableError: cut short, or a layout that no ultrasound image has.
    """
    layout = _layout(header.dataset, header.layout, name)
    if header.layout.is_encapsulated:
        if header.length is not None:
            raise UnreadableError(name, "says that it is compressed, but its pixel data are not", EXPORT_AGAIN)
        return Pixels(
            header, layout, name, index_frames(header.path, header.offset, header.dataset, layout.count, name)
        )
    if header.length is None:
        raise UnreadableError(name, "says that it is not compressed, but its pixel data are", EXPORT_AGAIN)
    if header.length == 0:
        raise NoFramesError(name, "its pixel data are empty", EXPORT_AGAIN)
    layout = _half_chroma_checked(layout, header.length)
    needed = layout.count * _frame_bytes(layout)
    present = min(header.length, header.path.stat().st_size - header.offset)
    if present < math.ceil(needed):
        whole = int(present // _frame_bytes(layout))
        raise UnreadableError(name, f"is cut short: {whole} of {layout.count} frames are complete", EXPORT_AGAIN)
    return Pixels(header, layout, name)


def _layout(dataset: Dataset, syntax: UID, name: str) -> Layout:
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if rows < 1 or columns < 1:
        raise NoFramesError(name, f"its picture has no size ({columns} x {rows} pixels)", EXPORT_AGAIN)
    if rows * columns > MAX_PIXELS:
        raise UnreadableError(name, f"its picture is implausibly large ({columns} x {rows} pixels)", EXPORT_AGAIN)
    allocated = int(dataset.get("BitsAllocated") or 8)
    stored = int(dataset.get("BitsStored") or allocated)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if allocated not in (8, 16) or not 1 <= stored <= allocated or samples not in (1, 3):
        problem = f"{samples} samples of {stored} in {allocated} bits per pixel are not an ultrasound image"
        raise UnreadableError(name, problem, "give the original image")
    photometric = str(dataset.get("PhotometricInterpretation") or "").strip().upper()
    return Layout(
        rows,
        columns,
        samples,
        allocated,
        stored,
        signed=int(dataset.get("PixelRepresentation") or 0) == 1,
        planar=_planar(dataset, syntax),
        photometric=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
        count=max(1, int(number(dataset.get("NumberOfFrames")) or 1)),
    )


def _planar(dataset: Dataset, syntax: UID) -> int:
    """Planar Configuration where it means anything: JPEG streams know their own order, and the tag is often wrong."""
    stored = dataset.get("PlanarConfiguration")
    return int(stored == 1 and (not syntax.is_encapsulated or syntax == RLELossless))


def _codec(syntax: UID, layout: Layout) -> UID:
    """The transfer syntax whose decoder is used: 12-bit JPEG Extended goes through GDCM's JPEG, which reads both."""
    return JPEGLossless if syntax == JPEGExtended12Bit and layout.bits_stored > 8 else syntax


def _half_chroma_checked(layout: Layout, length: int) -> Layout:
    """Some writers say 4:2:2 but store all three samples; the length tells."""
    full = layout.rows * layout.columns * 3 * layout.bits_allocated // 8 * layout.count
    if layout.photometric in HALF_CHROMA and length >= full:
        return Layout(**{**_fields(layout), "photometric": layout.photometric.removesuffix("_422")})
    return layout


def _fields(layout: Layout) -> dict[str, Any]:
    return {name: getattr(layout, name) for name in layout.__dataclass_fields__}


def _frame_bytes(layout: Layout) -> float:
    full = layout.rows * layout.columns * layout.samples * layout.bits_allocated / 8
    return full * 2 / 3 if layout.photometric in HALF_CHROMA else full


def _plugins(pixels: Pixels) -> tuple[str, ...]:
    """Decoders in order of trust; only permissively licensed ones are ever named."""
    syntax = pixels.header.layout
    if syntax == RLELossless:
        return ("pydicom",)
    if syntax in (JPEGLossless, JPEGLosslessSV1) or _codec(syntax, pixels.layout) == JPEGLossless:
        return ("gdcm",)
    if syntax in JPEGLSTransferSyntaxes:
        return ("pyjpegls", "gdcm")
    if syntax in JPEG2000TransferSyntaxes:
        return ("pylibjpeg", "gdcm", "pillow")
    if syntax in JPEGTransferSyntaxes:
        return ("pillow",)
    return ("pylibjpeg",)  # high-throughput JPEG 2000


def _first_that_works(
    decoder: Decoder, data: bytes, options: dict[str, Any], plugins: tuple[str, ...]
) -> tuple[NDArray[Any], dict[str, Any]]:
    for plugin in plugins[:-1]:
        try:
            return decoder.as_array(data, index=0, raw=True, decoding_plugin=plugin, **options)
        except Exception:
            continue
    return decoder.as_array(data, index=0, raw=True, decoding_plugin=plugins[-1], **options)


def is_supported(syntax: UID) -> bool:
    """Whether still pictures in this transfer syntax can be decoded."""
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        return False
    return not syntax.is_encapsulated or bool(decoder.available_plugins)
