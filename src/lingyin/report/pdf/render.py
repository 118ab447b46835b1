"""From an analysis to the bytes of `report.pdf`: data and pictures beside the template, then one call of Typst."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lingyin.core.clip import Clip
from lingyin.core.paths import packaged
from lingyin.core.study import Analysis
from lingyin.report.pdf.content import pdf_content, picture_name
from lingyin.report.pictures import Pictures

TEMPLATE = "report.typ"


def render_pdf(analysis: Analysis, clip: Clip, pictures: Pictures, frames: Sequence[int], lang: str) -> bytes:
    """The printed report in `lang`, or in all languages one after the other for "all".

    Args:
        analysis: study and outlines.
        clip: the clip that was analysed; only its times are used.
        pictures: JPEG of the frames.
        frames: the key pictures (0-based), each in `pictures`.
        lang: `en`, `zh-Hans`, `zh-Hant` or `all`.

    Returns:
        A PDF of A4 pages with the research-use notice on each; the same bytes for the same analysis.
    """
    import typst

    fonts = packaged("lingyin.report.pdf", "fonts")
    content = pdf_content(analysis, clip, pictures, frames, lang)
    with tempfile.TemporaryDirectory(prefix="lingyin-") as made:
        folder = Path(made)
        (folder / TEMPLATE).write_bytes(packaged("lingyin.report.pdf", TEMPLATE).read_bytes())
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        for frame in frames:
            (folder / picture_name(frame)).write_bytes(pictures.jpeg[frame])
        printed = typst.compile(
            folder / TEMPLATE,
            root=folder,
            font_paths=[fonts],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=datetime.fromisoformat(analysis.study.created),
        )
    assert isinstance(printed, bytes)
    return printed
