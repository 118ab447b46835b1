"""De-identifies whole scans: a DICOM file, video or picture in, one file of the same kind without identifiers out."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import cv2
import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from lingyin.core.clip import Box, Clip, Frame, Mask, RegionKind
from lingyin.core.errors import OutputError, UnreadableError
from lingyin.core.files import REMEDY, write_file
from lingyin.curate.deidentify import deidentify_header, method_code, patient_of
from lingyin.curate.pixeltext import FindText, checked_frames, fill_text, text_within
from lingyin.curate.pseudonyms import Pseudonyms
from lingyin.io import ScanRef, open_clip
from lingyin.io.dicom.header import read_header
from lingyin.io.sector import find_sector

_PIXELS = 0x7FE00010
_KEPT_REGIONS = (RegionKind.SPECTRAL, RegionKind.M_MODE)  # beside the sector: they are measured in
_CLOCK = Fraction(1, 60_000)
_IMPLEMENTATION = "2.25.121297423617839042375106120716353463657"


@dataclass(frozen=True)
class Cleaned:
    """What became of one scan: the name of the new file, frames, and boxes of text that were filled within it."""

    file: str
    kind: str
    frames: int
    boxes: tuple[Box, ...]


def clean_scan(
    ref: ScanRef,
    out: Path,
    pseudonyms: Pseudonyms,
    find_text: FindText | None = None,
    *,
    keep_characteristics: bool = False,
) -> Cleaned:
    """Writes one scan without identifiers into the folder `out`, under a name that tells nothing.

    DICOM becomes uncompressed DICOM, a video lossless FFV1 in Matroska with the same times, a picture PNG; a known
    spacing goes into a sidecar. Everything outside the scan sector and outside Doppler and M-mode strips is black in
    all frames; text inside is looked for in five frames and in the brightest values of all frames together.

    Raises:
        InputError: the scan cannot be read, or lies in an archive.
        OutputError: the result cannot be written.
        UsageError: `find_text` is None and the extra `curate` is not installed.
    """
    if ref.member is not None:
        raise UnreadableError(
            f"{ref.path}!{ref.member}", "lies in an archive", "unpack the archive and give its folder"
        )
    clip = open_clip(ref.path)
    kept, boxes = _what_to_keep(clip, find_text)
    frames = (fill_text(frame, kept, boxes) for frame in clip.frames)
    if clip.source.kind == "dicom":
        name = _write_dicom(ref.path, clip, frames, out, pseudonyms, keep_characteristics)
    else:
        digest = hashlib.sha256(ref.path.read_bytes()).hexdigest()
        stem = pseudonyms.name(digest, "file")
        name = (
            _write_video(out, stem, clip, frames) if clip.source.kind == "video" else _write_picture(out, stem, frames)
        )
        _write_spacing(out / f"{name}.json", clip)
    return Cleaned(name, clip.source.kind, len(clip), tuple(boxes))


def _what_to_keep(clip: Clip, find_text: FindText | None) -> tuple[Mask, list[Box]]:
    """The part of the screen that stays (H, W), and boxes of text in it."""
    numbers = checked_frames(len(clip))
    shown = [clip.frames[number] for number in numbers[:-1]]
    brightest = np.zeros((clip.height, clip.width, 3), np.uint8)
    for frame in clip.frames:
        np.maximum(brightest, frame, out=brightest)
    kept = find_sector([*shown, brightest]).mask.copy()
    for region in clip.regions:
        if region.kind in _KEPT_REGIONS:
            box = region.box
            kept[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] = True
    return kept, text_within([*shown, brightest], kept, find_text)


def _write_dicom(
    path: Path, clip: Clip, frames: Iterator[Frame], out: Path, pseudonyms: Pseudonyms, keep_characteristics: bool
) -> str:
    header = read_header(path, str(path))
    try:
        dataset = deidentify_header(header.dataset, pseudonyms, keep_characteristics=keep_characteristics)
        patient = patient_of(header.dataset)
    finally:
        if header.temporary:
            header.path.unlink(missing_ok=True)
    dataset.BurnedInAnnotation = "NO"
    dataset.DeidentificationMethodCodeSequence.append(method_code("113101"))
    uid = UID(pseudonyms.uid(str(clip.source.sop_instance_uid or hashlib.sha256(path.read_bytes()).hexdigest())))
    dataset.SOPInstanceUID = uid
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = UID(_IMPLEMENTATION)
    name = f"{pseudonyms.name(patient)}-{pseudonyms.name(uid, 'file')[3:]}.dcm"
    with tempfile.TemporaryFile() as pixels:
        colour = _spool(pixels, frames)
        _describe_pixels(dataset, clip, colour)
        if not colour:
            _drop_colour(pixels)
        if pixels.seek(0, os.SEEK_END) % 2:
            pixels.write(b"\0")
        pixels.seek(0)
        dataset.add_new(_PIXELS, "OB", pixels)
        _save(dataset, out / name)
    return name


def _spool(pixels: IO[bytes], frames: Iterator[Frame]) -> bool:
    """Writes RGB frames one after another; True if any pixel has a colour."""
    colour = False
    for frame in frames:
        colour = colour or bool((frame[..., :1] != frame).any())
        pixels.write(np.ascontiguousarray(frame).tobytes())
    return colour


def _drop_colour(pixels: IO[bytes]) -> None:
    """Leaves one of three equal samples, in place."""
    source = target = 0
    chunk = 3 << 20
    while True:
        pixels.seek(source)
        data = pixels.read(chunk)
        if not data:
            break
        source += len(data)
        pixels.seek(target)
        target += pixels.write(data[::3])
    pixels.truncate(target)


def _describe_pixels(dataset: Dataset, clip: Clip, colour: bool) -> None:
    """The Image Pixel module (PS3.3 C.7.6.3) of what was written."""
    dataset.Rows, dataset.Columns = clip.height, clip.width
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    if colour:
        dataset.PlanarConfiguration = 0
    elif "PlanarConfiguration" in dataset:
        del dataset.PlanarConfiguration
    if len(clip) > 1 or "NumberOfFrames" in dataset:
        dataset.NumberOfFrames = len(clip)


def _save(dataset: Dataset, path: Path) -> None:
    """Writes a DICOM file so that it appears whole or not at all, whatever its size."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        dcmwrite(part, dataset, enforce_file_format=True)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(path, f"cannot be written ({error.strerror or error})", REMEDY) from error


def _write_picture(out: Path, stem: str, frames: Iterator[Frame]) -> str:
    name = f"{stem}.png"
    write_file(out / name, cv2.imencode(".png", cv2.cvtColor(next(frames), cv2.COLOR_RGB2BGR))[1].tobytes())
    return name


def _write_video(out: Path, stem: str, clip: Clip, frames: Iterator[Frame]) -> str:
    name = f"{stem}.mkv"
    with tempfile.NamedTemporaryFile(suffix=".mkv") as made:
        with av.open(made.name, "w") as container:
            stream = container.add_stream("ffv1", rate=30)
            stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "bgr0"
            stream.codec_context.time_base = _CLOCK
            for frame, time in zip(frames, clip.times_s, strict=True):
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgr0")
                picture.pts, picture.time_base = round(float(time) / _CLOCK), _CLOCK
                container.mux(stream.encode(picture))
            container.mux(stream.encode())
        write_file(out / name, Path(made.name).read_bytes())
    return name


def _write_spacing(path: Path, clip: Clip) -> None:
    """A sidecar where the size of a pixel is known."""
    known = next((region for region in clip.regions if region.is_calibrated), None)
    if known is not None:
        sizes = {"mm_per_px_x": known.mm_per_px_x, "mm_per_px_y": known.mm_per_px_y}
        write_file(path, (json.dumps(sizes) + "\n").encode())
