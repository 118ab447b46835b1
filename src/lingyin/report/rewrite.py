"""A report written anew after its study changed (signed, corrected, compared): every form, from its own folder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from lingyin.core.clip import Clip
from lingyin.core.errors import LingyinError
from lingyin.core.study import Analysis
from lingyin.io import open_clip
from lingyin.report.check import require_true
from lingyin.report.dicom.earlier import Earlier, read_earlier
from lingyin.report.folder import whole_or_nothing
from lingyin.report.hospital import stored_jpeg
from lingyin.report.page import languages_of
from lingyin.report.pictures import evidence_frames
from lingyin.report.reopen import Reopened
from lingyin.report.video import OverlayVideo
from lingyin.report.write import VIDEO, write_forms

ALIKE = 6.0  # grey levels that JPEG may take from a frame, on average


def rewrite_report(before: Reopened, after: Analysis) -> None:
    """Replaces the report that `before` was read from by one that says what `after` says, whole or not at all.

    Frames come from the page. The video is drawn anew where its calipers or outlines would no longer be true: from the
    scan where that is still in its place, else from the page where that holds every frame, else it is removed.

    Raises:
        InputError: the DICOM objects of the earlier report are missing or damaged.
        OutputError: the folder cannot be written; nothing half-written stays.
        ReportError: the report would say what no finding says, or leave one out; nothing is written.
    """
    for each in languages_of(before.lang):
        require_true(after.study, each)
    earlier = read_earlier(before.folder)
    redraw = _drawn_otherwise(before.analysis, after)
    frames = _frames_for_video(before) if redraw else None
    with whole_or_nothing(before.folder) as building:
        if frames is not None:
            with OverlayVideo(building / VIDEO, after, frames) as video:
                for index, frame in zip(range(len(frames)), frames.frames, strict=False):
                    video.add(index, frame)
        stored = _stored(before, after, earlier)
        write_forms(
            building, after, before.clip, before.pictures, stored, before.lang, pdf=before.has_pdf, earlier=earlier
        )
    if redraw and frames is None:
        (before.folder / VIDEO).unlink(missing_ok=True)


def _drawn_otherwise(before: Analysis, after: Analysis) -> bool:
    """Whether anything that the video shows has changed: outlines, evidence, values beside calipers."""

    def shown(analysis: Analysis) -> list[object]:
        return [(each.code, each.value, each.unit, each.evidence) for each in analysis.study.findings]

    return before.outlines != after.outlines or shown(before) != shown(after)


def _frames_for_video(before: Reopened) -> Clip | None:
    try:
        clip = open_clip(Path(before.clip.source.path), member=before.clip.source.member)
    except (LingyinError, OSError):
        return before.clip if before.whole else None
    if _is_same(clip, before):
        return clip
    return before.clip if before.whole else None


def _is_same(clip: Clip, before: Reopened) -> bool:
    """Whether a file is the scan of the report: another one may lie under the same name by now."""
    sizes = [(len(each), each.width, each.height) for each in (clip, before.clip)]
    if sizes[0] != sizes[1] or clip.source.sop_instance_uid != before.clip.source.sop_instance_uid:
        return False
    first = min(before.pictures.jpeg)
    try:
        shown = before.pictures.display.picture(clip.frames[first]).astype(np.int16)
    except (LingyinError, OSError):
        return False
    return float(np.abs(shown - before.clip.frames[first]).mean()) < ALIKE


def _stored(before: Reopened, after: Analysis, earlier: Earlier) -> dict[int, bytes]:
    """Frames at stored size for the objects of a source that is no DICOM instance: those kept, and new evidence."""
    if earlier.has_source:
        return {}
    stored = dict(earlier.frames)
    size = (before.clip.width, before.clip.height)
    for frame in evidence_frames(after.study):
        if frame not in stored:
            picture = cv2.resize(before.clip.frames[frame], size, interpolation=cv2.INTER_CUBIC)
            stored[frame] = stored_jpeg(np.ascontiguousarray(picture, np.uint8))
    return stored
