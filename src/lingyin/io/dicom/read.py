"""`open_dicom`: a DICOM ultrasound file becomes a `Clip` whose frames are decoded one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import Dataset

from lingyin.core.clip import Clip, Source
from lingyin.core.errors import UnreadableError
from lingyin.io.dicom.colour import to_rgb
from lingyin.io.dicom.header import Header, read_header
from lingyin.io.dicom.kind import check_ultrasound
from lingyin.io.dicom.movie import is_movie, unwrap_movie
from lingyin.io.dicom.pixels import is_supported, open_pixels
from lingyin.io.dicom.regions import read_geometry
from lingyin.io.dicom.timing import frame_times
from lingyin.io.dicom.values import number
from lingyin.io.frames import CachedFrames, DecodedFrames, remove_with
from lingyin.io.guard import decoding
from lingyin.io.video.index import index_video
from lingyin.io.video.read import VideoFrames


def open_dicom(path: Path, name: str | None = None, member: str | None = None) -> Clip:
    """Opens a DICOM file; the first and the last frame are decoded at once, so that damage shows here if it can.

    Args:
        path: the file; read again for every frame.
        name: what errors and `Source.path` call it (a member of an archive lies under another name).
        member: its name inside that archive.

    Raises:
        NotUltrasoundError, NoFramesError, UnreadableError: each names the file and the remedy.
    """
    name = name or str(path)
    shown = f"{name}!{member}" if member else name
    with decoding(shown, "DICOM"):
        header = read_header(path, shown)
        try:
            return _open(header, name, member, shown)
        except BaseException:
            if header.temporary:
                header.path.unlink(missing_ok=True)
            raise


def _open(header: Header, name: str, member: str | None, shown: str) -> Clip:
    dataset = header.dataset
    check_ultrasound(dataset, shown)
    frames, notes = _movie(header, shown) if is_movie(header) else _stills(header, shown)
    height, width = frames[0].shape[:2]
    times, timing_notes = frame_times(dataset, len(frames))
    geometry = read_geometry(dataset, width, height)
    if header.temporary:
        remove_with(frames, header.path)
    return Clip(
        frames=frames,
        times_s=times,
        width=width,
        height=height,
        source=_source(header, name, member, (*notes, *timing_notes, *geometry.notes)),
        regions=geometry.regions,
        pixel_aspect=geometry.pixel_aspect,
    )


def _stills(header: Header, shown: str) -> tuple[CachedFrames, list[str]]:
    if not is_supported(header.layout):
        problem = f"transfer syntax {header.layout.name} is not supported"
        raise UnreadableError(shown, problem, "export it uncompressed (Explicit VR Little Endian)")
    pixels = open_pixels(header, shown)
    convert, notes = to_rgb(pixels, pixels.raw(0))

    def decode(index: int) -> Any:
        with decoding(shown, f"DICOM frame {index}"):
            return convert(*pixels.raw(index))

    frames = DecodedFrames(pixels.layout.count, decode)
    frames[-1]
    return frames, notes


def _movie(header: Header, shown: str) -> tuple[CachedFrames, list[str]]:
    path, demuxer = unwrap_movie(header, shown)
    try:
        index = index_video(path, demuxer, shown)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    frames = VideoFrames(path, demuxer, shown, index)
    remove_with(frames, path)
    announced = int(number(header.dataset.get("NumberOfFrames")) or len(frames))
    differs = f"the file announces {announced} frames, its video holds {len(frames)}"
    return frames, [differs] if announced != len(frames) else []


def _source(header: Header, name: str, member: str | None, notes: tuple[str, ...]) -> Source:
    """What may be kept of the header: no name, number or date of a patient."""
    dataset = header.dataset
    sex = str(dataset.get("PatientSex") or "").strip().upper()
    return Source(
        path=name,
        kind="dicom",
        member=member,
        sop_class_uid=_text(dataset, "SOPClassUID"),
        sop_instance_uid=_text(dataset, "SOPInstanceUID"),
        series_instance_uid=_text(dataset, "SeriesInstanceUID"),
        study_instance_uid=_text(dataset, "StudyInstanceUID"),
        manufacturer=_text(dataset, "Manufacturer"),
        model_name=_text(dataset, "ManufacturerModelName"),
        transfer_syntax_uid=str(header.transfer_syntax),
        patient_sex=sex if sex in ("M", "F") else None,
        notes=notes,
    )


def _text(dataset: Dataset, keyword: str) -> str | None:
    return str(dataset.get(keyword) or "").strip() or None
