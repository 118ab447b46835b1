"""The forms in which hospitals read a report: PDF, DICOM objects and a FHIR bundle, made side by side."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from lingyin.core.clip import Clip, Frame
from lingyin.core.study import Analysis
from lingyin.report.page import choose_key_frames
from lingyin.report.pictures import Pictures, evidence_frames

if TYPE_CHECKING:
    from pydicom import Dataset

    from lingyin.report.dicom.earlier import Earlier


def frames_to_keep(analysis: Analysis, clip: Clip, chosen: set[int]) -> set[int]:
    """Frames whose stored pixels the results will need: evidence, and the frame that stands in for it where none is.

    None where the source is a DICOM instance of its own, to which results refer directly. `chosen` are the frames of
    the page.
    """
    from lingyin.report.dicom.source import is_instance

    if is_instance(clip.source):
        return set()
    middle = sorted(chosen)[len(chosen) // 2 :][:1]
    wanted = (*evidence_frames(analysis.study), *analysis.study.clip.key_frames[:1], *middle)
    return {frame for frame in wanted if frame < len(clip)}


def stored_jpeg(frame: Frame) -> bytes:
    """A frame `(H, W, 3)` RGB at its stored size, hardly changed."""
    from lingyin.report.dicom.capture import to_jpeg
    from lingyin.report.dicom.evidence import QUALITY

    return to_jpeg(frame, QUALITY)


def write_hospital_files(
    folder: Path,
    analysis: Analysis,
    clip: Clip,
    pictures: Pictures,
    stored: Mapping[int, bytes],
    lang: str,
    *,
    pdf: bool,
    earlier: Earlier | None = None,
    header: Dataset | None = None,
) -> None:
    """Writes `report.pdf` (unless `pdf` is False), `dicom/` and `fhir.json` into `folder`.

    Args:
        folder: an existing folder.
        analysis: study and outlines.
        clip: the clip that was analysed; its frames are not read again.
        pictures: the frames of the page as JPEG.
        stored: what `frames_to_keep` asked for, as `stored_jpeg`.
        lang: language of the PDF and of the sentences in the bundle.
        pdf: whether to print at all.
        earlier: the objects that these replace, if any.
        header: patient and study, where the clip's own file does not tell them.
    """
    from lingyin.report.dicom import Objects
    from lingyin.report.fhir import Origin, fhir_bundle
    from lingyin.report.pdf import render_pdf

    study = analysis.study
    frames = choose_key_frames(study, pictures)
    # Typst works outside the interpreter's lock: printing costs nearly nothing beside the objects.
    with ThreadPoolExecutor(1) as pool:
        printing = pool.submit(render_pdf, analysis, clip, pictures, frames, lang) if pdf else None
        objects = Objects(analysis, clip, stored, earlier, header)
        (folder / "dicom").mkdir()
        objects.write(folder / "dicom", pictures, frames)
        printed = None if printing is None else printing.result()
    if printed is not None:
        (folder / "report.pdf").write_bytes(printed)
        objects.write_pdf(folder / "dicom", printed)
    origin = Origin.of(objects.context.header) if objects.has_source else None
    (folder / "fhir.json").write_bytes(fhir_bundle(study, origin, printed, lang, objects.context.seed))
