"""The page in Chromium, as a clinician uses it: link, upload, live progress, worklist, report; in three languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serve.conftest import Served
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_link_upload_progress_worklist_report(page: Any, site: tuple[Served, str], real_cine: Path) -> None:
    served, url = site
    page.goto(f"{url}#token={served.token}")
    page.wait_for_selector("#desk:not([hidden])")
    assert page.url == url, "the token does not stay in the address"
    page.set_input_files("#files", [str(real_cine)])
    page.wait_for_selector("#waiting progress")
    page.wait_for_selector("#rows tr")
    assert page.text_content("#rows th") == real_cine.name
    assert page.text_content("#rows td:nth-child(4)") == "heart"
    until(lambda: page.evaluate("document.querySelector('#rows img').naturalWidth") > 20)
    page.focus('#rows button[data-key^="open"]')
    page.keyboard.press("Enter")
    frame = page.frame_locator("#frame")
    frame.locator("#impression-en").wait_for()
    assert frame.locator('li.sentence[aria-current="true"]').count() == 0
    frame.locator("li.sentence[data-frame] button.evidence").first.click()
    assert frame.locator('li.sentence[aria-current="true"]').count() > 0, "the report's own script runs"
    assert page.evaluate("document.getElementById('frame').contentDocument") is None, "in an origin of its own"
    page.click("#files-menu summary")
    with page.expect_download() as loading:
        page.click('#study-files a:text-is("report.json")')
    assert b'"research_use_only"' in Path(loading.value.path()).read_bytes()
    with page.context.expect_page() as opening:
        page.click("#tab")
    opening.value.wait_for_selector("#impression-en")
    assert opening.value.evaluate("window.origin") == "null", "in a tab too"
    opening.value.close()
    page.keyboard.press("Escape")
    if page.is_visible("#study"):
        page.click("#close")  # the key went to the report
    page.wait_for_selector("#desk:not([hidden])")
    assert str(page.evaluate("document.activeElement.dataset.key")).startswith("open-"), "back where one was"
    page.click("#logout")
    page.wait_for_selector("#login:not([hidden])")
    page.reload()
    page.wait_for_selector("#login:not([hidden])")


@pytest.mark.parametrize(("lang", "title"), [("zh-Hans", "工作列表"), ("zh-Hant", "工作列表"), ("en", "Worklist")])
def test_languages_dark_and_phone(page: Any, site: tuple[Served, str], picture: bytes, lang: str, title: str) -> None:
    served, url = site
    name = "a-rather-long-name-of-a-file-from-the-scanner-in-room-4.png"
    served.ended(served.upload((name, picture)).json()["studies"][0]["id"])
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{url}#token={served.token}")
    page.wait_for_selector("#rows tr")
    page.click(f'[data-choose="{lang}"]')
    assert page.text_content("h1") == title
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 22, 27)"
    page.reload()
    page.wait_for_selector("#rows tr")
    assert page.evaluate("document.documentElement.lang") == lang, "the choice is kept"


def test_wrong_token_refusal_and_delete(page: Any, site: tuple[Served, str], picture: bytes, tmp_path: Path) -> None:
    served, url = site
    page.goto(f"{url}#token=wrong")
    page.wait_for_selector("#login-wrong:not([hidden])")
    page.fill("#token", f"{url}#token={served.token}")
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk:not([hidden])")
    letter, scan = tmp_path / "letter.txt", tmp_path / "<img src=x onerror=alert(1)>.png"
    letter.write_text("Dear colleague")
    scan.write_bytes(picture)
    page.set_input_files("#files", [str(letter), str(scan)])
    page.wait_for_selector("#uploads li.failed")
    assert "is no scan" in page.text_content("#uploads li.failed .said")
    page.wait_for_selector("#rows tr")
    assert page.text_content("#rows th") == scan.name
    page.click('#rows button[data-key^="delete"]')
    page.click("#sure-yes")
    page.wait_for_selector("#rows tr", state="detached")
    assert served.client.get("/studies").json()["total"] == 0
