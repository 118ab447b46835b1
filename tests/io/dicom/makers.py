"""Small DICOM files for the tests: any photometric interpretation, any transfer syntax that can be written here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

PLUGINS = {JPEGLSLossless: "pyjpegls", JPEG2000Lossless: "pylibjpeg", RLELossless: "pydicom"}


def scene(count: int = 1, *, height: int = 32, width: int = 48, samples: int = 3, bits: int = 8, seed: int = 0) -> Any:
    """Frames `(T, H, W[, 3])`: a colour ramp with speckle and a corner mark, so that no turn or swap goes unseen."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    top = (1 << bits) - 1
    base = np.stack([x / width, y / height, 1 - (x + y) / (width + height)], axis=-1)[..., :samples]
    frames = base[None] * np.linspace(0.6, 0.9, count)[:, None, None, None] + rng.normal(0, 0.02, (count, *base.shape))
    frames[:, :3, :5, 0] = 1.0
    whole = np.clip(frames * top, 0, top).astype(np.uint8 if bits <= 8 else np.uint16)
    return whole if samples == 3 else whole[..., 0]


def dataset(frames: NDArray[Any], photometric: str = "RGB", planar: int = 0, **tags: Any) -> FileDataset:
    """An uncompressed ultrasound multi-frame image of `(T, H, W)` or `(T, H, W, 3)` samples; `tags` by keyword."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("made", {}, file_meta=meta, preamble=bytes(128))
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Doe^Jane", "4711", "19700101", "F"
    made.Modality, made.Manufacturer, made.ManufacturerModelName = "US", "Made", "Model"
    made.Rows, made.Columns, made.NumberOfFrames = frames.shape[1], frames.shape[2], len(frames)
    made.SamplesPerPixel = 1 if frames.ndim == 3 else 3
    made.PhotometricInterpretation = photometric
    made.BitsAllocated = made.BitsStored = 8 * frames.dtype.itemsize
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, int(frames.dtype.kind == "i")
    if frames.ndim == 4:
        made.PlanarConfiguration = planar
        frames = frames.transpose(0, 3, 1, 2) if planar else frames
    made.FrameIncrementPointer, made.FrameTime = 0x00181063, 40.0
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    data = np.ascontiguousarray(frames).tobytes()
    made.PixelData = data + bytes(len(data) % 2)
    made["PixelData"].VR = "OB" if frames.dtype.itemsize == 1 else "OW"
    return made


def write(made: Dataset, path: Path, syntax: UID = ExplicitVRLittleEndian) -> Path:
    """Writes in a transfer syntax; compression is lossless. JPEG lossless goes through GDCM."""
    if syntax in (JPEGLossless, JPEGLosslessSV1):
        return _through_gdcm(made, path, syntax)
    if syntax in PLUGINS:
        planar = made.get("PlanarConfiguration", 0)
        if planar:
            shape = (made.NumberOfFrames, 3, made.Rows, made.Columns)
            samples = np.frombuffer(made.PixelData, f"u{made.BitsAllocated // 8}")[: int(np.prod(shape))].reshape(shape)
            made.PixelData, made.PlanarConfiguration = samples.transpose(0, 2, 3, 1).tobytes(), 0
        made.compress(syntax, encoding_plugin=PLUGINS[syntax], generate_instance_uid=False)
        if made.SamplesPerPixel == 3:
            made.PlanarConfiguration = planar
    elif syntax == ExplicitVRBigEndian:
        if made.BitsAllocated == 16:
            made.PixelData = np.frombuffer(made.PixelData, "<u2").astype(">u2").tobytes()
        made.file_meta.TransferSyntaxUID = syntax
    else:
        made.file_meta.TransferSyntaxUID = syntax
    dcmwrite(
        path,
        made,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return path


def _through_gdcm(made: Dataset, path: Path, syntax: UID) -> Path:
    import gdcm

    plain = write(made, path.with_suffix(".plain"))
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    process = gdcm.TransferSyntax.GetTSType(str(syntax))
    change.SetTransferSyntax(gdcm.TransferSyntax(process))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    plain.unlink()
    return path


def write_jpeg(
    frames: NDArray[np.uint8], path: Path, photometric: str, subsampling: str = "4:4:4", **tags: Any
) -> Path:
    """JPEG baseline of RGB or grey frames, coded by Pillow as YCbCr (or as RGB, where the photometric says so)."""
    made = dataset(frames, photometric)
    coded = []
    for frame in frames:
        buffer = io.BytesIO()
        keep = {"keep_rgb": True} if photometric == "RGB" else {}
        Image.fromarray(frame).save(buffer, "JPEG", quality=95, subsampling=subsampling, **keep)
        coded.append(buffer.getvalue())
    return write_coded(made, coded, path, JPEGBaseline8Bit)


def write_coded(made: Dataset, coded: list[bytes], path: Path, syntax: str, **options: Any) -> Path:
    """Encapsulates frames that are compressed already; `options` go to `pydicom.encaps.encapsulate`."""
    made.PixelData = encapsulate(coded, **options)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = UID(syntax)
    made.save_as(path, enforce_file_format=True)
    return path


def as_ybr(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(convert_color_space(frames, "RGB", "YBR_FULL"), np.uint8)


def as_rgb(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(convert_color_space(frames, "YBR_FULL", "RGB"), np.uint8)


def palette(made: Dataset, bits: int = 8, first: int = 0, entries: int = 256) -> NDArray[np.uint8]:
    """Adds a colour palette; returns its `(entries, 3)` colours."""
    ramp = np.linspace(0, 255, entries).astype(int)
    colours = np.stack([ramp, ramp[::-1], (ramp * 7) % 256], axis=1).astype(np.uint8)
    for name, column in zip(("Red", "Green", "Blue"), colours.T, strict=True):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [entries % 65536, first, bits])
        data = column.tobytes() if bits == 8 else (column.astype("<u2") * 257).tobytes()
        setattr(made, f"{name}PaletteColorLookupTableData", data)
    return colours


def psnr(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Peak signal to noise ratio of 8-bit pictures, dB."""
    error = np.mean((np.asarray(a, float) - np.asarray(b, float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))
