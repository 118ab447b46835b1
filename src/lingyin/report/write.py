"""`write_report`: one scan's folder with `report.json`, `report.html`, `overlay.mp4`, from one pass over the frames."""

from __future__ import annotations

from pathlib import Path

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.report.folder import whole_or_nothing
from lingyin.report.page import languages_of, render_page
from lingyin.report.pictures import Pictures, choose_frames
from lingyin.report.schema import report_json
from lingyin.report.video import OverlayVideo


def write_report(analysis: Analysis, clip: Clip, folder: Path, lang: str = "all") -> None:
    """Writes the report of one scan into `folder`, whole or not at all.

    Each frame is decoded once, in order; the page keeps at most 64 of them (all evidence included), the video all.
    Memory use does not grow with the length of the clip.

    Args:
        analysis: study and outlines, as the engine gave them.
        clip: the clip that was analysed.
        folder: made anew, or its earlier report replaced; other files in it are left alone.
        lang: `en`, `zh-Hans`, `zh-Hant`, or `all` three with a switch.

    Raises:
        OutputError: the folder cannot be written; nothing half-written stays.
        UsageError: another language was asked for.
    """
    languages_of(lang)
    chosen = set(choose_frames(analysis.study, analysis.outlines, len(clip)))
    with whole_or_nothing(folder) as building:
        pictures = Pictures(clip, len(chosen))
        with OverlayVideo(building / "overlay.mp4", analysis, clip) as video:
            for index, frame in zip(range(len(clip)), clip.frames, strict=False):
                if index in chosen:
                    pictures.add(index, frame)
                video.add(index, frame)
        (building / "report.html").write_text(render_page(analysis, clip, pictures, lang), encoding="utf-8")
        (building / "report.json").write_bytes(report_json(analysis.study))
