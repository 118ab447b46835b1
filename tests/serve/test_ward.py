"""A physician's way through the page in Chromium: drop, read, click, draw, correct, sign, print; and who cannot see it.

Set LINGYIN_SHOTS to a folder to keep pictures of each step.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lingyin.report.reopen import read_study
from lingyin.report.review import problems_of
from tests.serve.conftest import Served
from tests.waiting import until

pytestmark = pytest.mark.slow
KEYS = ["Shift+ArrowLeft"] * 3 + ["Enter"] + ["Shift+ArrowRight"] * 5 + ["Enter"]
GRAVE = {"serious", "critical"}
SHOTS = os.environ.get("LINGYIN_SHOTS")


def shoot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def faults(frame: Any) -> list[str]:
    """Serious accessibility faults of a page or frame, by axe-core."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    frame.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = frame.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{each['id']}: {node['html'][:200]} ({node['failureSummary'][:300]})"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def report_frame(page: Any) -> Any:
    """The frame that shows the report, once it is there."""
    page.frame_locator("#frame").locator("#report").wait_for()
    return next(each for each in page.frames if "/files/report.html" in each.url)


def test_drop_read_click_correct_sign_print(page: Any, site: tuple[Served, str], real_cine: Path) -> None:
    served, url = site
    page.goto(f"{url}#token={served.token}")
    page.wait_for_selector("#desk:not([hidden])")
    page.set_input_files("#files", [str(real_cine)])
    page.wait_for_selector("#rows tr")
    shoot(page, "desk")
    assert faults(page) == []
    page.click('#rows button[data-key^="open"]')
    frame = report_frame(page)

    # a sentence leads to its frame, and the panel follows
    sentence = frame.locator('.words[lang="en"] li.sentence[data-frame]').first
    index, shown = sentence.get_attribute("data-finding"), int(sentence.get_attribute("data-frame"))
    sentence.locator("p").first.click()
    until(lambda: frame.locator("#status").text_content().startswith(f"Frame {shown + 1} of 30"))
    assert frame.locator("#overlay .chosen *").count() > 0, "the outline or box of the evidence is drawn"
    until(lambda: page.input_value("#review-pick") == index)
    shoot(page, "study")
    assert faults(page) == []
    assert faults(frame) == []

    # a caliper drawn by keys alone is read in millimetres
    frame.locator('.controls[lang="en"] button[data-do="measure"]').click()
    for key in KEYS:
        page.keyboard.press(key)
    until(lambda: re.fullmatch(r"Distance 1: \d+\.\d\smm", frame.locator("#chosen").text_content() or "") is not None)

    # one finding is doubted, one is added
    organ = page.locator("#review-pick option").nth(1).get_attribute("value")
    page.select_option("#review-pick", organ)
    name = page.locator("#review-pick option:checked").text_content()
    page.select_option("#review-certainty", "unsure")
    page.click("#review-apply")
    page.click("#review-add")
    page.fill("#add-name", "heart rate")
    page.fill("#add-value", "72")
    page.click("#add-yes")
    until(lambda: page.locator("#review-edits li").count() == 2)
    assert name in page.text_content("#review-edits")
    page.click("#close")
    assert page.is_visible("#review-problem"), "corrections are not dropped without a word"
    page.fill("#sign-name", "Dr Wang 王")
    page.fill("#sign-comment", "Seen with the patient.")
    shoot(page, "edited")
    page.click("#sign-yes")
    until(lambda: "Signed by Dr Wang 王" in page.text_content("#review-status"))
    frame = report_frame(page)
    until(lambda: "Signed by Dr Wang 王" in frame.locator("#report").inner_text())
    assert "Heart rate: 72 per minute" in frame.locator("#report").inner_text().replace("\u00a0", " ")
    shoot(page, "signed")
    (key,) = served.app.state.parts.reviews.signed()
    assert problems_of(read_study(served.settings.reports / key)) == []

    # the PDF says the same
    page.click("#files-menu summary")
    with page.expect_download() as loading:
        page.click('#study-files a:text-is("report.pdf")')
    printed = Path(loading.value.path())
    assert printed.read_bytes()[:5] == b"%PDF-"
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", str(printed), "-"], capture_output=True, text=True, check=True).stdout
        assert "Dr Wang 王" in text
        assert "72" in text

    # back at the desk: signed, and the month's agreement
    page.click("#files-menu summary")
    page.click("#close")
    page.wait_for_selector("#agreement-rows tr")
    shoot(page, "agreement")
    for lang in ("zh-Hans", "zh-Hant"):
        page.click(f'[data-choose="{lang}"]')
        assert faults(page) == [], lang
        page.click('#rows button[data-key^="open"]')
        frame = report_frame(page)
        until(lambda frame=frame, lang=lang: frame.evaluate("document.documentElement.lang") == lang)
        assert "72" in frame.locator(f'.body .words[lang="{lang}"]').inner_text()
        assert faults(page) == [], lang
        assert faults(frame) == [], lang
        shoot(page, f"study-{lang}")
        page.click("#close")
        page.wait_for_selector("#desk:not([hidden])")


def test_caliper_and_outline_drawn_by_hand_become_the_report(
    page: Any, site: tuple[Served, str], tmp_path: Path
) -> None:
    from tests.serve.test_review import DIAMETER, aorta

    served, url = site
    earlier = served.upload(aorta(tmp_path, "earlier.dcm", "20240301", 44.0)).json()["studies"][0]["id"]
    key = served.upload(aorta(tmp_path, "aorta.dcm", "20250301", 47.0)).json()["studies"][0]["id"]
    served.ended(key)
    page.goto(f"{url}#token={served.token}")
    page.click(f'#rows button[data-key="open-{key}"]')
    frame = report_frame(page)
    told = frame.locator("#report").inner_text().replace("\u00a0", " ")
    assert "Compared with the study of 2024-03-01, 365 days earlier." in told
    page.select_option("#prior", earlier)
    beside = page.frame_locator("#prior-frame")
    beside.locator("#report").wait_for()
    assert "earlier.dcm" in beside.locator("h1").inner_text()
    shoot(page, "beside")
    page.select_option("#prior", "")
    assert page.is_hidden("#prior-frame")
    frame.locator('.summary section[lang="en"] li.sentence[data-frame] p').first.click()
    until(lambda: "diameter" in page.locator("#review-pick option:checked").text_content())
    page.click("#review-caliper")
    until(lambda: frame.evaluate("document.activeElement.id") == "overlay")
    for each in KEYS:
        page.keyboard.press(each)
    until(lambda: "Caliper on frame" in page.text_content("#review-drawn"))
    told = float(re.search(r"([\d.]+)\smm", page.text_content("#review-drawn"))[1])
    page.click("#review-apply")
    shoot(page, "caliper")
    structure = next(
        each
        for each in page.locator("#review-pick option").all_text_contents()
        if "outer wall" in each or "lumen of the" in each
    )
    page.select_option("#review-pick", label=structure)
    page.click("#review-outline")
    box = frame.locator("#overlay").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 50)
    page.mouse.down()
    for dx, dy in ((0, -60), (60, -50), (70, 0), (60, 50), (0, 60), (-60, 50), (-70, 0), (-65, -30)):
        page.mouse.move(x + dx, y + dy, steps=6)
    page.mouse.up()
    until(lambda: "Outline on frame" in page.text_content("#review-drawn"))
    page.click("#review-apply")
    page.fill("#sign-name", "Dr Li")
    page.click("#sign-yes")
    until(lambda: "Signed by Dr Li" in page.text_content("#review-status"))
    shoot(page, "outline")
    study = read_study(served.settings.reports / key)
    diameter = next(each for each in study.findings if each.code == DIAMETER)
    assert diameter.value == pytest.approx(told, abs=0.06)
    assert diameter.certainty == "present"
    drawn = [
        each for one in study.findings for each in one.evidence if each.kind == "mask" and "outline" not in each.label
    ]
    assert any(len(polygon) > 20 for each in drawn for polygon in each.polygons)


def test_phone_shows_everything_without_scrolling_sideways(page: Any, site: tuple[Served, str], picture: bytes) -> None:
    served, url = site
    served.ended(served.upload(("phone.png", picture)).json()["studies"][0]["id"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{url}#token={served.token}")
    page.click('#rows button[data-key^="open"]')
    frame = report_frame(page)
    for each in (page, frame):
        assert each.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "phone-study")
    page.locator("#sign-form").scroll_into_view_if_needed()
    shoot(page, "phone-sign")
    assert faults(page) == []
