"""`write_report`: one scan's folder with page, video, JSON, PDF, DICOM and FHIR, from one pass over the frames."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.report.check import require_true
from lingyin.report.folder import whole_or_nothing
from lingyin.report.hospital import frames_to_keep, stored_jpeg, write_hospital_files
from lingyin.report.outlines import OUTLINES, outlines_file
from lingyin.report.page import languages_of, render_page
from lingyin.report.pictures import THUMBNAIL, Pictures, choose_frames, thumbnail
from lingyin.report.schema import report_json
from lingyin.report.video import OverlayVideo

if TYPE_CHECKING:
    from pydicom import Dataset

    from lingyin.report.dicom.earlier import Earlier

VIDEO = "overlay.mp4"


def write_report(
    analysis: Analysis, clip: Clip, folder: Path, lang: str = "all", *, pdf: bool = True, header: Dataset | None = None
) -> None:
    """Writes the report of one scan into `folder`, whole or not at all.

    Each frame is decoded once, in order; the page keeps at most 64 of them (all evidence included), the video all.
    Memory use does not grow with the length of the clip.

    Args:
        analysis: study and outlines, as the engine gave them.
        clip: the clip that was analysed.
        folder: made anew, or its earlier report replaced; other files in it are left alone.
        lang: `en`, `zh-Hans`, `zh-Hant`, or `all` three: with a switch on the page, one after the other in the PDF.
        pdf: whether to write `report.pdf` and its DICOM object.
        header: patient and study for the DICOM objects; read from the clip's file where it is None.

    Raises:
        OutputError: the folder cannot be written; nothing half-written stays.
        UsageError: another language was asked for.
        ReportError: the report would say what no finding says, or leave one out; nothing is written.
    """
    for each in languages_of(lang):
        require_true(analysis.study, each)
    chosen = set(choose_frames(analysis.study, analysis.outlines, len(clip)))
    kept = frames_to_keep(analysis, clip, chosen)
    stored: dict[int, bytes] = {}
    with whole_or_nothing(folder) as building:
        pictures = Pictures(clip, len(chosen))
        with OverlayVideo(building / VIDEO, analysis, clip) as video:
            for index, frame in zip(range(len(clip)), clip.frames, strict=False):
                if index in chosen:
                    pictures.add(index, frame)
                if index in kept:
                    stored[index] = stored_jpeg(frame)
                video.add(index, frame)
        write_forms(building, analysis, clip, pictures, stored, lang, pdf=pdf, header=header)
    if not pdf:
        (Path(folder) / "report.pdf").unlink(missing_ok=True)  # an earlier one would speak of another analysis


def write_forms(
    building: Path,
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
    """Writes every form but the video into the empty folder `building` (arguments as of `write_hospital_files`)."""
    (building / "report.html").write_text(render_page(analysis, clip, pictures, lang), encoding="utf-8")
    (building / "report.json").write_bytes(report_json(analysis.study))
    (building / OUTLINES).write_bytes(outlines_file(analysis.outlines))
    (building / THUMBNAIL).write_bytes(thumbnail(analysis.study, pictures))
    write_hospital_files(building, analysis, clip, pictures, stored, lang, pdf=pdf, earlier=earlier, header=header)
