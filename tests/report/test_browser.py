"""The page in a real browser: the script runs under its own policy, and a click on a sentence shows its evidence.

Skipped where Chromium is not installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lingyin.report import write_report
from tests.report.builders import aneurysm

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OFFLINE = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=3000",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


def browse(page: Path, profile: Path, fragment: str = "", *extra: str) -> str:
    """The page's DOM after its scripts have run."""
    done = subprocess.run(
        [str(CHROMIUM), *OFFLINE, f"--user-data-dir={profile}", *extra, "--dump-dom", f"file://{page}#{fragment}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_hand(page: str, actions: str) -> str:
    """The page with a script that acts as a user would; only a test may lift the page's own policy for that."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    return page.replace("</body>", f"<script>{actions}</script></body>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("browser") / "aorta"
    write_report(*aneurysm(), out)
    return out


def test_script_runs_under_the_page_s_policy_and_the_fragment_chooses_the_language(
    folder: Path, tmp_path: Path
) -> None:
    dom = browse(folder / "report.html", tmp_path, "zh-Hant")
    assert '<html lang="zh-Hant" class="scripted">' in dom
    assert "超音波報告 · aorta.dcm</title>" in dom
    assert re.search(r'<output id="status"[^>]*>第 7 影格，共 30 影格，0.20 秒</output>', dom)


def test_click_on_a_sentence_shows_its_frame_outline_and_value(folder: Path, tmp_path: Path) -> None:
    actions = """
      document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
      document.body.dataset.stepped = document.getElementById("status").textContent;
      document.querySelector('li.sentence[data-finding="1"] p').click();
    """
    page = folder / "clicked.html"
    page.write_text(with_hand((folder / "report.html").read_text(encoding="utf-8"), actions), encoding="utf-8")
    dom = browse(page, tmp_path)
    assert 'data-stepped="Frame 8 of 30, 0.23 s"' in dom
    assert re.search(r'<output id="status"[^>]*>Frame 7 of 30', dom)
    overlay = dom.partition('id="overlay"')[2].partition("</section>")[0]
    chosen = overlay.partition('<g class="chosen">')[2]
    assert 'class="ink caliper"' in chosen
    assert "47.2&nbsp;mm</text>" in overlay
    assert re.search(r'<li[^>]*data-finding="1"[^>]*aria-current="true"', dom)
    assert 'aria-live="polite">Abdominal aortic diameter 47.2' in dom


def test_outlines_switch_off_language_switches_and_the_clip_plays(folder: Path, tmp_path: Path) -> None:
    actions = """
      document.querySelector('[data-choose="zh-Hans"]').click();
      document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "o", bubbles: true}));
      document.body.dataset.drawn = document.getElementById("overlay").childElementCount;
      document.querySelector('[data-lang="zh-Hans"] [data-do="play"]').click();
      setTimeout(() => { document.body.dataset.at = document.querySelector("input[data-do=seek]").value; }, 700);
    """
    page = folder / "played.html"
    page.write_text(with_hand((folder / "report.html").read_text(encoding="utf-8"), actions), encoding="utf-8")
    dom = browse(page, tmp_path)
    assert '<html lang="zh-Hans"' in dom
    assert 'data-drawn="0"' in dom
    at = re.search(r'data-at="(\d+)"', dom)
    assert at
    assert int(at.group(1)) != 6
    assert "暂停</button>" in dom


def test_picture_of_the_page_is_not_blank(folder: Path, tmp_path: Path) -> None:
    import cv2

    shot = tmp_path / "shot.png"
    browse(folder / "report.html", tmp_path / "profile", "en", f"--screenshot={shot}", "--window-size=1200,900")
    picture = cv2.imread(str(shot))
    assert picture is not None
    right = picture[120:500, 640:1160]
    assert right.std() > 20, "the viewer shows the frame"
