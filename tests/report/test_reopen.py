"""A report folder read back without its scan, and what is said of one that is damaged."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from lingyin.core.errors import InputError
from lingyin.report.reopen import Held, read_study, reopen
from tests.report.builders import aneurysm


def jpeg(grey: int) -> bytes:
    return cv2.imencode(".jpg", np.full((8, 8, 3), grey, np.uint8))[1].tobytes()


def test_a_frame_that_is_not_held_is_the_nearest_one() -> None:
    frames = Held({10: jpeg(200), 2: jpeg(40)}, 12)
    assert [round(float(each.mean()), -1) for each in frames] == [40.0] * 7 + [200.0] * 5
    assert len(frames) == 12


def test_everything_but_the_scan_comes_back(written: Path) -> None:
    analysis, clip = aneurysm()
    found = reopen(written)
    assert found.whole
    assert found.lang == "all"
    assert found.has_pdf == (written / "report.pdf").is_file()
    assert found.analysis.study.findings == analysis.study.findings
    assert found.analysis.outlines.keys() == analysis.outlines.keys()
    assert (found.clip.width, found.clip.height, found.clip.pixel_aspect) == (clip.width, clip.height, 1.0)
    assert found.clip.times_s == pytest.approx(clip.times_s, abs=1e-3)
    assert np.abs(found.clip.frames[6].astype(int) - clip.frames[6]).mean() < 6


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r'id="data">', 'id="other">'),
        (r'id="key-\d+"', 'id="none"'),
        (r'(id="data">)\{', r"\1"),
    ],
)
def test_a_damaged_page_is_named(written: Path, tmp_path: Path, pattern: str, replacement: str) -> None:
    for name in ("report.json", "report.html"):
        shutil.copy(written / name, tmp_path)
    page = tmp_path / "report.html"
    reopen(tmp_path)
    changed, times = re.subn(pattern, replacement, page.read_text(encoding="utf-8"))
    assert times
    page.write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match=r"report\.html.*damaged"):
        reopen(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), ("{}", "is no report .program"), ("no JSON", "is no report")]
)
def test_what_is_no_report_is_told_with_its_reason(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_study(tmp_path)
